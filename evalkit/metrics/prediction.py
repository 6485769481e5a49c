"""What a column's values can be foretold by, and how well trees that learned from some rows foretell others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from evalkit.metrics.table_columns import Array, ColumnValues
from evalkit.statistics.two_samples import auc_estimate

Rows = NDArray[np.intp]

_MOST_LABELS = 250
_MOST_CLASSES = 6
_FEWEST = 10


@dataclass(frozen=True, eq=False)
class Task:
    """One column to be foretold from all others.

    Attributes:
        name: the column's.
        classes: how many, by falling frequency in the reference, the rest as one; 0: it is a number.
        labelled: which features are labels, (d,).
        reference: (n, d) features.
        generated: (m, d).
        real: (n,) what is to be foretold, a class or a number, NaN = missing.
        drawn: (m,) likewise.
    """

    name: str
    classes: int
    labelled: NDArray[np.bool_]
    reference: Array
    generated: Array
    real: Array
    drawn: Array

    def placed(self, training: Rows) -> "Task":
        """The same with numbers as :func:`places` among the real ones of some rows; classes as they are."""
        if self.classes:
            return self
        known = self.real[training]
        return replace(self, real=places(known, self.real), drawn=places(known, self.drawn))

    def can_be_asked(self, training: Rows, test: Rows) -> bool:
        """Whether the real rows on both sides hold enough to learn and to be asked."""
        known, asked = (self.real[rows][~np.isnan(self.real[rows])] for rows in (training, test))
        if min(len(known), len(asked)) < _FEWEST or known.min() == known.max():
            return False
        return len(self.asked_classes(asked)) > 0 if self.classes else bool(asked.min() < asked.max())

    def asked_classes(self, asked: Array) -> list[int]:
        """The classes with two rows inside and two outside."""
        return [code for code in range(self.classes) if 2 <= (asked == code).sum() <= len(asked) - 2]


def by_frequency(column: ColumnValues) -> ColumnValues:
    """Labels as 0, 1, … from the reference's most frequent on, whatever the order of the rows; numbers as they are.

    >>> by_frequency(ColumnValues("colour", False, np.array([1.0, 0.0, 0.0]), np.array([np.nan, 2.0]))).generated.tolist()
    [nan, 2.0]
    """
    if column.ordered:
        return column
    reference, generated = column.codes(bins=1)
    size = int(max(reference.max(), generated.max(), 0)) + 1
    counts = [np.bincount(codes[codes >= 0], minlength=size) for codes in (reference, generated)]
    rank = np.empty(size)
    rank[np.lexsort((-counts[1], -counts[0]))] = np.arange(size)
    first, second = (np.where(codes < 0, np.nan, rank[codes]) for codes in (reference, generated))
    return replace(column, reference=first, generated=second)


def tasks(columns: Sequence[ColumnValues]) -> dict[str, Task]:
    """A task a column; labels as :func:`by_frequency` gives them."""
    sides = [(column.reference, column.generated) for column in columns]
    labelled = np.array([not column.ordered for column in columns])
    made = {}
    for i, column in enumerate(columns):
        others = [j for j in range(len(columns)) if j != i]
        x = [np.column_stack([np.minimum(sides[j][side], _limit(columns[j])) for j in others]) for side in (0, 1)]
        real, drawn = sides[i]
        classes = 0 if column.ordered else min(_MOST_CLASSES, int(np.nanmax(np.concatenate([[0], real, drawn]))) + 1)
        if classes:
            real, drawn = (np.minimum(values, classes - 1) for values in (real, drawn))
        made[column.name] = Task(column.name, classes, labelled[others], x[0], x[1], real, drawn)
    return made


def places(known: Array, values: Array) -> Array:
    """The share of known values that lie below each value, and half of those that equal it: 0 to 1, NaN where it is missing.

    Some data have a few values so large that the errors in them are all that a mean square shows: their places weigh alike.

    >>> places(np.array([1.0, 2.0, 2.0, 900.0]), np.array([0.0, 2.0, 10.0, np.nan])).tolist()
    [0.0, 0.5, 0.75, nan]
    """
    known = np.sort(known[~np.isnan(known)])
    found = (np.searchsorted(known, values, "left") + np.searchsorted(known, values, "right")) / (2 * max(len(known), 1))
    return np.where(np.isnan(values), np.nan, found)


def answers(task: Task, x: Array, y: Array, *, asked: Array, seed: int) -> Array:
    """What trees that learned from these rows say of others: (rows,) places or (rows, classes) chances.

    Rows whose answer is missing are left out; where nothing is left that differs, every row gets the same answer.

    Args:
        task: what is foretold; a number as its place, 0 to 1.
        x: (k, d) features of the rows to learn from.
        y: (k,) their values.
        asked: (rows, d) features of the rows to foretell.
        seed: of the trees, below 2**32.
    """
    present = ~np.isnan(y)
    x, y = x[present], y[present]
    # A feature without any value has no bins; as a constant it says as little.
    x = np.where(np.isnan(x).all(axis=0), 0.0, x)
    if not task.classes:
        said = _fitted(HistGradientBoostingRegressor, task, x, y, seed).predict(asked) if len(y) > 1 else np.full(len(asked), 0.5)
        return np.asarray(np.clip(said, 0, 1), dtype=np.float64)
    chances = np.zeros((len(asked), task.classes))
    found = np.unique(y).astype(np.intp)
    if len(found) > 1:
        chances[:, found] = _fitted(HistGradientBoostingClassifier, task, x, y, seed).predict_proba(asked)
    return chances


def skill(task: Task, said: Array, truth: Array) -> tuple[float, Array]:
    """How good the answers are, and how far each row moves that: 0 knows nothing, 1 everything.

    Of a number: R², the share of the squared deviations from the mean that is explained; it may fall below 0. Of classes: 2 AUC - 1
    of each class against the others, averaged, so that a rare class counts as much as a frequent one.

    Args:
        task: what was foretold.
        said: the answers.
        truth: (rows,) finite.

    Returns:
        The skill, and (rows,) influences with mean 0.

    >>> empty = np.zeros((0, 0))
    >>> task = Task("size", 0, np.zeros(0, dtype=bool), empty, empty, np.zeros(0), np.zeros(0))
    >>> value, influences = skill(task, np.array([1.0, 2.0, 2.0]), np.array([1.0, 2.0, 3.0]))
    >>> value, influences.round(3).tolist()
    (0.5, [0.75, 0.0, -0.75])
    """
    if not task.classes:
        # In units of the largest deviation, so that no square is lost or overflows.
        deviations = truth - truth.mean()
        unit = np.abs(deviations).max()
        errors, spread = ((truth - said) / unit) ** 2, (deviations / unit) ** 2
        value = float(1 - errors.sum() / spread.sum())
        return value, np.asarray(((1 - value) * spread - errors) / spread.mean(), dtype=np.float64)
    found, influences = [], np.zeros(len(truth))
    classes = task.asked_classes(truth)
    for code in classes:
        inside = truth == code
        area = auc_estimate(said[inside, code], said[~inside, code])
        found.append(2 * area.value - 1)
        influences[inside] += 2 * area.reference * len(truth) / inside.sum() / len(classes)
        influences[~inside] += 2 * area.generated * len(truth) / (~inside).sum() / len(classes)
    return float(np.mean(found)), influences


def _fitted(
    family: type[HistGradientBoostingRegressor] | type[HistGradientBoostingClassifier], task: Task, x: Array, y: Array, seed: int
) -> HistGradientBoostingRegressor | HistGradientBoostingClassifier:
    model = family(
        max_iter=30,
        max_leaf_nodes=8,
        learning_rate=0.2,
        min_samples_leaf=5,
        early_stopping=False,
        categorical_features=task.labelled,
        random_state=seed,
    )
    with threadpool_limits(limits=1):
        return model.fit(x, y)


def _limit(column: ColumnValues) -> float:
    return np.inf if column.ordered else float(_MOST_LABELS)
