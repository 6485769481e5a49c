"""Fréchet distance: how far the means and covariances of features lie apart."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.seeds import generator
from evalkit.metrics.coupling import Array, Coupling, Side, root, root_trace
from evalkit.metrics.moments import Moments
from evalkit.metrics.pairs import checked_pair, shuffled
from evalkit.metrics.second_order import Noise, Tempered, degrees, tempered
from evalkit.statistics.influence import Estimate

# The variance of second order is a mean over pairs of rows: those of so many rows a side are plenty.
_PAIRED_ROWS = 256
# What it loses to the fit of the shared coordinates is told by so many halves, and not believed to be more than a third.
_NOISY_HALVES, _LARGEST_GROWTH = 2, 1.5
# By such a share of itself the bias that is left may differ between generators.
_LEFT_APART = 1 / 4
_PLAIN = "plug-in; its bias is left in, so the interval is of its expectation with {n} reference and {m} generated rows"
_CORRECTED = "plug-in less its bias, to order 1/n by moments of order four, to order 1/n² by halves ({splits} splits); n={n}, m={m}"


def frechet_distance(reference: Moments, generated: Moments, *, reference_root: Array | None = None) -> float:
    """The Fréchet (2-Wasserstein) distance of two normal laws, squared as is usual: |mu1 - mu2|² + tr(S1 + S2 - 2 (S1 S2)^1/2).

    This is FID's formula, on any features. It is 0 for equal means and covariances, whatever else differs, and is in squared units
    of the features. Computed from samples it is too large by about C / rows, where C grows with the square of the number of
    features: figures from different numbers of rows say nothing about each other. :class:`Frechet` takes that bias out.

    Only symmetric problems are solved, so no imaginary part or negative value arises, and singular covariances (fewer rows than
    features, constant features) need no added diagonal.

    Args:
        reference: two rows or more.
        generated: two rows or more, as many features.
        reference_root: ``covariance_root(reference)``, to be computed once for many generators.

    Returns:
        The distance, >= 0; lower is better.

    Raises:
        ShapeError: fewer than two rows a side, or other features.

    Source: Dowson and Landau, Journal of Multivariate Analysis 12 (1982); Heusel et al., NeurIPS 2017.

    >>> three = Moments.of([[2.0, 2.0], [1.0, 2.0], [1.0, 2.0]])
    >>> round(frechet_distance(Moments.of([[1.0, 2.0]] * 3), three), 4)
    0.4444
    """
    if reference.mean.shape != generated.mean.shape:
        raise ShapeError(f"a Fréchet distance needs the same features, got {len(reference.mean)} and {len(generated.mean)}")
    half = covariance_root(reference) if reference_root is None else reference_root
    other = covariance_root(generated)
    step, product = reference.mean - generated.mean, half.T @ other
    shared = root_trace(product @ product.T if len(product) <= product.shape[1] else product.T @ product)
    return max(float(step @ step + (half**2).sum() + (other**2).sum() - 2 * shared), 0.0)


def covariance_root(moments: Moments) -> Array:
    """A (d, r) with A A' the covariance: the reference's part of a Fréchet distance."""
    return root(moments.covariance)


def frechet_distance_of_rows(reference: ArrayLike, generated: ArrayLike) -> float:
    """The same distance from feature arrays. Where rows are fewer than features it costs n m d instead of d³.

    Raises:
        ShapeError: fewer than two rows a side, or other features.
        InputError: a value is missing, infinite or huge.

    >>> round(frechet_distance_of_rows([[1.0, 2.0]] * 3, [[2.0, 2.0], [1.0, 2.0], [1.0, 2.0]]), 4)
    0.4444
    """
    return Coupling.of(*checked_pair(reference, generated, what="a Fréchet distance", fewest=2)).distance


class WithoutBias(NamedTuple):
    """A Fréchet distance less its bias, and what its error rests on.

    Attributes:
        value: the distance, 0 on average for equal laws.
        left: square of what the correction may leave of the bias.
        chance: variance of the splits by which it is made.
        whole: both sides in shared coordinates.
        noise: of their influences.
    """

    value: float
    left: float
    chance: float
    whole: Coupling
    noise: Noise

    def error(self, *, besides: float) -> Tempered:
        """How the figure errs that also has the variance ``besides``, see :func:`tempered`."""
        influences = self.whole.influences(self.whole.reference), self.whole.influences(self.whole.generated)
        return tempered(influences, self.noise, self.whole.distance, at_equality=self.whole.distance - self.value, besides=besides)


@dataclass(frozen=True)
class Frechet:
    """Fréchet distance with and without its bias, with intervals; see :func:`frechet_distance`.

    ``frechet`` estimates the distance of the two laws: it is 0 on average for equal laws and may be negative, and does not depend
    on the number of rows. ``frechet_plain`` is the figure that other packages print, for comparison with theirs at the same numbers
    of rows; its interval is of what it is on average at these numbers, and no comparison rests on it.

    The interval of ``frechet`` is widened by what the correction may leave of the bias, and by the chance of its splits. With fewer
    rows than features much of the bias is left in and the interval is wide, beyond all use with half as many: use fewer features or
    kernel distances there.
    ``tests/benchmarks/metrics_coverage.py`` measures how often they hold.

    Attributes:
        splits: random splits into halves from which bias of order 1/n² is taken out, >= 2. Each costs two more distances.
    """

    splits: int = 2

    def __post_init__(self) -> None:
        if self.splits < 2:
            raise InputError(f"splits must be 2 or more, got {self.splits}")

    def estimates(self, reference: Array, generated: Array, *, seed: int) -> Mapping[str, Estimate]:
        """Both figures.

        Raises:
            ShapeError: fewer than four rows a side, or other features.
            InputError: a value is missing, infinite or huge.
        """
        found = self.without_bias(reference, generated, seed=seed)
        besides, above = found.left + found.chance, (0.0, math.inf)
        error, sizes = found.error(besides=besides), {"n": len(reference), "m": len(generated)}
        # Equal generators have the same of the bias left, and the reference's halves.
        apart = found.left * _LEFT_APART**2 + found.chance * not_shared(**sizes)
        pair = error.pair and replace(error.pair, besides=apart)
        method, as_is = _CORRECTED.format(splits=self.splits, **sizes), _PLAIN.format(**sizes)
        return {
            "frechet": Estimate(found.value, "lower", method, *error[:3], above, error.squared, pair=pair),
            "frechet_plain": Estimate(
                found.whole.distance, "neither", as_is, *error[:2], error.further - besides, above, error.plain
            ),
        }

    def without_bias(self, reference: Array, generated: Array, *, seed: int) -> WithoutBias:
        """The distance less its bias, and what its error rests on.

        Raises:
            ShapeError: fewer than four rows a side, or other features.
            InputError: a value is missing, infinite or huge.
        """
        reference, generated = checked_pair(reference, generated, what="a Fréchet distance with an interval", fewest=4)
        whole = Coupling.of(reference, generated)
        halves, noises = list[float](), list[Noise]()
        for half in self._halves(reference, generated, seed):
            halves.append(half.distance - half.bias)
            if len(noises) < _NOISY_HALVES:
                noises.append(_noise(half, seed))
        of_splits = np.reshape(halves, (self.splits, 2)).mean(axis=1)
        less = (whole.distance - whole.bias - float(of_splits.mean())) / 3
        # The bias falls off about as a geometric series in features over rows: what its third term is, a third of may be left.
        left = less**2 / whole.bias / 3 if whole.bias > 0 else 0.0
        # With few rows for the features it does not; then a share of the whole correction is left, which grows about so.
        varied = int(((np.ptp(reference, axis=0) > 0) | (np.ptp(generated, axis=0) > 0)).sum())
        over = varied / min(len(reference), len(generated))
        crowded = (whole.bias - less) / 3 * over**2 * math.sqrt(min(over, 1.0))
        chance = float(of_splits.var(ddof=1)) / self.splits / 9
        noise = _unfitted(_noise(whole, seed), noises)
        return WithoutBias(whole.distance - whole.bias + less, left**2 + crowded**2, chance, whole, noise)

    def _halves(self, reference: Array, generated: Array, seed: int) -> Iterator[Coupling]:
        for split in range(self.splits):
            # Keyed by side, so that generators of other sizes are held against the same halves of the reference.
            ours = shuffled(reference, generator(seed, "frechet", "reference", split))
            theirs = shuffled(generated, generator(seed, "frechet", "generated", split))
            for part in range(2):
                yield Coupling.of(ours[part::2], theirs[part::2])


def not_shared(n: int, m: int) -> float:
    """Which share of the variance of random divisions two generators' figures have each for itself, of n and m rows.

    >>> not_shared(100, 100)
    0.75
    """
    return 1 - (m / (n + m)) ** 2


def _noise(whole: Coupling, seed: int) -> Noise:
    n, m = len(whole.reference.rows), len(whole.generated.rows)
    rows, others = _chosen(n, seed, "reference"), _chosen(m, seed, "generated")
    of_reference = _mean_square(whole, whole.reference, rows)
    of_generated = _mean_square(whole, whole.generated, others)
    across = whole.products(whole.reference, whole.generated, rows, others)
    shared = 4 * float((across**2).mean()) / (n * m)
    return Noise(4 * of_reference / n**2, 4 * of_generated / m**2, shared, degrees(across))


def _unfitted(noise: Noise, of_halves: Sequence[Noise]) -> Noise:
    """What the noise is of rows that the shared coordinates were not fitted to.

    Rows that they were fitted to have smaller products: the noise of all rows is taken to lack the factor by which it is larger,
    for their number, than that of halves.
    """
    halves = np.mean([half[:3] for half in of_halves], axis=0)

    def grown(whole: float, half: float) -> float:
        return whole * min(max(4 * whole / half, 1.0), _LARGEST_GROWTH) if whole > 0 and half > 0 else whole

    reference, generated, shared = (grown(*pair) for pair in zip(noise[:3], halves.tolist(), strict=True))
    return Noise(reference, generated, shared, noise.degrees)


def _mean_square(whole: Coupling, side: Side, rows: NDArray[np.intp]) -> float:
    """Of the products of different rows."""
    squares = whole.products(side, side, rows, rows) ** 2
    return float(squares.sum() - np.trace(squares)) / (len(rows) * (len(rows) - 1))


def _chosen(n: int, seed: int, side: str) -> NDArray[np.intp]:
    return np.asarray(generator(seed, "frechet", "pairs", side).permutation(n)[:_PAIRED_ROWS], dtype=np.intp)
