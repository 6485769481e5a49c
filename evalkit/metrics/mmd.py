"""Maximum mean discrepancy: kernel distances between samples, unbiased over all pairs, in O(rows) memory."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import ShapeError
from evalkit.metrics.pairs import checked_pair, checked_rows
from evalkit.metrics.row_kernels import Kernel, gaussian, median_bandwidth, polynomial_about, power_of_two
from evalkit.metrics.second_order import Noise, degrees, tempered
from evalkit.statistics.influence import Estimate

Array = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]

_BLOCK_ROWS, _FEWEST_ROWS, _ROWS_CENTRED = 511, 200, 64
# In how many directions rows vary is told by so many a side.
_SOME = 256
# From so many features on, products of rows are what a distance costs: they are then taken in float32.
_MANY_FEATURES = 32


class Mmd(NamedTuple):
    """One squared distance and what its error needs.

    Attributes:
        value: the unbiased estimate.
        reference: (n,) influences of the reference rows, mean 0.
        generated: (m,) influences of the generated rows, mean 0.
        noise: of the influences.
        bias: of the estimate that counts a row's kernel value with itself, less this one: that estimate is a squared distance.
    """

    value: float
    reference: Array
    generated: Array
    noise: Noise
    bias: float


def kernel_inception_distance(reference: ArrayLike, generated: ArrayLike) -> float:
    """KID's squared maximum mean discrepancy, kernel (x.y / d + 1)³, on any features, unbiased, over all pairs of rows.

    It is 0 on average for equal laws, so an estimate may be negative. It does not depend on the number of rows on average. It sees
    differences of the first three moments only, weighted by the features' scale and offset. Other packages average 100 random
    subsets of 1,000 rows (:func:`kid_subsets`): the same on average, with a larger error.

    Args:
        reference: (n, d), n >= 2.
        generated: (m, d), m >= 2.

    Returns:
        The estimate, lower is better. Relative to the reference's mean: an offset costs no digits. Accumulated in float64; of 32
        features of float32 or more, products are taken in float32, to some seven digits.

    Raises:
        ShapeError: fewer than two rows a side, or other features.
        InputError: a value is missing, infinite or huge.

    Source: Bińkowski et al., "Demystifying MMD GANs", ICLR 2018; Gretton et al., JMLR 13 (2012), lemma 6.

    >>> round(kernel_inception_distance([[0.0], [1.0]], [[1.0], [2.0]]), 4)
    9.5
    """
    ours, theirs = checked_rows(reference, generated, what="KID", fewest=2)
    single = ours.dtype == theirs.dtype == np.float32 and ours.shape[1] >= _MANY_FEATURES
    return mmd(*_for_polynomial(ours, theirs, np.float32 if single else np.float64)).value


def mmd_gaussian(reference: ArrayLike, generated: ArrayLike, *, bandwidth: float) -> float:
    """Squared maximum mean discrepancy with the kernel exp(-|x - y|² / (2 bandwidth²)), unbiased, over all pairs of rows.

    0 on average for equal laws only, so an estimate may be negative; at most 2. Differences much finer or much coarser than the
    bandwidth weigh little. Figures with different bandwidths say nothing about each other.

    Args:
        reference: (n, d), n >= 2.
        generated: (m, d), m >= 2.
        bandwidth: kernel length scale, in the units of the features, > 0; see :func:`median_bandwidth`.

    Raises:
        ShapeError: fewer than two rows a side, or other features.
        InputError: a value is missing, infinite or huge, or the bandwidth is not positive.

    Source: Gretton et al., JMLR 13 (2012), lemma 6.

    >>> round(mmd_gaussian([[0.0], [1.0]], [[0.0], [1.0]], bandwidth=1.0), 4)
    -0.3935
    """
    ours, theirs = checked_pair(reference, generated, what="MMD", fewest=2)
    centre = ours.mean(axis=0)
    return mmd(ours - centre, theirs - centre, gaussian(bandwidth)).value


def kid_subsets(
    reference: ArrayLike, generated: ArrayLike, *, subsets: int = 100, subset_size: int = 1000, seed: int = 2020
) -> tuple[float, float]:
    """Mean and population standard deviation of KID over random subsets, as torch-fidelity prints them.

    For comparison with published figures only. The standard deviation is that of one subset: it is no standard error, and does not
    shrink with more rows. The subsets, drawn with their generator and in their order, are the same.

    Raises:
        ShapeError: a side has fewer rows than ``subset_size``.

    >>> rows = np.linspace(0, 1, 12).reshape(6, 2)
    >>> [round(figure, 3) for figure in kid_subsets(rows, rows + 1, subsets=3, subset_size=4)]
    [18.051, 3.36]
    """
    ours, theirs = checked_pair(reference, generated, what="KID", fewest=2)
    if not 2 <= subset_size <= min(len(ours), len(theirs)):
        raise ShapeError(f"KID subsets need {subset_size} rows a side, got {len(ours)} and {len(theirs)}: draw more")
    # Their generator is NumPy's old one.
    draw = np.random.RandomState(seed)
    found = [
        kernel_inception_distance(
            ours[draw.choice(len(ours), subset_size, replace=False)], theirs[draw.choice(len(theirs), subset_size, replace=False)]
        )
        for _ in range(subsets)
    ]
    return float(np.mean(found)), float(np.std(found))


@dataclass(frozen=True)
class KernelDistance:
    """Kernel distances over all pairs with intervals, from equal laws to far ones; a negative value is as good as any.

    ``polynomial`` gives the figure ``kid`` (:func:`kernel_inception_distance`), ``gaussian`` the figure ``mmd``
    (:func:`mmd_gaussian`, bandwidth from the reference alone, then taken as given). From 32 features on, ``kid`` rests on products
    in float32: each errs by a ten-millionth or so, and these errors average out over the pairs.

    Attributes:
        kernel: which.
    """

    kernel: Literal["polynomial", "gaussian"] = "polynomial"

    def estimates(self, reference: Array, generated: Array, *, seed: int) -> Mapping[str, Estimate]:
        """The figure.

        Raises:
            ShapeError: fewer than four rows a side, or other features.
            InputError: a value is missing, infinite or huge, or the reference is constant and the kernel Gaussian.
        """
        checked = checked_rows if self.kernel == "polynomial" else checked_pair
        ours, theirs = checked(reference, generated, what="a kernel distance with an interval", fewest=4)
        if self.kernel == "polynomial":
            name, words, most = "kid", "kernel (x.y / d + 1)³", math.inf
            found = mmd(*_for_polynomial(ours, theirs, np.float32 if ours.shape[1] >= _MANY_FEATURES else np.float64))
        else:
            bandwidth, centre = median_bandwidth(ours, seed=seed), ours.mean(axis=0)
            name, words, most = "mmd", f"kernel exp(-|x - y|² / (2 h²)), h = {bandwidth:.6g}", 2.0
            found = mmd(ours - centre, theirs - centre, gaussian(bandwidth))
        error = tempered((found.reference, found.generated), found.noise, found.value + found.bias, at_equality=found.bias)
        return {
            name: Estimate(
                found.value, "lower", f"{words}, unbiased, all pairs", *error[:3], (0.0, most), error.squared, pair=error.pair
            )
        }


@dataclass(frozen=True)
class GaussianKernelDistance:
    """The figure ``mmd`` of :class:`KernelDistance`."""

    def estimates(self, reference: Array, generated: Array, *, seed: int) -> Mapping[str, Estimate]:
        """The figure; see there."""
        return KernelDistance("gaussian").estimates(reference, generated, seed=seed)


def _for_polynomial(reference: Rows, generated: Rows, precision: type[np.floating[Any]]) -> tuple[Rows, Rows, Kernel]:
    """Both sides about the reference's mean, and KID's kernel of them."""
    centre = reference.mean(axis=0, dtype=np.float64)
    unit = _unit(reference, generated, centre)
    first, second = (_centred(rows, centre, unit, precision) for rows in (reference, generated))
    return first, second, polynomial_about(centre, unit)


def _centred(rows: Rows, centre: Array, unit: float, precision: type[np.floating[Any]]) -> Rows:
    """Rows less the centre over the unit, some at a time: no further copy in float64."""
    found = np.empty(rows.shape, dtype=precision)
    for block in _blocks(len(rows), _ROWS_CENTRED):
        found[block] = (rows[block] - centre) / unit
    return found


def _unit(reference: Rows, generated: Rows, centre: Array) -> float:
    """A power of two that no centred coordinate exceeds, so that products fit float32."""
    ends = (end - centre for rows in (reference, generated) for end in (rows.min(axis=0), rows.max(axis=0)))
    return power_of_two(max(float(abs(end).max()) for end in ends))


def mmd(reference: Rows, generated: Rows, kernel: Kernel) -> Mmd:
    """Squared maximum mean discrepancy with influences; one block of kernel values is held at a time.

    The influence of a row is twice its mean kernel value with its own side less that with the other (Hoeffding's projection).

    Args:
        reference: (n, d), n >= 2.
        generated: (m, d), m >= 2.
        kernel: of rows in their precision.
    """
    ours, theirs, across = _within(reference, kernel), _within(generated, kernel), _across(reference, generated, kernel)
    n, m = len(reference), len(generated)
    value = kernel.unit * (ours.mean + theirs.mean - 2 * across.mean)
    first = kernel.unit * 2 * (ours.rows / (n - 1) - across.rows / m)
    second = kernel.unit * 2 * (theirs.rows / (m - 1) - across.columns / n)
    of_squares = 4 * kernel.unit**2
    of_reference, of_generated, shared = ours.square / n**2, theirs.square / m**2, across.square / (n * m)
    directions = degrees(_some_across(reference, generated, kernel))
    noise = Noise(of_squares * of_reference, of_squares * of_generated, of_squares * shared, directions)
    bias = kernel.unit * ((ours.own - ours.mean) / n + (theirs.own - theirs.mean) / m)
    return Mmd(value, first - first.mean(), second - second.mean(), noise, bias)


class _Sums(NamedTuple):
    """Of the kernel values of two sides.

    Attributes:
        mean: of all pairs.
        rows, columns: sums of each row's and each column's values.
        square: mean square of the values less what row and column explain; 0 where rows are too few to tell.
        own: mean value of a row with itself; 0 across sides.
    """

    mean: float
    rows: Array
    columns: Array
    square: float
    own: float = 0.0


def _within(rows: Rows, kernel: Kernel) -> _Sums:
    """Of the pairs of different rows of one side; each block is computed once and serves both its rows and its columns."""
    n = len(rows)
    sums, squares, own = np.zeros(n), 0.0, 0.0
    for first, others in _triangle(0, n, _BLOCK_ROWS):
        with_first = kernel.of(rows[first])
        for second in others:
            values = with_first(rows[second])
            if first == second:
                own += float(np.trace(values)) / n
                np.fill_diagonal(values, 0.0)
            else:
                sums[second] += _ones(values, 0) @ values
            sums[first] += values @ _ones(values, 1)
            squares += _square(values) * (1 if first == second else 2)
    total = float(sums.sum())
    if n < 4:
        return _Sums(total / (n * (n - 1)), sums, sums, 0.0, own)
    # Sums over indices that are all different, each by what the sums hold besides.
    of_three = float(sums @ sums) - squares
    of_four = total**2 - 4 * of_three - 2 * squares
    pairs = n * (n - 1)
    square = squares / pairs - 2 * of_three / (pairs * (n - 2)) + of_four / (pairs * (n - 2) * (n - 3))
    return _Sums(total / pairs, sums, sums, max(square, 0.0), own)


def _across(first: Rows, second: Rows, kernel: Kernel) -> _Sums:
    n, m = len(first), len(second)
    rows, columns, squares = np.zeros(n), np.zeros(m), 0.0
    for ours in _blocks(n):
        with_ours = kernel.of(first[ours])
        for theirs in _blocks(m):
            values = with_ours(second[theirs])
            rows[ours] += values @ _ones(values, 1)
            columns[theirs] += _ones(values, 0) @ values
            squares += _square(values)
    total = float(rows.sum())
    of_rows, of_columns = float(rows @ rows) - squares, float(columns @ columns) - squares
    of_both = total**2 - of_rows - of_columns - squares
    pairs = n * m
    square = squares / pairs - of_rows / (pairs * (m - 1)) - of_columns / (pairs * (n - 1)) + of_both / (pairs * (n - 1) * (m - 1))
    return _Sums(total / pairs, rows, columns, max(square, 0.0))


def _triangle(start: int, stop: int, size: int) -> Iterator[tuple[slice, list[slice]]]:
    """Blocks of rows, each with the blocks after it; a block with itself in smaller ones, since half of that is not needed."""
    for first in range(start, stop, size):
        block = slice(first, min(first + size, stop))
        if block.stop < stop:
            yield block, [slice(second, min(second + size, stop)) for second in range(block.stop, stop, size)]
        if size > _FEWEST_ROWS:
            yield from _triangle(block.start, block.stop, size // 4)
        else:
            yield block, [block]


def _square(values: Rows) -> float:
    """Sum of squares, in the order of memory."""
    flat = values.ravel(order="K")
    return float(np.vdot(flat, flat))


def _ones(values: Rows, axis: int) -> Rows:
    """To sum over an axis: a product is three times as fast as NumPy's sum."""
    return np.ones(values.shape[axis], dtype=values.dtype)


def _some_across(first: Rows, second: Rows, kernel: Kernel) -> Array:
    """Kernel values of rows from all over either side, less what row and column explain."""
    ours, theirs = (rows[np.linspace(0, len(rows) - 1, min(len(rows), _SOME)).astype(np.intp)] for rows in (first, second))
    values = kernel.of(ours)(theirs).astype(np.float64)
    return np.asarray(values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean())


def _blocks(n: int, size: int = _BLOCK_ROWS) -> Iterator[slice]:
    return (slice(start, min(start + size, n)) for start in range(0, n, size))
