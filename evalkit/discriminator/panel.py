"""Several families of classifiers at once, and one sentence about them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evalkit.core.errors import InputError
from evalkit.discriminator import FAMILIES, OF_FEATURES
from evalkit.discriminator.c2st import ClassifierTest, ClassifierTestResult
from evalkit.statistics import holm
from evalkit.statistics.intervals import Interval

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Panel:
    """What several families found on the same rows.

    Attributes:
        results: one a family.
        p_values: (k,) adjusted by Holm over the families, in the results' order.
    """

    results: tuple[ClassifierTestResult, ...]
    p_values: Array

    @property
    def best(self) -> ClassifierTestResult:
        """The family with the smallest p-value, of equal ones the largest AUC."""
        order = sorted(range(len(self.results)), key=lambda i: (self.p_values[i], -self.results[i].found.auc.value))
        return self.results[order[0]]

    def sentence(self, *, level: float = 0.05) -> str:
        """What may be concluded, and what not, in plain words.

        Args:
            level: below which a p-value counts, 0 < level < 1.
        """
        found, p_value = self.best.found, float(self.p_values.min())
        area = f"{found.family} finds the real row of a pair in {_percent(found.auc)}, chance 50 %"
        others = "" if len(self.results) == 1 else f", corrected for {len(self.results)} families"
        control = "" if self.best.control is None else f"; real from real rows {_percent(self.best.control.auc)}"
        if p_value <= level:
            return f"A classifier tells generated rows from real ones: {area} (p = {p_value:.2g}{others}){control}."
        seen = smallest_seen(found.n, level=level / len(self.results))
        return (
            f"No classifier tells generated rows from real ones: at best {area} (p = {p_value:.2g}{others}){control}. "
            f"{found.n} held-out rows a side show differences from about {100 * seen:.0f} % on; smaller ones, and those that these "
            "families cannot see, may be there."
        )


def run_panel(reference: Array, generated: Array, *, seed: int, families: Sequence[str] = OF_FEATURES) -> Panel:
    """The classifier test with each family on the same halves, corrected for their number (Holm).

    Args:
        reference: (n, d) finite features of real rows, n >= 10.
        generated: (m, d) finite features of generated rows, m >= 10.
        seed: of everything random.
        families: names in ``FAMILIES``, at least one, each once.

    >>> random = np.random.default_rng(0)
    >>> same = run_panel(random.normal(size=(200, 2)), random.normal(size=(200, 2)), seed=0, families=["logistic"])
    >>> same.sentence().startswith("No classifier tells generated rows from real ones")
    True
    """
    if not families or len(set(families)) != len(families):
        raise InputError(f"a panel needs families of classifiers, each once: choose among {', '.join(FAMILIES)}")
    results = tuple(ClassifierTest(name).run(reference, generated, seed=seed) for name in families)
    return Panel(results, holm(np.array([result.found.p_value for result in results])))


def smallest_seen(n: int, *, level: float = 0.05, power: float = 0.8) -> float:
    """The AUC from which on a held-out test of so many rows a side finds it in most runs, about.

    From the normal law of ranks without a difference. It is the AUC that the classifier reaches: how far the samples must lie
    apart for that depends on the family and on the training rows.

    Args:
        n: held-out rows a side, >= 1.
        level: of the test.
        power: share of runs in which it is found.

    >>> round(smallest_seen(500), 3)
    0.545
    """
    error = math.sqrt((2 * n + 1) / (12 * n * n))
    return min(1.0, 0.5 + float(stats.norm.ppf(1 - level) + stats.norm.ppf(power)) * error)


def _percent(share: Interval) -> str:
    return f"{100 * share.value:.0f} % of cases ({100 * share.low:.0f} – {100 * share.high:.0f} %)"
