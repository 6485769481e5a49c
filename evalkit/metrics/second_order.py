"""The error of figures that are squared distances between means, from equal laws to laws far apart."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalkit.statistics.shared_reference import SharedReference
from evalkit.statistics.squared import SquaredDistance

Array = NDArray[np.float64]


# How much of what equal laws show on average is added to what was seen.
_DRAWN = 0.25
# From so many standard deviations of equal laws on, a figure's own rows tell how its variance grows.
_AWAY = 3.0


class Noise(NamedTuple):
    """What influences owe to the rows that they were computed from.

    Attributes:
        reference, generated: what each side's variance, over its rows, owes to its own rows.
        shared: what either owes to the other's, the same for both, >= 0.
        degrees: in how many directions the rows vary, about, see :func:`degrees`.
    """

    reference: float
    generated: float
    shared: float
    degrees: float = 1.0


class Tempered(NamedTuple):
    """What the error of a squared distance is made of.

    Attributes:
        reference, generated: influences of each side's rows, for paired differences.
        further: variance that these lack, >= 0.
        squared: how the figure errs, for its interval; None where nothing varies.
        plain: how it errs with its bias left in, and without what else it rests on; None likewise.
        pair: what a difference from another generator's figure needs; None likewise.
    """

    reference: Array
    generated: Array
    further: float
    squared: SquaredDistance | None
    plain: SquaredDistance | None
    pair: SharedReference | None


def tempered(
    influences: tuple[Array, Array],
    noise: Noise,
    plug_in: float,
    *,
    at_equality: float,
    besides: float = 0.0,
) -> Tempered:
    """Both sides' influences with variances that are right near equality too, and how the figure errs.

    A squared distance between two means (MMD, and Fréchet to second order) errs twice: linearly, by its influences, and by a
    squared term, which alone is left where the two laws are equal. Influences that are computed from the same rows hold noise.
    That noise adds ``noise`` to their variance, and the squared term has half as much. So the influences are scaled to lose half of
    the noise: they then carry both terms, and in a paired difference what the two generators share still cancels. Where chance made
    the influences smaller than their noise, they keep half of what they are, and what is lacking to the squared term's variance is
    returned as further variance.

    The variance grows with the figure, by (the influences' variance) / ``plug_in`` for each unit. Chance makes both small together,
    so that the quotient is drawn to what it is for equal laws: as if a fourth of what they show had been seen besides. Far from
    equality, laws differ in one direction, and the variance along it has little to do with that of equal laws, which is over all
    directions: there what equal laws show is left out, by and by, of the influences' variance and of the figure.

    Args:
        influences: of each side's rows, (n,) and (m,), as computed from them, mean 0.
        noise: of the influences.
        plug_in: the figure before its bias is taken out, >= 0.
        at_equality: what that is on average where laws are equal: its bias.
        besides: variance of what else the figure rests on, such as directions that were drawn, >= 0.

    >>> rows = np.array([-3.0, 3.0, -3.0, 3.0])
    >>> found = tempered((rows, 0 * rows), Noise(1.0, 0.0, 0.0), plug_in=3.0, at_equality=1.0)
    >>> float(found.reference.var(ddof=1) / 4), found.squared.noise, found.squared.slope
    (2.5, 0.5, 1.0)
    """
    raw, shared = [float(rows.var(ddof=1)) / len(rows) for rows in influences], max(noise.shared, 0.0)
    noises = [max(own + shared, 0.0) for own in noise[:2]]
    squares, bias = sum(noises) / 2, max(at_equality, 0.0)
    slope = _slope(sum(raw), 2 * squares, plug_in - bias, bias)
    first, second = (tempering(*sizes) for sizes in zip(raw, noises, strict=True))
    lacking = sum(max(known - found, 0.0) / 2 for known, found in zip(noises, raw, strict=True))
    scaled = influences[0] * first, influences[1] * second
    if not squares + besides > 0 < slope:
        return Tempered(*scaled, lacking + besides, None, None, None)
    pair = SharedReference(shared, noise.degrees, besides, (first, second))
    plain = SquaredDistance(squares, slope, bias) if squares > 0 else None
    return Tempered(*scaled, lacking + besides, SquaredDistance(squares + besides, slope), plain, pair)


def _slope(raw: float, noise: float, figure: float, bias: float) -> float:
    """By how much the variance grows for each unit of the figure; 0 where nothing varies."""
    near, far = _AWAY**2 * noise / 2, max(figure, 0.0) ** 2
    of_equal = (1 + _DRAWN) * (near / (near + far) if near + far > 0 else 1.0)
    seen = figure + of_equal * bias
    return max(raw - (1 - of_equal) * noise, _DRAWN * of_equal * noise) / seen if seen > 0 else 0.0


def tempering(raw: float, noise: float) -> float:
    """The factor by which influences lose half of their noise, and at most half of what they are.

    Args:
        raw: variance of the influences' mean, >= 0.
        noise: what it owes to the rows that the influences were computed from, >= 0.

    >>> tempering(4.0, 1.0) ** 2
    0.875
    """
    return math.sqrt(max(1 - noise / raw / 2, 0.5)) if raw > 0 else 1.0


def degrees(products: Array) -> float:
    """In how many directions rows vary, about: of the chi-squared variable as which the noise of their influences varies.

    It is (the sum of the squared variances)² over the sum of their fourth powers. Few rows of heavy tails make it too large.

    Args:
        products: (n, m) of reference with generated rows, of which a squared distance between means is made; n > 1, m > 1.

    >>> draw = np.random.default_rng(0)
    >>> round(degrees(draw.normal(size=(200, 5)) @ draw.normal(size=(5, 200))), 1)
    4.8
    """
    largest = float(np.abs(products).max())
    if not largest > 0:
        return 1.0
    products = products / largest
    # Each from its own rows of the other side, so that no product meets itself.
    half = products.shape[1] // 2
    meets = np.multiply(*(part @ part.T / half for part in (products[:, :half], products[:, half : 2 * half])))
    fourth = float(meets.sum() - np.trace(meets)) / (len(meets) * (len(meets) - 1))
    most, squared = float(min(products.shape)), float((products**2).mean())
    return min(max(squared**2 / fourth, 1.0), most) if fourth > 0 else most
