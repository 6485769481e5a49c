"""Sliced Wasserstein distance (MIND): how far features lie apart along random directions."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import InputError
from evalkit.core.seeds import generator
from evalkit.metrics.pairs import checked_pair
from evalkit.metrics.second_order import Noise, degrees, tempered
from evalkit.statistics.influence import Estimate

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

_BLOCK = 64
_SPLITS = 3
# The variance of second order is a mean over pairs of rows: those of so many rows a side are plenty.
_PAIRED_ROWS, _LEVELS = 256, 32
# So many whole sets of orthogonal directions show how figures differ from set to set.
_FEWEST_SETS = 8
_SIZES = "{count} directions, n={n}, m={m}; influences along the directions, and the spread of directions"
_CORRECTED = "plug-in less its bias by halves; " + _SIZES
_PLAIN = "plug-in; its bias is left in, so the interval is of its expectation; " + _SIZES


def sliced_wasserstein(reference: ArrayLike, generated: ArrayLike, *, projections: int = 1000, seed: int = 0) -> float:
    """MIND: 3 d times the mean, over random directions, of the squared Wasserstein-2 distance of the rows' projections.

    0 for equal samples only, symmetric, in squared units of the features; a shift by s gives 3 |s|², whatever the number d of
    features. Computed from samples it is too large, by about C / rows: compare figures of equal numbers of rows, or see
    :class:`SlicedWasserstein`. Samples of different sizes are matched quantile by quantile, no row is left out.

    Args:
        reference: (n, d) finite.
        generated: (m, d) finite.
        projections: directions, in sets of d orthogonal ones, which spread more evenly than independent ones do; so their number
            is rounded up to whole sets where it exceeds d.
        seed: of the directions.

    Returns:
        The distance, >= 0; lower is better.

    Raises:
        ShapeError: no rows, or other features.
        InputError: a value is missing, infinite or huge, or there are no projections.

    Source: Bonneel et al., Journal of Mathematical Imaging and Vision 51 (2015), Rowland et al., AISTATS 2019 (orthogonal
    directions); the factor 3 d and 1000 directions are MIND's.

    >>> rows = np.random.default_rng(0).normal(size=(50, 4))
    >>> round(sliced_wasserstein(rows, rows + 0.5), 4)
    3.0
    """
    ours, theirs = _centred(*checked_pair(reference, generated, what="a sliced Wasserstein distance", fewest=1))
    blocks = _directions(ours.shape[1], projections, seed)
    match = Matching.of(len(ours), len(theirs))
    costs = [match.costs(np.sort(ours @ block, axis=0), np.sort(theirs @ block, axis=0)) for block in blocks]
    return float(3 * ours.shape[1] * np.concatenate(costs).mean())


@dataclass(frozen=True, eq=False)
class Matching:
    """Which quantiles of two sorted samples belong together: the cheapest way to turn one into the other along a line.

    Attributes:
        weights: (k,) shares of either sample, sum 1.
        first, second: (k,) places in the sorted samples, not falling.
    """

    weights: Array
    first: Rows
    second: Rows

    @classmethod
    def of(cls, n: int, m: int) -> "Matching":
        """Of samples of n and m rows.

        >>> match = Matching.of(2, 3)
        >>> (6 * match.weights).round().tolist(), match.first.tolist(), match.second.tolist()
        ([2.0, 1.0, 1.0, 2.0], [0, 0, 1, 1], [0, 1, 1, 2])
        """
        # In units of 1 / (n m), in which all edges are whole.
        edges = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
        return cls(np.diff(edges, prepend=0) / (n * m), (edges - 1) // m, (edges - 1) // n)

    def costs(self, first: Array, second: Array) -> Array:
        """Squared Wasserstein-2 distances of sorted columns, (n, b) and (m, b), column by column, (b,)."""
        return np.asarray(self.weights @ (first[self.first] - second[self.second]) ** 2)

    def images(self, first: Array, second: Array) -> tuple[Array, Array]:
        """Where each sorted value is moved to on average, of either sample: (n, b) and (m, b)."""
        return self._mean(second[self.second], self.first), self._mean(first[self.first], self.second)

    def _mean(self, values: Array, places: Rows) -> Array:
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        sums = np.add.reduceat(self.weights[:, None] * values, starts, axis=0)
        return np.asarray(sums * len(starts))


@dataclass(frozen=True)
class SlicedWasserstein:
    """Sliced Wasserstein distance with and without its bias, with intervals; see :func:`sliced_wasserstein`.

    ``sliced_wasserstein`` has most of the bias of few rows taken out and may be negative; with heavy tails part of it is left.
    ``mind`` is the figure that others print, for comparison with theirs at equal numbers of rows. Features weigh by their spread,
    and what no single direction shows much of, such as dependence among many features, weighs little.

    A row's influence is how far it moves the cost along a direction (Kantorovich's potential), averaged over the directions.
    Intervals include the chance of the directions; near equality they are a little wider than they have to be.

    Attributes:
        projections: directions, rounded up to whole sets of orthogonal ones.

    Source: Sommerfeld and Munk, Journal of the Royal Statistical Society B 80 (2018), for the influences.
    """

    projections: int = 1000

    def __post_init__(self) -> None:
        _checked(self.projections)

    def estimates(self, reference: Array, generated: Array, *, seed: int) -> Mapping[str, Estimate]:
        """Both figures.

        Raises:
            ShapeError: fewer than four rows a side, or other features.
            InputError: a value is missing, infinite or huge.
        """
        pair = checked_pair(reference, generated, what="a sliced Wasserstein distance with an interval", fewest=4)
        found = _measured(*_centred(*pair), self.projections, seed)
        plain, corrected = found.costs.mean(axis=1)
        sizes, above = {"count": found.costs.shape[1], "n": len(pair[0]), "m": len(pair[1])}, (0.0, math.inf)
        d, taken = pair[0].shape[1], float(plain - corrected)
        of_plain, of_directions = (_spread(costs, d) for costs in found.costs)
        besides = of_directions + found.of_halves
        influences = found.reference, found.generated
        error = tempered(influences, found.noise, float(plain), at_equality=taken, besides=besides)
        as_it_is = error.plain and replace(error.plain, noise=error.plain.noise + of_plain)
        method, as_is = _CORRECTED.format(**sizes), _PLAIN.format(**sizes)
        return {
            "sliced_wasserstein": Estimate(float(corrected), "lower", method, *error[:3], above, error.squared, pair=error.pair),
            "mind": Estimate(float(plain), "neither", as_is, *error[:2], error.further - besides + of_plain, above, as_it_is),
        }


class _Measured(NamedTuple):
    """All directions' sums.

    Attributes:
        costs: (2, directions), as they are and without bias.
        reference, generated: influences, mean 0.
        noise: of the influences.
        of_halves: variance that the choice of halves adds to the costs without bias.
    """

    costs: Array
    reference: Array
    generated: Array
    noise: Noise
    of_halves: float


def _measured(ours: Array, theirs: Array, projections: int, seed: int) -> _Measured:
    orders = _drawn_order(ours, seed, "reference"), _drawn_order(theirs, seed, "generated")
    match, costs, influences, products, halves = Matching.of(len(ours), len(theirs)), [], [], [], []
    for block in _directions(ours.shape[1], projections, seed):
        lines = ours @ block, theirs @ block
        places = [np.argsort(line, axis=0) for line in lines]
        first, second = (np.take_along_axis(line, place, axis=0) for line, place in zip(lines, places, strict=True))
        plain, images = match.costs(first, second), match.images(first, second)
        halves.append(_of_halves(lines, orders))
        costs.append(np.stack([plain, 2 * plain - halves[-1].mean(axis=0)]))
        influences.append((_potential(first, images[0], places[0]), _potential(second, images[1], places[1])))
        products.append(_products(_shares(lines[0], first, orders[0]), _shares(lines[1], second, orders[1])))
    scale, found = 3 * ours.shape[1], np.concatenate(costs, axis=1)
    of_reference, of_generated = (scale * np.sum(side, axis=0) / found.shape[1] for side in zip(*influences, strict=True))
    means = [scale * np.sum(product, axis=0) / found.shape[1] for product in zip(*products, strict=True)]
    by_split = scale * np.concatenate(halves, axis=1).mean(axis=1)
    chance = float(by_split.var(ddof=1)) / _SPLITS
    return _Measured(scale * found, of_reference, of_generated, _noise(means, len(ours), len(theirs)), chance)


def _noise(products: list[Array], n: int, m: int) -> Noise:
    """From mean products of rows within the reference, within the generated rows, and across."""
    squares = [one**2 for one in products]
    of_reference, of_generated = (float(one.sum() - np.trace(one)) / (len(one) * (len(one) - 1)) for one in squares[:2])
    across = float(squares[2].mean())
    return Noise(4 * of_reference / n**2, 4 * of_generated / m**2, 4 * across / (n * m), degrees(products[2]))


def _products(first: Array, second: Array) -> tuple[Array, Array, Array]:
    return first @ first.T, second @ second.T, first @ second.T


def _potential(values: Array, images: Array, order: Rows) -> Array:
    """How far each row moves the cost, summed over the directions: the slope is twice the way that a value is moved."""
    ways = values - images
    steps = np.diff(values, axis=0) * (ways[1:] + ways[:-1])
    potential = np.concatenate([np.zeros_like(steps[:1]), np.cumsum(steps, axis=0)])
    potential -= potential.mean(axis=0)
    by_row = np.empty_like(potential)
    np.put_along_axis(by_row, order, potential, axis=0)
    return np.asarray(by_row.sum(axis=1))


def _shares(lines: Array, ordered: Array, order: Rows) -> Array:
    """How far each of some rows moves the quantiles, (rows, levels × directions): the square of their mean is the second order."""
    quantiles = np.quantile(ordered, np.arange(2 * _LEVELS + 1) / (2 * _LEVELS), axis=0)
    # With few rows between two quantiles the mean square of the way between them is that much larger than the square of the mean.
    slopes = np.diff(quantiles[::2], axis=0) * _LEVELS / math.sqrt(1 + _LEVELS / len(ordered))
    levels = (np.arange(_LEVELS) + 0.5)[:, None] / _LEVELS
    below = lines[order[:_PAIRED_ROWS], None] <= quantiles[1::2]
    shares = (levels - below) * slopes / math.sqrt(_LEVELS)
    return np.asarray(shares.reshape(len(shares), -1))


def _of_halves(lines: tuple[Array, Array], orders: tuple[Rows, Rows]) -> Array:
    """The mean cost of both halves of the rows, split by split and direction by direction."""
    found = []
    for split in range(_SPLITS):
        parts = []
        for part in range(2):
            ours, theirs = (np.sort(line[_half(order, split, part)], axis=0) for line, order in zip(lines, orders, strict=True))
            parts.append(Matching.of(len(ours), len(theirs)).costs(ours, theirs))
        found.append(np.mean(parts, axis=0))
    return np.array(found)


def _half(order: Rows, split: int, part: int) -> Rows:
    """Of a drawn order every second row, every second pair, every second three: splits that share about half of their rows."""
    return np.asarray(order[np.arange(len(order)) // (split + 1) % 2 == part], dtype=np.intp)


def _drawn_order(rows: Array, seed: int, side: str) -> Rows:
    """A random order that follows the values, not the rows' order, and is the reference's own for all generators."""
    drawn = generator(seed, "sliced wasserstein", side).permutation(len(rows))
    return np.asarray(np.lexsort(rows.T)[drawn], dtype=np.intp)


def _spread(costs: Array, d: int) -> float:
    """What the choice of directions adds to the variance."""
    sets = costs.reshape(-1, d).mean(axis=1) if len(costs) >= _FEWEST_SETS * d else costs
    return float(sets.var(ddof=1)) / len(sets) if len(sets) > 1 and d > 1 else 0.0


def _directions(d: int, projections: int, seed: int) -> Iterator[Array]:
    """Blocks of unit vectors in columns, in sets of orthogonal ones; one direction is enough where there is one feature."""
    count = 1 if d == 1 else max(_checked(projections), 2)
    kept = min(d, count)
    draws = generator(seed, "sliced wasserstein", "directions").normal(size=(-(-count // kept), d, kept))
    vectors = np.concatenate(np.linalg.qr(draws)[0], axis=1)
    return (vectors[:, start : start + _BLOCK] for start in range(0, vectors.shape[1], _BLOCK))


def _centred(reference: Array, generated: Array) -> tuple[Array, Array]:
    """Moved alike, so that an offset costs no digits."""
    centre = reference.mean(axis=0)
    return reference - centre, generated - centre


def _checked(projections: int) -> int:
    if projections < 1:
        raise InputError(f"a sliced Wasserstein distance needs one projection or more, got {projections}")
    return projections
