"""How well a figure ranks one sample above another."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from evalkit.core.errors import InputError, ShapeError
from evalkit.statistics.intervals import Interval

# At 0 and 1 an area has no standard error: the search begins beside the estimate.
_BESIDE = 1e-9


def auc(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The share of pairs in which the value from ``first`` is the larger; equal values count half.

    The area under the ROC curve, the Mann–Whitney statistic over the number of pairs, P(X > Y) + P(X = Y) / 2. 0.5 means that the
    values do not rank the samples; it does not mean that the samples are alike.

    Args:
        first: (m,) finite, m >= 1.
        second: (n,) finite, n >= 1.

    >>> auc(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    0.875
    """
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if len(first) == 0 or len(second) == 0:
        raise ShapeError(f"ranking needs at least one value on each side, got {len(first)} and {len(second)}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise InputError("ranking needs finite values, got NaN or infinity")
    ranks = stats.rankdata(np.concatenate([first, second]))[: len(first)]
    return float((ranks.sum() - len(first) * (len(first) + 1) / 2) / (len(first) * len(second)))


def auc_interval(value: float, n_first: int, n_second: int, *, level: float = 0.95) -> Interval:
    """The interval of :func:`auc`, from its value and the sizes of the two samples.

    It inverts a score test: the ends are the areas whose own standard error, not the estimate's, puts the estimate at the edge.
    So it keeps a width at 0 and 1, and stays honest when one sample has a dozen rows. The standard error is that of exponential
    samples; very unequal spreads of the two samples widen or narrow the truth, and rows that come in groups make it too narrow.

    Args:
        value: the area, 0 … 1.
        n_first: values in the first sample, >= 1.
        n_second: values in the second, >= 1.
        level: confidence, 0 < level < 1.

    Source: Newcombe, Statistics in Medicine 25 (2006), method 5; standard error of Hanley and McNeil, Radiology 143 (1982).

    >>> [round(end, 2) for end in auc_interval(1.0, 28, 500)]
    [1.0, 0.94, 1.0]
    """
    if not 0 <= value <= 1 or n_first < 1 or n_second < 1 or not 0 < level < 1:
        raise InputError(f"an area needs 0 <= area <= 1, both samples and a level in 0 … 1, got {value}, {n_first}, {n_second}")
    width = float(stats.norm.ppf((1 + level) / 2))

    def beyond(area: float) -> float:
        """How far the estimate lies outside the reach of an area; negative inside."""
        return abs(area - value) - width * _standard_error(area, n_first, n_second)

    low = 0.0 if beyond(0.0) <= 0 else float(brentq(beyond, 0.0, value * (1 - _BESIDE)))
    high = 1.0 if beyond(1.0) <= 0 else float(brentq(beyond, value + (1 - value) * _BESIDE, 1.0))
    return Interval(value, low, high)


def _standard_error(area: float, m: int, n: int) -> float:
    above, below = area / (2 - area), 2 * area * area / (1 + area)
    square = area * (1 - area) + (m - 1) * (above - area * area) + (n - 1) * (below - area * area)
    return math.sqrt(max(square, 0.0) / (m * n))
