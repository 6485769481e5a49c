"""Precision, recall, density and coverage: which generated rows lie among real ones, and which real ones are reached."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.seeds import generator
from evalkit.kernels.neighbours import Within, distances, faster, nearest, within
from evalkit.metrics.pairs import checked_pair, checked_rows
from evalkit.statistics.influence import Estimate
from evalkit.statistics.parts import Parts, Rows, in_parts
from evalkit.statistics.splitting import calibrated, share_variance_floor

Array = NDArray[np.float64]
Features = NDArray[np.floating[Any]]

# Variances are estimated on as many rows a side as three distance matrices of 8 MB hold.
_LARGEST_SUBSAMPLE = 1000
_SMALLEST_SUBSAMPLE = 200
_METHOD = (
    "balls to the {k}-th neighbour, {edge}; variance from disjoint halves and quarters of the rows; "
    "the interval is of the expectation with {n} reference and {m} generated rows"
)


class PrecisionRecall(NamedTuple):
    """The four figures.

    Attributes:
        precision: share of generated rows that lie in some reference row's ball.
        recall: share of reference rows that lie in some generated row's ball.
        density: in how many reference balls a generated row lies, in units of what a reference row would; 0 to n.
        coverage: share of reference balls that hold a generated row.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def precision_recall(reference: ArrayLike, generated: ArrayLike, *, k: int = 5, closed: bool = True) -> PrecisionRecall:
    """Precision, recall, density and coverage of generated features. A row's ball reaches to its k-th neighbour in its own sample.

    Two samples of one law do not give 1: precision and recall depend on n and d, and fall in many dimensions.
    Density is then 1, and coverage is :func:`coverage_of_equals`. Compare figures at the same n, m and k only. Precision and recall
    rise with a single outlier's large ball. Density exceeds 1 where generated rows crowd in the middle, so more is not better.

    With ``closed`` balls a row at the k-th distance itself is inside, and density counts a ball's own neighbours instead of
    taking them to be k; without ties this changes nothing. Strict balls are other packages' convention: they call duplicates
    and constants missed, and give 0 for two equal constant samples.

    Distances are compared exactly, as sums of direct differences in float64, however far from 0 the features lie. Memory beyond the
    features is O(n + m) and blocks of a thousand rows, if there are 32 features or more; float32 features are not copied.

    Args:
        reference: (n, d) finite float32 or float64, n > k.
        generated: (m, d) finite, m > k.
        k: neighbours, >= 1.
        closed: ``<=`` at a ball's edge, else ``<``.

    Raises:
        ShapeError: too few rows, or other features than the reference's.
        InputError: a feature is missing, infinite or huge, or k is below 1.

    Source: Kynkäänniemi et al., NeurIPS 2019 (precision, recall); Naeem et al., ICML 2020 (density, coverage).

    >>> line = np.arange(8.0)[:, None]
    >>> precision_recall(line, line + 20, k=2), precision_recall(line, line, k=2).coverage
    (PrecisionRecall(precision=0.0, recall=0.0, density=0.0, coverage=0.0), 1.0)
    """
    return _measured(*checked_rows(reference, generated, what="precision and recall", fewest=1), k=k, closed=closed).figures


def coverage_of_equals(n: int, m: int, *, k: int = 5) -> float:
    """The expected coverage of m generated rows by the law of the n reference rows itself, without ties.

    The k nearest of the n - 1 + m other rows are all reference rows with the complementary probability.

    >>> round(coverage_of_equals(1000, 1000), 4)
    0.969
    """
    i = np.arange(k)
    return float(1 - np.prod((n - 1 - i) / (n - 1 + m - i)))


@dataclass(frozen=True)
class Prdc:
    """Precision, recall, density and coverage with intervals; see :func:`precision_recall`.

    A figure is a mean over one sample's rows, whose contributions are those rows' influences. How the other sample moves it,
    through the balls, is known only in proportion: a row's influence grows with what it alone covers. Both together are scaled to
    the variance that disjoint parts of the rows show, and generators are compared in these parts. The interval is of the
    expectation at these sample sizes.

    Attributes:
        k: neighbours.
        closed: whether a ball holds its edge.
    """

    k: int = 5
    closed: bool = True

    def estimates(self, reference: Array, generated: Array, *, seed: int) -> Mapping[str, Estimate]:
        """The four figures.

        Raises:
            ShapeError: fewer than 4 (k + 1) rows a side, or other features than the reference's.
            InputError: a feature is missing, infinite or huge.
        """
        reference, generated = checked_pair(reference, generated, what="precision and recall", fewest=1)
        least = 4 * (self.k + 1)
        if min(len(reference), len(generated)) < least:
            raise ShapeError(
                f"intervals of figures with k={self.k} need {least} rows a side, got {len(reference)} and {len(generated)}: "
                "give more rows or a smaller k"
            )
        measured = _measured(reference, generated, self.k, self.closed)
        parts = self._parts(reference, generated, seed)
        variances = np.maximum(parts.variance, _floors(measured))
        edge = "closed" if self.closed else "open"
        method = _METHOD.format(k=self.k, edge=edge, n=len(reference), m=len(generated))
        return {
            name: replace(_estimate(name, measured, float(variances[i]), method), parts=parts.of(i))
            for i, name in enumerate(PrecisionRecall._fields)
        }

    def _parts(self, reference: Array, generated: Array, seed: int) -> Parts:
        chosen = [rows[places] for rows, places in zip((reference, generated), _subsample(reference, generated, seed), strict=True)]
        ours, theirs = chosen
        within_ours, within_theirs, across = distances(ours, ours), distances(theirs, theirs), distances(ours, theirs)

        def of_some(first: Rows, second: Rows) -> Array:
            parts = (
                block.take(rows, axis=0).take(columns, axis=1)
                for block, rows, columns in ((within_ours, first, first), (within_theirs, second, second), (across, first, second))
            )
            return np.array(of_distances(*parts, k=self.k, closed=self.closed))

        scale = (1 / len(reference) + 1 / len(generated)) / (1 / len(ours) + 1 / len(theirs))
        return in_parts(of_some, len(ours), len(theirs), seed=seed).times(math.sqrt(scale))


def of_distances(within_reference: Array, within_generated: Array, across: Array, *, k: int, closed: bool) -> PrecisionRecall:
    """The definition: the four figures from squared distances.

    Args:
        within_reference: (n, n).
        within_generated: (m, m).
        across: (n, m).
        k: neighbours.
        closed: whether a ball holds its edge.

    >>> line = np.arange(8.0)[:, None]
    >>> of_distances(*(abs(line - line.T),) * 3, k=2, closed=True) == precision_recall(line, line, k=2)
    True
    """
    # A row's distance to itself, 0, is its smallest.
    ours, theirs = (np.partition(one, k, axis=1)[:, k] for one in (within_reference, within_generated))
    compare = np.less_equal if closed else np.less
    in_ours, in_theirs = compare(across, ours[:, None]), compare(across, theirs[None, :])
    own = (within_reference <= ours[:, None]).sum(axis=1) - 1 if closed else k
    density = float((in_ours.sum(axis=1) / own).sum()) / across.shape[1]
    return PrecisionRecall(
        float(in_ours.any(axis=0).mean()), float(in_theirs.any(axis=1).mean()), density, float(in_ours.any(axis=1).mean())
    )


@dataclass(frozen=True, eq=False)
class _Measured:
    """What one pass over all pairs counts: generated rows in the reference's balls, reference rows in the generated ones."""

    in_reference: Within
    in_generated: Within
    own: Array

    @property
    def figures(self) -> PrecisionRecall:
        balls, points = self.in_reference.of_first, self.in_reference.of_second
        density = float((balls / self.own).sum()) / len(points)
        recall = float((self.in_generated.of_first > 0).mean())
        return PrecisionRecall(float((points > 0).mean()), recall, density, float((balls > 0).mean()))


def _measured(reference: Features, generated: Features, k: int, closed: bool) -> _Measured:
    if k < 1:
        raise InputError(f"k must be 1 or more, got {k}")
    if min(len(reference), len(generated)) <= k:
        raise ShapeError(f"k={k} neighbours need {k + 1} rows a side, got {len(reference)} and {len(generated)}: give more rows")
    ours, theirs = _nearest(reference, k), _nearest(generated, k)
    limits = [ours[:, k - 1 : k], theirs[None, :, k - 1]]
    in_reference, in_generated = within(reference, generated, limits, closed=closed)
    return _Measured(in_reference, in_generated, _neighbours_inside(reference, ours, k) if closed else np.full(len(ours), float(k)))


def _nearest(rows: Features, k: int) -> Array:
    """Squared distances to the k nearest other rows, and to one more where there is one, which shows ties."""
    return nearest(rows, rows, min(k + 1, len(rows) - 1), leave_one_out=True, impl=faster(rows.shape[1])).distances


def _neighbours_inside(rows: Features, found: Array, k: int) -> Array:
    """How many other rows each closed ball of its own sample holds: k, or more where distances are tied."""
    inside = np.full(len(rows), float(k))
    tied = found[:, k - 1] == found[:, -1] if found.shape[1] > k else np.zeros(len(rows), dtype=np.bool_)
    if tied.any():
        inside[tied] = within(rows[tied], rows, [found[tied, k - 1 : k]])[0].of_first - 1
    return inside


def _subsample(reference: Array, generated: Array, seed: int) -> tuple[Rows, Rows]:
    """Positions of at most a thousand rows a side, in the samples' own proportion where that leaves enough of both."""
    share = min(1.0, _LARGEST_SUBSAMPLE / max(len(reference), len(generated)))
    chosen = []
    for rows, side in ((reference, "reference"), (generated, "generated")):
        size = max(round(share * len(rows)), min(len(rows), _SMALLEST_SUBSAMPLE))
        chosen.append(np.sort(generator(seed, "precision and recall", side).choice(len(rows), size, replace=False)))
    return chosen[0], chosen[1]


def _floors(measured: _Measured) -> Array:
    figures, n, m = measured.figures, len(measured.in_reference.of_first), len(measured.in_reference.of_second)
    precision = share_variance_floor(figures.precision, m)
    # The smallest step of density is one row in one ball.
    density = precision / float(measured.own.max()) ** 2
    return np.array([precision, share_variance_floor(figures.recall, n), density, share_variance_floor(figures.coverage, n)])


def _estimate(name: str, measured: _Measured, variance: float, method: str) -> Estimate:
    value = getattr(measured.figures, name)
    ours, theirs = measured.in_reference, measured.in_generated
    n, m = len(ours.of_first), len(ours.of_second)
    if name == "precision":
        of_generated, of_reference, further = calibrated(_centred(ours.of_second > 0), _alone(ours.only_first, n), variance)
    elif name == "recall":
        of_reference, of_generated, further = calibrated(_centred(theirs.of_first > 0), _alone(theirs.only_second, m), variance)
    elif name == "coverage":
        of_reference, of_generated, further = calibrated(_centred(ours.of_first > 0), _alone(ours.only_second, m), variance)
    else:
        points = ours.of_second * (value / max(float(ours.of_second.mean()), 1e-300))
        of_generated, of_reference, further = calibrated(_centred(points), _centred(ours.of_first / measured.own), variance)
    if name == "density":
        return Estimate(value, "neither", method, of_reference, of_generated, further, (0.0, np.inf))
    return Estimate(value, "higher", method, of_reference, of_generated, further, (0.0, 1.0))


def _centred(contributions: NDArray[np.generic]) -> Array:
    values = np.asarray(contributions, dtype=np.float64)
    return np.asarray(values - values.mean(), dtype=np.float64)


def _alone(only: Rows, n: int) -> Array:
    """What each row of the other sample covers alone, mean 0."""
    return _centred(np.bincount(only[only >= 0], minlength=n))
