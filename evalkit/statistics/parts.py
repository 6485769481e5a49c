"""How figures vary that are no sums over rows: from their values in disjoint parts of the rows."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evalkit.core.errors import ShapeError
from evalkit.core.seeds import generator

Array = NDArray[np.float64]
Rows = NDArray[np.intp]
Figures = Callable[[Rows, Rows], Array]

# n times the variance changes slowly with n; it is not believed to change by more than this when n doubles.
_LARGEST_CHANGE = 1.5
# A fall by less than the first factor may be chance; by the second it often is.
_CHANCE, _OFTEN = 1.2, 1.1
# Quarters of fewer have one row.
FEWEST_ROWS = 8


@dataclass(frozen=True, eq=False)
class Parts:
    """A figure's values in disjoint halves and quarters of the rows.

    Disjoint halves are two independent samples, so half the squared difference of their figures is an unbiased estimate of the
    variance at half size, whatever the figure is. It is averaged over random splits. Quarters say whether n times the variance
    still grows with n: then it is taken to grow once more by the same factor, from n/2 to n, or by a power of it.

    Attributes:
        halves: (splits, 2, …) values; of several figures at once, one on the last axis.
        quarters: (splits, 4, …) values, of the halves' halves.
        rows: reference rows that were divided. Of one seed, they and the halves are the same for all generated samples.
        pace: that power. 2 is for sums of many absolute differences: near 0 each varies less, by being folded, and so far as it is
            not near 0 any more n times its variance has grown in proportion to n, from n/2 to n by twice as much as to n/2.
    """

    halves: Array
    quarters: Array
    rows: int
    pace: float = 1.0

    @property
    def variance(self) -> Array:
        """Of the figure, at full size; where n times the variance falls with n by more than a tenth, the larger is kept, less it.

        So the chance of one data set does not make an interval too narrow; it is a little too large on average.
        """
        halves, quarters = self._at_full_size()
        return np.asarray(np.maximum(halves, quarters / _OFTEN) * self._growth(halves, quarters))

    @property
    def usual_variance(self) -> Array:
        """The same from the halves, with what quarters show of a fall too, for Student's law with a degree a split.

        Right on average, where a figure and its variance do not err together: for differences of two generators, which each of
        them may win.
        """
        halves, quarters = self._at_full_size()
        fall = np.clip(_CHANCE * _change(halves, quarters), 1 / _LARGEST_CHANGE, 1)
        student = stats.t.ppf(0.975, len(self.halves)) / stats.norm.ppf(0.975)
        return np.asarray(halves * fall * self._growth(halves, quarters) * student**2)

    def _at_full_size(self) -> tuple[Array, Array]:
        return self.halves.var(axis=1, ddof=1).mean(axis=0) / 2, self.quarters.var(axis=1, ddof=1).mean(axis=0) / 4

    def _growth(self, halves: Array, quarters: Array) -> Array:
        """By how much n times the variance is taken to grow from half size to full size."""
        return np.clip(_change(halves, quarters) ** self.pace, 1, _LARGEST_CHANGE)

    def fits(self, other: "Parts") -> bool:
        """Whether both were held against the same parts of the reference."""
        return self.rows == other.rows and self.halves.shape == other.halves.shape

    def less(self, other: "Parts") -> "Parts":
        """The difference of two figures in the same parts of the reference."""
        return replace(self, halves=self.halves - other.halves, quarters=self.quarters - other.quarters)

    def times(self, factor: float) -> "Parts":
        """The figure times a factor, whose square is the variance's."""
        return replace(self, halves=self.halves * factor, quarters=self.quarters * factor)

    def of(self, figure: int) -> "Parts":
        """One of several figures."""
        return replace(self, halves=self.halves[..., figure], quarters=self.quarters[..., figure])


def in_parts(figures: Figures, n: int, m: int, *, seed: int, splits: int = 40, pace: float = 1.0) -> Parts:
    """Figures of two samples in disjoint halves and quarters of their rows.

    Nearest-neighbour figures depend on rows together: a row's influence changes with the rows around it. Their jackknife variance
    is up to twelve times too large (simulated), and the bootstrap's copies are false neighbours. Parts that share no row have
    neither fault. They assume independent rows, and a variance that falls with n about as 1/n.

    Args:
        figures: from the positions of reference rows and of generated rows to (f,) figures, at any sizes from a quarter on.
        n: reference rows, >= 8.
        m: generated rows, >= 8.
        seed: of the splits; those of a side do not depend on how many rows the other has.
        splits: random splits into halves, and of these into quarters.
        pace: see :class:`Parts`.

    Raises:
        ShapeError: fewer than 8 rows a side.

    >>> values = np.random.default_rng(0).normal(size=400)
    >>> parts = in_parts(lambda _, rows: np.array([values[rows].mean()]), 400, 400, seed=0)
    >>> bool(0.5 < 400 * parts.variance[0] < 2), float(parts.less(parts).variance[0])
    (True, 0.0)
    """
    if min(n, m) < FEWEST_ROWS:
        raise ShapeError(f"a variance from parts needs 8 rows a side, got {n} and {m}: give more rows")
    sides = [(generator(seed, "parts", side), size) for side, size in (("reference", n), ("generated", m))]
    halves, quarters = list[list[Array]](), list[list[Array]]()
    for _ in range(splits):
        orders = [draws.permutation(size) for draws, size in sides]
        for count, found in ((2, halves), (4, quarters)):
            found.append([figures(*(_part(order, i, count) for order in orders)) for i in range(count)])
    return Parts(np.array(halves), np.array(quarters), n, pace)


def _part(order: Rows, i: int, count: int) -> Rows:
    size = len(order) // count
    return order[i * size : (i + 1) * size]


def _change(halves: Array, quarters: Array) -> Array:
    return np.divide(halves, quarters, out=np.ones_like(halves), where=quarters > 0)
