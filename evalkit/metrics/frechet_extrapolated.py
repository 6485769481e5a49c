"""Fréchet distance of samples without end (FID-infinity): a line through the distances of parts of the rows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import InputError
from evalkit.core.seeds import derive_seed, generator
from evalkit.metrics.frechet import Frechet, frechet_distance_of_rows, not_shared
from evalkit.metrics.pairs import checked_pair, shuffled
from evalkit.statistics.influence import Estimate

Array = NDArray[np.float64]

_METHOD = (
    "intercept of a line through the mean distances of {parts} sizes, the rows in 1 to {parts} disjoint parts, mean over "
    "{repeats} divisions; delta method, the spread of divisions, and how far moments lead elsewhere, beyond chance; n={n}, m={m}"
)
# Of chance, how many standard deviations are not taken as bias that is left.
_SURELY = 2.0


def parts_distances(reference: ArrayLike, generated: ArrayLike, *, parts: int = 4, seed: int = 0) -> Array:
    """Mean Fréchet distance of the k pairs of disjoint k-th parts of the rows, for k = 1, …, ``parts``.

    Each row counts as much as any other in each of the means, so that nothing but the number of rows to a distance tells them
    apart. They rise about linearly with k, which is the plain distance's bias.

    Args:
        reference: (n, d), two rows or more to a part.
        generated: (m, d).
        parts: the smallest part's share is one over this, >= 2.
        seed: of the division.

    Returns:
        (parts,) distances, >= 0.

    Raises:
        ShapeError: too few rows, or other features.
        InputError: a value is missing, infinite or huge.

    >>> draw = np.random.default_rng(0)
    >>> found = parts_distances(draw.normal(size=(400, 20)), draw.normal(size=(400, 20)))
    >>> bool((np.diff(found) > 0).all())
    True
    """
    ours, theirs = checked_pair(reference, generated, what="an extrapolated Fréchet distance", fewest=2 * parts)
    # Keyed by side, so that generators of other sizes are held against the same parts of the reference.
    first = shuffled(ours, generator(seed, "frechet extrapolated", "reference"))
    second = shuffled(theirs, generator(seed, "frechet extrapolated", "generated"))
    return np.array(
        [np.mean([frechet_distance_of_rows(first[part::k], second[part::k]) for part in range(k)]) for k in range(1, parts + 1)]
    )


@dataclass(frozen=True)
class FrechetExtrapolated:
    """FID-infinity: the Fréchet distance that more and more rows lead to, by a line in one over the number of rows.

    About 0 on average for equal laws, possibly negative, and for different numbers of rows comparable. Other packages draw a line
    through single random sub-samples of the generated rows alone and leave the reference's share of the bias in. Here both
    sides are divided, into disjoint parts, so that every row has one weight and, to first order, the line errs no more than the
    plain distance. Where the smallest parts have fewer rows than features the bias is no line: part of it is left, and the interval
    is wider by how far ``frechet`` leads elsewhere, which takes the bias out by moments and needs fewer rows. With more rows it is
    wider only as far as that is more than the chance of the divisions.

    Attributes:
        parts: numbers of rows, from all to one over this, >= 2.
        repeats: random divisions, >= 2. Each costs ``parts (parts + 1) / 2`` distances.

    Source: Chong and Forsyth, CVPR 2020.

    >>> draw = np.random.default_rng(0)
    >>> real, shifted = draw.normal(size=(400, 5)), draw.normal(1, 1, size=(400, 5))
    >>> FrechetExtrapolated().estimates(real, shifted, seed=0)["frechet_extrapolated"].interval().low > 3
    True
    """

    parts: int = 4
    repeats: int = 3

    def __post_init__(self) -> None:
        if min(self.parts, self.repeats) < 2:
            raise InputError(f"an extrapolation needs 2 parts and 2 repeats or more, got {self.parts} and {self.repeats}")

    def estimates(self, reference: Array, generated: Array, *, seed: int) -> Mapping[str, Estimate]:
        """The figure.

        Raises:
            ShapeError: fewer than two rows a side to the smallest part, or other features.
            InputError: a value is missing, infinite or huge.
        """
        sides = checked_pair(reference, generated, what="an extrapolated Fréchet distance", fewest=2 * self.parts)
        distances = np.array(
            [parts_distances(*sides, parts=self.parts, seed=derive_seed(seed, "repeat", i)) for i in range(self.repeats)]
        )
        of_line = distances @ _weights(self.parts)
        by_moments = Frechet().without_bias(*sides, seed=seed)
        divisions = float(of_line.var(ddof=1)) / self.repeats
        n, m = map(len, sides)
        # The line is no guide where the smallest parts have fewer rows than features: then all of it is taken as bias.
        chance = _SURELY**2 * divisions if min(n, m) >= self.parts * sides[0].shape[1] else 0.0
        value = float(of_line.mean())
        left = max((value - by_moments.value) ** 2 - chance, 0.0)
        error = by_moments.error(besides=divisions + left)
        # What is left of the bias is the same for equal generators, and so are products among the reference's rows.
        apart = divisions * not_shared(n, m)
        pair = error.pair and replace(error.pair, besides=apart)
        method = _METHOD.format(parts=self.parts, repeats=self.repeats, n=n, m=m)
        estimate = Estimate(value, "lower", method, *error[:3], (0.0, math.inf), error.squared, pair=pair)
        return {"frechet_extrapolated": estimate}


def _weights(parts: int) -> Array:
    """By which distances of 1, …, ``parts`` parts add up to the intercept of the line that fits them best.

    >>> _weights(4).round(3).tolist()
    [1.0, 0.5, -0.0, -0.5]
    """
    lines = np.vander(np.arange(1.0, parts + 1), 2, increasing=True)
    return np.asarray(np.linalg.pinv(lines)[0], dtype=np.float64)
