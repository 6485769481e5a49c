"""Resampled votes: how strengths and ranks would have come out with other raters, items or votes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError, UndefinedError
from evalkit.core.seeds import generator
from evalkit.ratings.likelihood import Likelihood
from evalkit.ratings.refits import refits

Array = NDArray[np.float64]

_ENTRIES = 1_500_000
# Draws without a finite estimate may be left out as long as they are so few.
_MISSED = 0.05
# So many votes a count are drawn faster one by one than counted.
_SPARSE = 12


@dataclass(frozen=True, eq=False)
class Resampled:
    """Strengths of resampled votes.

    Attributes:
        strengths: (draws, k) in the order of the generators' names, each draw with mean 0.
        missed: draws that had no finite estimate and are left out.
    """

    strengths: Array
    missed: int

    def interval(self, level: float = 0.95) -> tuple[Array, Array]:
        """Lower and upper ends, (k,) each, by percentiles."""
        low, high = np.quantile(self.strengths, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return low, high


def resample(
    likelihood: Likelihood, parameters: Array, groups: NDArray[np.int64] | None = None, *, draws: int = 1000, seed: int = 0
) -> Resampled:
    """Draw as many votes, or groups of votes, with replacement, and fit again.

    Args:
        likelihood: of the votes.
        parameters: (p,) its maximum.
        groups: (n,) the group of each counted vote, 0 … G - 1, when groups are what is independent.
        draws: >= 1.
        seed: of the draws.

    Raises:
        UndefinedError: more than one draw in twenty has no finite estimate.
    """
    if draws < 1:
        raise InputError(f"a bootstrap needs at least one draw, got {draws}")
    c = len(likelihood.cells.left)
    source, step = generator(seed, "resampled votes"), max(1, _ENTRIES // c)
    fitted = []
    for start in range(0, draws, step):
        size = min(step, draws - start)
        counts = np.stack(list(_counts(likelihood, groups, source, size)), axis=-1)
        fitted.append(refits(likelihood, parameters, counts)[: likelihood.k])
    strengths = np.concatenate(fitted, axis=1).T
    there = np.isfinite(strengths).all(axis=1)
    missed = int((~there).sum())
    if missed > _MISSED * draws:
        raise UndefinedError(f"{missed} of {draws} resamples have no finite estimate: some generator's wins rest on too few votes")
    return Resampled(strengths[there], missed)


def _counts(likelihood: Likelihood, groups: NDArray[np.int64] | None, source: np.random.Generator, draws: int) -> Iterator[Array]:
    """(3, c) weights of the cells' votes in each draw."""
    cells = likelihood.cells
    if groups is not None:
        n_groups = int(groups.max()) + 1
        for _ in range(draws):
            yield cells.recounted(cells.weight * np.bincount(source.integers(0, n_groups, n_groups), minlength=n_groups)[groups])
        return
    n, whole = len(cells.cell), bool((cells.weight == 1).all())
    entry = (cells.outcome * np.int64(len(cells.left)) + cells.cell).astype(np.int32)
    size = cells.counts.size
    if whole and n > _SPARSE * size:
        yield from source.multinomial(n, cells.counts.ravel() / n, size=draws).reshape(draws, 3, -1).astype(np.float64)
        return
    for _ in range(draws):
        chosen = source.integers(0, n, n, dtype=np.int32)
        drawn = np.bincount(entry[chosen], weights=None if whole else cells.weight[chosen], minlength=size)
        yield drawn.reshape(3, -1).astype(np.float64)
