"""How many times as many rows it would take to tell two figures apart, as they are measured now."""

import math
from typing import NamedTuple

from scipy import stats

from evalkit.core.errors import InputError
from evalkit.statistics.influence import Difference, Estimate


class TimesAsMany(NamedTuple):
    """By how much both sides would have to grow, or could shrink; above 0.

    Attributes:
        at_least: for the largest difference that the interval allows: with fewer rows it would be missed more often than that.
        about: for the difference that was measured; None where its interval holds 0, since then it may be nothing but noise.
        at_most: for the smallest difference that the interval allows; None likewise.
    """

    at_least: float
    about: float | None
    at_most: float | None


def times_as_many(
    first: Estimate, second: Estimate, found: Difference, *, chances: int = 1, power: float = 0.8
) -> TimesAsMany | None:
    """So many times as many rows tell two generators apart at 5 %, with such power, if they are as they were measured.

    The difference's variance falls as one over the number of rows, and that of a squared term as its square. So reference and
    generated rows grow together. It misleads where the figure itself moves with the number of rows, as neighbourhoods and
    classifiers do, and it is a guide below some thirty rows, where no normal law holds.

    Args:
        first: of one generator.
        second: of the other.
        found: their :func:`~evalkit.statistics.influence.difference`.
        chances: how many comparisons share the 5 %.
        power: how often the difference is to be found, 0 < power < 1.

    Returns:
        None where nothing varies: then no number of rows can be said.

    Source: the normal power formula, for example Chow, Shao and Wang, Sample Size Calculations in Clinical Research (2008).

    >>> import numpy as np
    >>> from evalkit.statistics.influence import difference
    >>> rows = np.array([-1.0, 1.0] * 50)
    >>> near, far = (Estimate(value, "lower", "demo", 0 * rows, rows) for value in (0.1, 0.4))
    >>> [round(times, 2) for times in times_as_many(near, far, difference(near, far))]
    [0.47, 1.76, 345.5]
    """
    if chances < 1 or not 0 < power < 1:
        raise InputError(f"rows needed are for one comparison or more and a power between 0 and 1, got {chances} and {power}")
    if found.standard_error == 0:
        return None
    squares = sum(each.squared.noise for each in (first, second) if each.squared)
    # Of the variance; what is squared of the reference rows is counted twice, where it partly cancels.
    squared = min(squares / found.standard_error**2, 1.0)

    def times(apart: float) -> float:
        wanted = (detectable_errors(chances, power) * found.standard_error / apart) ** 2
        linear = wanted * (1 - squared)
        return (linear + math.sqrt(linear**2 + 4 * squared * wanted)) / 2

    ends = sorted((abs(found.low), abs(found.high)))
    if found.low <= 0 <= found.high:
        return TimesAsMany(times(ends[1]), None, None)
    return TimesAsMany(times(ends[1]), times(abs(found.value)), times(ends[0]))


def detectable_errors(chances: int, power: float = 0.8) -> float:
    """So many standard errors are found with such power at 5 %, shared among so many comparisons.

    >>> round(detectable_errors(1), 2), round(detectable_errors(10), 2)
    (2.8, 3.65)
    """
    return float(stats.norm.isf(0.05 / 2 / max(chances, 1)) + stats.norm.ppf(power))
