"""Intervals of squared distances, from laws that are equal to laws far apart."""

import math
from dataclasses import dataclass, replace

from scipy import optimize, special, stats

from evalkit.core.errors import InputError

# From so many degrees on, a power of the variable is as good as normal (Sankaran), and the exact series is slow.
_MANY_DEGREES = 1e4
# Over so many standard deviations of equal laws the interval passes from one-sided to two-sided.
_PASSAGE = 2.0
_LEAST_DEGREES = 1e-2
# The quantiles of smaller ones are 0.
_LEAST_SHAPE = 1e-2


@dataclass(frozen=True)
class SquaredDistance:
    """How an estimate of a squared distance between two means errs.

    Its linear error has a variance that grows with the distance, and its squared term is skewed and alone is left where the laws
    are equal. Both are those of a scaled noncentral chi-squared variable, less its mean at equality, with the same two variances.
    An interval holds every distance under which the estimate is not among the 5 % that are least to be expected: two-sided for
    distances far from 0, above only at 0, since no estimate speaks against 0 by being small.

    Attributes:
        noise: variance of the squared term, > 0.
        slope: by how much the linear error's variance grows with the distance, > 0, in units of the figure.
        bias: what is left in the estimate, which shows it of equal laws on average, >= 0. The interval is then of bias and
            distance together; where no distance is seen, its low end is that of a gamma variable's mean, since the bias is no
            better known than from such rows.

    Source: the moments are matched as Satterthwaite (Biometrics Bulletin 2, 1946) did; the passage follows Feldman and Cousins,
    Physical Review D 57 (1998).

    >>> [round(end, 2) for end in SquaredDistance(noise=1.0, slope=1.0).interval(0.0)]
    [0.0, 3.41]
    >>> [round(end) for end in SquaredDistance(noise=1.0, slope=1.0).interval(1000.0)]
    [939, 1063]
    >>> [round(end, 2) for end in SquaredDistance(noise=1.0, slope=1.0, bias=5.0).interval(5.0)]
    [3.7, 8.41]
    """

    noise: float
    slope: float
    bias: float = 0.0

    def __post_init__(self) -> None:
        if not (0 < self.noise < math.inf and 0 < self.slope < math.inf and 0 <= self.bias < math.inf):
            raise InputError(
                f"a squared distance errs by a noise and a slope above 0 about a bias from 0, got {self.noise}, {self.slope} and "
                f"{self.bias}"
            )

    def interval(self, value: float, *, level: float = 0.95) -> tuple[float, float]:
        """Smallest and largest expectation of the estimate that the estimate does not speak against."""
        if self.bias > 0:
            return self._with_bias(value, level)
        # In units of the squared term's standard deviation.
        unit, miss = math.sqrt(self.noise), 1 - level
        found, slope = value / unit, self.slope / unit

        def below(distance: float) -> float:
            return miss / 2 * min(1.0, distance / _PASSAGE)

        def too_small(distance: float) -> float:
            return _above(found, distance, slope) - (miss - below(distance))

        def too_large(distance: float) -> float:
            return 1 - _above(found, distance, slope) - below(distance)

        far = step = max(found, 0.0) + 1 + math.sqrt(slope * max(found, 0.0)) + slope
        while too_large(far) > 0 or too_small(far) < 0:
            far += step
            step *= 2
        low = 0.0 if too_small(0.0) >= 0 else float(optimize.brentq(too_small, 0.0, far))
        high = 0.0 if too_large(0.0) <= 0 else float(optimize.brentq(too_large, 0.0, far))
        return low * unit, high * unit

    def _with_bias(self, value: float, level: float) -> tuple[float, float]:
        low, high = replace(self, bias=0.0).interval(value - self.bias, level=level)
        if low == 0:
            shape = max(self.bias**2 / self.noise, _LEAST_SHAPE)
            low = min(value * shape / float(stats.gamma.ppf(level, shape)) - self.bias, 0.0)
        return self.bias + low, self.bias + high

    def grouped(self, ratio: float) -> "SquaredDistance":
        """Of rows that come in groups, which make the linear error's variance so many times as large.

        The linear variance and the bias fall with the number of rows, the squared term's variance with its square.
        """
        return SquaredDistance(self.noise * ratio**2, self.slope * ratio, self.bias * ratio)


def _above(found: float, distance: float, slope: float) -> float:
    """How often an estimate is larger than the one found, where the noise is 1."""
    scale = slope / 4
    degrees = max(1 / (2 * scale**2), _LEAST_DEGREES)
    x, away = found / scale + degrees, distance / scale
    if x <= 0:
        return 1.0
    if degrees + away < _MANY_DEGREES:
        return float(1 - special.chndtr(x, degrees, away) if away > 0 else special.chdtrc(degrees, x))
    return _sankaran(x, degrees, away)


def _sankaran(x: float, degrees: float, away: float) -> float:
    """Of a noncentral chi-squared variable: how often it is above x (Sankaran, Biometrika 50, 1963)."""
    mean, spread = degrees + away, degrees + 2 * away
    power = 1 - 2 * mean * (degrees + 3 * away) / (3 * spread**2)
    p = spread / mean**2
    m = (power - 1) * (1 - 3 * power)
    centre = 1 + power * p * (power - 1 - 0.5 * (2 - power) * m * p)
    return float(stats.norm.sf(((x / mean) ** power - centre) / (power * math.sqrt(2 * p * (1 + 0.5 * m * p)))))
