"""The error of figures that are squared distances between means, from equal laws to laws far apart."""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Squared half of the normal quantile of 95 % intervals.
_QUARTER = 1.96**2 / 4
# Of the squared term's standard deviation at equality: no smaller figure says how the variance grows.
_LEAST_PLUG_IN = 0.1


def tempered(influences: tuple[Array, Array], noise: tuple[float, float], plug_in: float) -> tuple[Array, Array, float]:
    """Both sides' influences with variances that are right near equality too, and the variance that they lack.

    A squared distance between two means (MMD, and Fréchet to second order) errs twice: linearly, by its influences, and by a
    squared term, which alone is left where the two laws are equal. Influences that are computed from the same rows hold noise.
    That noise adds ``noise`` to their variance, and the squared term has half as much. So the influences are scaled to lose half of
    the noise: they then carry both terms, and in a paired difference what the two generators share still cancels.

    Where chance made the influences smaller than their noise, they keep half of what they are, and what is lacking to the squared
    term's variance is returned as further variance. To it comes another term, since the variance grows with the figure: by about
    a = (the influences' variance) / ``plug_in`` for each unit, so that a figure that came out too small has too small an error too.
    The interval of all true values that could well give the figure (Wilson's way for shares) takes that into account with
    (1.96 a / 2)². Intervals thus err to the wide side at equality, by a fourth to a half; the term vanishes beside the rest where
    the distance is many errors long. A ``plug_in`` that chance, or the same rows on both sides, made all but 0 is taken as a tenth
    of the squared term's standard deviation, since a quotient by it could be anything.

    Args:
        influences: of each side's rows, (n,) and (m,), as computed from them, mean 0.
        noise: what each side's variance, over its rows, owes to the rows that the influences were computed from, >= 0.
        plug_in: the figure before its bias is taken out, >= 0.

    Returns:
        Both sides' influences, scaled, and the further variance, >= 0.

    >>> rows = np.array([-3.0, 3.0, -3.0, 3.0])
    >>> first, second, further = tempered((rows, 0 * rows), (1.0, 0.0), plug_in=3.0)
    >>> float(first.var(ddof=1) / 4), round(further, 4)
    (2.5, 0.9604)
    """
    raw = [float(rows.var(ddof=1)) / len(rows) for rows in influences]
    least = max(plug_in, _LEAST_PLUG_IN * math.sqrt(max(sum(noise), 0.0) / 2))
    slope = sum(raw) / least if least > 0 else 0.0
    first, second = (_scaled(rows, *sizes) for rows, *sizes in zip(influences, raw, noise, strict=True))
    lacking = sum(max(known - found, 0.0) / 2 for known, found in zip(noise, raw, strict=True))
    return first, second, lacking + _QUARTER * slope**2


def _scaled(influences: Array, raw: float, noise: float) -> Array:
    return influences * math.sqrt(max(1 - max(noise, 0.0) / raw / 2, 0.5)) if raw > 0 else influences
