"""Shares of two samples: how far they are apart, of independent rows and of rows that come in groups."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evalkit.core.errors import InputError, ShapeError
from evalkit.statistics.influence import Difference
from evalkit.statistics.two_samples import share_test

Flags = NDArray[np.bool_]
Groups = NDArray[np.int64]


def share_difference(first: int, n_first: int, second: int, n_second: int, *, level: float = 0.95) -> Difference:
    """How far one share lies above another, with the interval of Newcombe and the exact p-value of Fisher.

    The interval stays within -1 … 1 and holds for shares near 0 and 1; for one row it is still defined. Interval and p-value are of
    two methods and may disagree where p is close to 1 - ``level``. It assumes independent rows.

    Args:
        first: successes in the first sample, 0 … n_first.
        n_first: its rows, >= 1.
        second: successes in the second, 0 … n_second.
        n_second: its rows, >= 1.
        level: confidence, 0 < level < 1.

    Source: Newcombe, Statistics in Medicine 17 (1998), method 10; Fisher, Journal of the Royal Statistical Society 85 (1922).

    >>> found = share_difference(56, 70, 48, 80)
    >>> [round(end, 4) for end in (found.value, found.low, found.high)]
    [0.2, 0.0524, 0.3339]
    """
    p_value = share_test(first, n_first, second, n_second)
    if not 0 < level < 1:
        raise InputError(f"the level must lie between 0 and 1, got {level}")
    z = float(stats.norm.ppf((1 + level) / 2))
    (p, p_low, p_high), (q, q_low, q_high) = _wilson(first, n_first, z), _wilson(second, n_second, z)
    low = max(-1.0, p - q - math.hypot(p - p_low, q_high - q))
    high = min(1.0, p - q + math.hypot(p_high - p, q - q_low))
    return Difference(p - q, low, high, p_value, (high - low) / (2 * z))


def grouped_share_difference(
    first: Flags, first_groups: Groups, second: Flags, second_groups: Groups, *, level: float = 0.95
) -> Difference:
    """The same of rows that come in groups, as windows of a series do: what is independent is a group.

    By Welch's t of the groups' parts in the share; rough below some ten groups a side.

    Args:
        first: (n,) which rows of the first sample are meant.
        first_groups: (n,) the group of each.
        second: (m,) likewise.
        second_groups: (m,).
        level: confidence, 0 < level < 1.

    Raises:
        ShapeError: a side has fewer than two groups.

    Source: Welch, Biometrika 34 (1947).

    >>> flags, groups = np.arange(80) % 4 == 0, np.arange(80) // 4
    >>> grouped_share_difference(flags, groups, ~flags, groups).value
    -0.5
    """
    parts = [_parts(flags, groups) for flags, groups in ((first, first_groups), (second, second_groups))]
    if min(len(part) for part in parts) < 2:
        raise ShapeError("shares of rows in groups need two groups or more on each side: give more of them")
    value = float(first.mean() - second.mean())
    if all(np.ptp(part) < 1e-12 for part in parts):
        # Each group is like the next: as if it were one row.
        ours, theirs = (round(float(flags.mean()) * len(part)) for flags, part in zip((first, second), parts, strict=True))
        return share_difference(ours, len(parts[0]), theirs, len(parts[1]), level=level)._replace(value=value)
    test = stats.ttest_ind(*parts, equal_var=False)
    ends = test.confidence_interval(level)
    error = float(abs(value / test.statistic)) if test.statistic else float((ends.high - ends.low) / 4)
    return Difference(value, max(-1.0, float(ends.low)), min(1.0, float(ends.high)), float(test.pvalue), error)


def _parts(flags: Flags, groups: Groups) -> NDArray[np.float64]:
    """Each group's part in the share, scaled so that their mean is the share."""
    _, places = np.unique(groups, return_inverse=True)
    sums = np.bincount(places, weights=flags.astype(np.float64))
    return np.asarray(sums * (len(sums) / len(flags)))


def _wilson(successes: int, n: int, z: float) -> tuple[float, float, float]:
    share = successes / n
    centre, half = share + z**2 / (2 * n), z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    scale = 1 + z**2 / n
    # Rounding must not leave the share outside.
    return share, min(share, (centre - half) / scale), max(share, (centre + half) / scale)
