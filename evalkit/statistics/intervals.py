"""Intervals: what range of values the data allow."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.seeds import generator


class Interval(NamedTuple):
    """An estimate with the ends of its interval, low <= value <= high."""

    value: float
    low: float
    high: float


def proportion_interval(successes: float, n: float, *, level: float = 0.95) -> Interval:
    """A share with its exact (Clopper–Pearson) interval.

    Covers the truth at least as often as it says, for every n; for small n it is wider than it would have to be. It assumes
    independent draws: rows that come in groups make it too narrow, and are better counted as the fewer independent ones that they
    are worth, which need be no whole number.

    Args:
        successes: how many, 0 <= successes <= n.
        n: out of how many, >= 1.
        level: confidence, 0 < level < 1.

    Source: Clopper and Pearson, Biometrika 26 (1934).

    >>> [round(end, 3) for end in proportion_interval(8, 10)]
    [0.8, 0.444, 0.975]
    """
    _check_level(level)
    if n < 1 or not 0 <= successes <= n:
        raise InputError(f"a proportion needs 0 <= successes <= n and n >= 1, got {successes} of {n}")
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(stats.beta.ppf(tail, successes, n - successes + 1))
    high = 1.0 if successes == n else float(stats.beta.ppf(1 - tail, successes + 1, n - successes))
    return Interval(successes / n, low, high)


def mean_interval(values: NDArray[np.float64], *, level: float = 0.95) -> Interval:
    """A mean with its Student-t interval.

    Exact for normal values, good for others from some 30 on unless their tails are heavy. For a comparison of two systems on the
    same items, hand over the differences: that is the paired interval.

    Args:
        values: (n,) finite, n >= 2.
        level: confidence, 0 < level < 1.

    >>> [round(end, 2) for end in mean_interval(np.array([1.0, 2.0, 3.0]))]
    [2.0, -0.48, 4.48]
    """
    _check_level(level)
    values = _values(values, at_least=2)
    half = float(stats.t.ppf((1 + level) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    mean = float(values.mean())
    return Interval(mean, mean - half, mean + half)


def absolute_interval(difference: float, error: float, *, level: float = 0.95) -> Interval:
    """The size of a normal difference, whatever its sign, with its interval.

    It holds every size under which the one found is not among those that are least to be expected: above only for sizes near 0,
    since no difference speaks against 0 by being small, by and by on both sides for larger ones. So it covers as often as it says
    where the interval of the difference, cut at 0, would cover up to 97.5 % instead of 95 %.

    Args:
        difference: as found.
        error: its standard error, > 0.
        level: confidence, 0 < level < 1.

    Source: the passage follows Feldman and Cousins, Physical Review D 57 (1998).

    >>> [[round(end, 2) for end in absolute_interval(found, 1.0)] for found in (0.0, 2.0, -9.0)]
    [[0.0, 0.0, 1.64], [2.0, 0.2, 3.96], [9.0, 7.04, 10.96]]
    """
    _check_level(level)
    if not 0 < error < math.inf:
        raise InputError(f"an interval needs a standard error above 0, got {error}")
    found, miss = abs(difference) / error, 1 - level
    one_sided, two_sided = max(float(special.ndtri(level)), 0.0), float(special.ndtri((1 + level) / 2))

    def below(size: float) -> float:
        return miss / 2 * min(max((size - one_sided) / two_sided, 0.0), 1.0)

    def too_small(size: float) -> float:
        return float(special.ndtr(size - found) + special.ndtr(-found - size)) - (miss - below(size))

    def too_large(size: float) -> float:
        return float(special.ndtr(found - size) - special.ndtr(-found - size)) - below(size)

    far = found + one_sided + 2 * two_sided
    low = 0.0 if too_small(0.0) >= 0 else float(optimize.brentq(too_small, 0.0, far))
    high = float(optimize.brentq(too_large, one_sided, far))
    return Interval(abs(difference), low * error, high * error)


def positive_interval(value: float, error: float, *, level: float = 0.95) -> Interval:
    """A quantity that is not negative and errs in proportion to itself, with the interval of its logarithm.

    It is never below 0, and reaches further above the value than below it. How a value errs in proportion that is less than its
    error is not known: its upper end passes to that of the normal interval, which it has at 0.

    Args:
        value: >= 0.
        error: its standard error, >= 0.
        level: confidence, 0 < level < 1.

    >>> [[round(end, 2) for end in positive_interval(value, 0.5)] for value in (0.0, 0.5, 1.0)]
    [[0.0, 0.0, 0.98], [0.5, 0.07, 3.55], [1.0, 0.38, 2.66]]
    """
    _check_level(level)
    if not (0 <= value < math.inf and 0 <= error < math.inf):
        raise InputError(f"an interval of a logarithm needs a value and an error from 0, got {value} and {error}")
    width = float(special.ndtri((1 + level) / 2))
    if value > error:
        factor = math.exp(width * error / value)
        return Interval(value, value / factor, value * factor)
    factor = math.exp(width)
    return Interval(value, value / factor, width * error + (factor - width) * value)


def bootstrap_interval(
    values: NDArray[np.float64],
    statistic: Callable[[NDArray[np.float64]], float] = lambda sample: float(np.mean(sample)),
    *,
    seed: int,
    resamples: int = 2000,
    level: float = 0.95,
) -> Interval:
    """A statistic of independent rows with its bias-corrected and accelerated bootstrap interval.

    For smooth statistics of independent rows. It is wrong for statistics that see copies of a row as near-duplicates (nearest
    neighbours, kernel and Fréchet distances): those have intervals of their own.

    Args:
        values: (n,) or (n, d), one row an independent draw, n >= 2.
        statistic: from such an array to a number.
        seed: of the resampling.
        resamples: bootstrap draws.
        level: confidence, 0 < level < 1.

    Returns:
        The statistic of ``values`` and the interval; all three equal where every resample gives the same number.

    Source: Efron, JASA 82 (1987); computed by scipy.stats.bootstrap.

    >>> interval = bootstrap_interval(np.arange(100.0), seed=0)
    >>> interval.low < 49.5 < interval.high
    True
    """
    _check_level(level)
    values = _values(values, at_least=2)
    value = float(statistic(values))
    positions = np.arange(len(values))

    def of_positions(chosen: NDArray[np.intp]) -> float:
        return float(statistic(values[chosen]))

    draws = generator(seed, "bootstrap")
    spread = [of_positions(draws.choice(positions, len(positions))) for _ in range(20)]
    if min(spread) == max(spread) == value:
        return Interval(value, value, value)
    result = stats.bootstrap(
        (positions,), of_positions, n_resamples=resamples, confidence_level=level, method="BCa", vectorized=False, rng=draws
    ).confidence_interval
    return Interval(value, min(value, float(result.low)), max(value, float(result.high)))


def _values(values: NDArray[np.float64], at_least: int) -> NDArray[np.float64]:
    values = np.asarray(values, dtype=np.float64)
    if len(values) < at_least:
        raise ShapeError(f"an interval needs at least {at_least} values, got {len(values)}")
    if not np.isfinite(values).all():
        raise InputError("an interval needs finite values, got NaN or infinity")
    return values


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise InputError(f"the level must lie between 0 and 1, got {level}")
