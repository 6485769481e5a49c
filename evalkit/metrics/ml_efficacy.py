"""Machine-learning efficacy: do models that learned from generated rows foretell real ones as well as those of real rows do?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Table
from evalkit.core.seeds import derive_seed, generator
from evalkit.metrics.prediction import Task, answers, by_frequency, skill, tasks
from evalkit.metrics.table_columns import Array, ColumnValues, columns_of
from evalkit.statistics.influence import Estimate
from evalkit.statistics.splitting import learning_influences

Rows = NDArray[np.intp]

_FEWEST_REFERENCE, _FEWEST_GENERATED = 40, 20
_SPLITS = 3

_METHOD = (
    "mean over {targets} of the skill of boosted trees from {size} generated rows less that from as many real ones, asked about "
    "{asked} other real rows; variance of those rows by the delta method, of the learning from disjoint halves; the interval "
    "is of the expectation at these sizes"
)


@dataclass(frozen=True)
class MlEfficacy:
    """Train on generated rows, test on real ones (TSTR), less train on real rows, test on the same ones (TRTR).

    Half of the reference is set aside by lot as the test. Gradient-boosted trees learn a column from all others, once from the
    other half and once from as many generated rows (fewer, where there are fewer). The figure is the difference of their skill,
    averaged over the columns: 0 where generated rows serve as well, below where they are worse; about minus the real skill where
    they teach nothing. A skill is 2 AUC - 1, averaged over the classes, for labels, of which those beyond the five most frequent
    count as one. For numbers, counts and moments it is R², the share of squared deviations that is explained, of their places
    among the real values learned from, 0 for the smallest to 1 for the largest: of the values themselves a few large ones decide,
    others in each draw. So how far wild values miss, or a unit that is stretched at one end, does not count.

    Where real rows foretell nothing either, 0 says nothing: see that the columns depend on each other. A generator that repeats
    its training rows does well. Rows that come in groups make the interval too narrow.

    Attributes:
        target: the column to foretell; None: up to ``most_targets`` of them, by lot where there are more.
        most_targets: how many, >= 1.

    Source: Esteban, Hyland and Rätsch, "Real-valued (medical) time series generation with recurrent conditional GANs", 2017.

    >>> import pandas as pd
    >>> from evalkit.core.schema import Column, Schema
    >>> schema = Schema(modality="table", columns=tuple(Column(name=name, kind="number") for name in "xy"))
    >>> def table(seed: int, share: float) -> Table:
    ...     x, noise = np.random.default_rng(seed).normal(size=(2, 200))
    ...     return Table("demo", schema, pd.DataFrame({"x": x, "y": share * x + noise}))
    >>> efficacy = MlEfficacy(target="y").estimates(table(0, 3.0), table(1, 0.0), seed=0)["ml_efficacy"]
    >>> efficacy.interval().high < 0
    True
    """

    target: str | None = None
    most_targets: int = 4

    def estimates(self, reference: Table, generated: Table, *, seed: int) -> Mapping[str, Estimate]:
        """``ml_efficacy``.

        Raises:
            InputError: no column can be foretold, or the target is none of them.
            SchemaError: a column is missing.
            ShapeError: fewer than 40 reference or 20 generated rows.
        """
        columns = [by_frequency(column) for column in columns_of(reference, generated)]
        n, m = len(reference), len(generated)
        if n < _FEWEST_REFERENCE or m < _FEWEST_GENERATED:
            raise ShapeError(
                f"ML efficacy needs {_FEWEST_REFERENCE} reference and {_FEWEST_GENERATED} generated rows, got {n} and {m}: "
                "give more"
            )
        order = _lots([column.reference for column in columns], seed, "reference")
        training, test = order[: n // 2], order[n // 2 :]
        size = min(len(training), m)
        learned = training[:size], _lots([column.generated for column in columns], seed, "generated")[:size]
        chosen = self._chosen(columns, training, test, seed)
        contests = [_Contest(task, test, derive_seed(seed, "ml efficacy", task.name) % 2**32) for task in chosen]
        value, of_test = _mean([contest.lead(*learned) for contest in contests])
        of_reference, of_generated = (
            learning_influences(partial(_skill, contests, side), learned[side], count, seed=seed, splits=_SPLITS)
            for side, count in ((0, n), (1, m))
        )
        of_reference = -of_reference
        of_reference[test] += of_test * n / len(test)
        names = ", ".join(repr(task.name) for task in chosen)
        method = _METHOD.format(targets=names, size=size, asked=len(test))
        return {"ml_efficacy": Estimate(value, "higher", method, of_reference, of_generated)}

    def _chosen(self, columns: Sequence[ColumnValues], training: Rows, test: Rows, seed: int) -> list[Task]:
        if self.most_targets < 1:
            raise InputError(f"ML efficacy needs one target or more, got most_targets={self.most_targets}")
        every = tasks(columns) if len(columns) > 1 else {}
        able = [task for task in (task.placed(training) for task in every.values()) if task.can_be_asked(training, test)]
        if self.target is not None:
            able = [task for task in able if task.name == self.target]
        if not able:
            what = "no column" if self.target is None else f"the column {self.target!r}"
            raise InputError(
                f"{what} can be foretold: give two columns or more, a target among them, with different values in them"
            )
        lots = generator(seed, "ml efficacy", "targets").permutation(len(able))[: self.most_targets]
        return [able[i] for i in np.sort(lots)]


@dataclass(frozen=True, eq=False)
class _Contest:
    """Both sides' models, asked about the same real rows."""

    task: Task
    test: Rows
    seed: int

    def lead(self, real: Rows, drawn: Rows) -> tuple[float, Array]:
        """The generated rows' skill less the real rows', and each test row's influence."""
        (ours, of_ours), (theirs, of_theirs) = self.skill(0, real), self.skill(1, drawn)
        return theirs - ours, of_theirs - of_ours

    def skill(self, side: int, rows: Rows) -> tuple[float, Array]:
        """Of a model of these rows of the reference (0) or of the generated table (1); rows without an answer move it by 0."""
        task, truth = self.task, self.task.real[self.test]
        x, y = (task.reference, task.real) if side == 0 else (task.generated, task.drawn)
        present = ~np.isnan(truth)
        said = answers(task, x[rows], y[rows], asked=task.reference[self.test][present], seed=self.seed)
        value, moved = skill(task, said, truth[present])
        influences = np.zeros(len(truth))
        influences[present] = moved * len(truth) / present.sum()
        return value, influences


def _mean(leads: Sequence[tuple[float, Array]]) -> tuple[float, Array]:
    return float(np.mean([value for value, _ in leads])), np.mean([influences for _, influences in leads], axis=0)


def _skill(contests: Sequence[_Contest], side: int, rows: Rows) -> tuple[float, Array]:
    return _mean([contest.skill(side, rows) for contest in contests])


def _lots(columns: Sequence[Array], seed: int, name: str) -> Rows:
    """Rows in a random order that depends on what they hold, not on where they stand."""
    ordered = np.lexsort(columns)
    return np.asarray(ordered[generator(seed, "ml efficacy", name).permutation(len(ordered))], dtype=np.intp)
