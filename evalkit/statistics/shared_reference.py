"""How far two generators' figures vary from each other that were held against the same reference rows."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
Influences = tuple[Array, Array]

# A difference that chance shows more rarely is one of the generators, the surer the more rarely.
_BY_CHANCE = 0.05


@dataclass(frozen=True)
class SharedReference:
    """What a figure tells of its difference from that of another generator.

    Attributes:
        by_chance: what the variance of the reference's mean influence owes to the generated rows, where laws are equal, >= 0.
        degrees: of the chi-squared variable, over its degrees, as which that variance then varies, >= 1: in how many directions
            the laws vary, about.
        besides: variance of what else the figure rests on, such as directions that were drawn, >= 0.
        scales: by what the influences of reference and generated rows were multiplied, > 0.
        squared: whether the figure is a squared distance, else it is a mean over generated rows, given the reference.
    """

    by_chance: float = 0.0
    degrees: float = 1.0
    besides: float = 0.0
    scales: tuple[float, float] = (1.0, 1.0)
    squared: bool = True

    def grouped(self, ratio: float) -> "SharedReference":
        """Of rows that come in groups, which make the influences' variance so many times as large."""
        return replace(self, by_chance=self.by_chance * ratio**2)


def variance_of_difference(first: Influences, second: Influences, of_first: SharedReference, of_second: SharedReference) -> float:
    """Of two generators' figures that were held against the same reference rows.

    Of squared distances: with the errors x, a and b of the three means the difference is (a - b)·(a + b - 2 x). Where both
    generators have one law, a - b is independent of the other factor, pooled over the generators. So, given that factor, the
    difference is normal around 0, with the variance of rows along it: from equal laws to laws far apart. Of means over generated
    rows the reference cancels there, and theirs is all the variance.

    Where the generators differ, the reference's rows vary along a - b besides. By chance a - b is never 0, and the difference of
    squared distances is large whenever it is: did all of it count, equal generators would hardly ever be called different where
    laws vary in few directions. So it counts only as far as chance would rarely show as much, less what chance shows on average.
    How large a - b is, the reference's influences tell: in nothing else do they differ between generators.

    No variance is right both for equal generators and for all that are equally far. Near equality, where laws vary in one or two
    directions, equal ones are called different in fewer than 5 %, and some that differ, equally far, in up to three times as many.

    Args:
        first: influences of the reference's and the generated rows on the first figure, as they were scaled.
        second: on the second figure, the reference rows in the same order.
        of_first: what the first figure tells.
        of_second: what the second does, of the same kind.

    >>> error, draw = SharedReference(by_chance=0.01), np.random.default_rng(0)
    >>> reference, rows = draw.normal(size=100), draw.normal(size=50)
    >>> round(variance_of_difference((reference, rows), (reference, rows), error, error), 4)
    0.0369
    """
    pair = _unscaled(first, of_first), _unscaled(second, of_second)
    by_chance, apart = of_first.by_chance + of_second.by_chance, _share(pair[0][0] - pair[1][0])
    degrees = (of_first.degrees + of_second.degrees) / 2
    rarely = float(stats.chi2.sf(degrees * apart / by_chance, degrees)) if by_chance > 0 else 0.0
    differ = max(1 - rarely / _BY_CHANCE, 0.0)
    if not of_first.squared:
        of_generated = _share(pair[0][1]) + _share(pair[1][1])
        return of_generated + differ * max(apart - by_chance, 0.0) + of_first.besides + of_second.besides
    found = differ * _of_different(*pair, by_chance, apart) + (1 - differ) * _of_equal(*pair)
    n, m, k = (len(rows) for rows in (pair[0][0], pair[0][1], pair[1][1]))
    # Of generators of different sizes a part of |a - b|² is left over.
    uneven = ((m - k) / (m + k)) ** 2 * by_chance * n * (1 / m + 1 / k) / 2
    return found + uneven + of_first.besides + of_second.besides


def _of_equal(first: Influences, second: Influences) -> float:
    """The rows' variance along the pooled factor, from the reference's rows, as much larger as generated rows' variances are."""
    (ours, a), (also_ours, b) = first, second
    part = len(a) / (len(a) + len(b))
    of_reference, of_generated = ours.var(ddof=1) + also_ours.var(ddof=1), a.var(ddof=1) + b.var(ddof=1)
    if of_reference == 0:
        return _share(a) + _share(b)
    along = float((part * ours + (1 - part) * also_ours).var(ddof=1))
    return along * float(of_generated / of_reference) * (1 / len(a) + 1 / len(b))


def _of_different(first: Influences, second: Influences, by_chance: float, apart: float) -> float:
    """All that the rows show, less what it owes to chance on average."""
    (ours, a), (_, b) = first, second
    of_generated, part = _share(a) + _share(b), len(a) / (len(a) + len(b))
    owed = (1 + len(ours) * ((1 - part) ** 2 / len(a) + part**2 / len(b))) * by_chance
    return max(of_generated + apart - owed, of_generated / 2)


def _unscaled(influences: Influences, error: SharedReference) -> Influences:
    return influences[0] / error.scales[0], influences[1] / error.scales[1]


def _share(influences: Array) -> float:
    return float(influences.var(ddof=1)) / len(influences)
