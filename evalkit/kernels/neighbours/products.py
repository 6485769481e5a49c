"""The same results from matrix products: fast for many features, and every comparison in doubt is made on direct distances.

Squared distances come from ``|a|² - 2ab + |b|²`` in float32, of centred and scaled rows, with a bound on their error. A pair whose
distance is further from its limit than the bound is decided. For the few others the distance is computed as the reference does, so
the results are the reference's, bit for bit. Rows are centred and scaled, and distances bounded, a tile at a time.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from evalkit.kernels.neighbours.counting import Array, Features, Rows, Tally, Within, blocked_within, row_blocks, tiles
from evalkit.kernels.neighbours.reference import Neighbours, blocked

Bounds = NDArray[np.float32]

# What float32 products of rows with coordinates up to 1 may lose to underflow, far above the smallest float32.
_UNDERFLOW = 1e-30
# Beyond these powers of two, coordinates or their scale may leave float32.
_LARGEST_EXPONENT = 100
# Pairs that wait for their direct distance take 20 bytes each.
_MOST_WAITING = 2**20


@dataclass(frozen=True, eq=False)
class _Framed:
    """Rows, what makes them ready for products, and how far a distance of theirs may be wrong.

    Attributes:
        exact: (n, d) the rows as given.
        centre: (d,) what is taken from them, in their own precision.
        scale: the power of two that makes their coordinates at most 1.
        lower: (n,) a pair's squared distance is at least the sum of its rows' ``lower`` less twice their product.
        widths: (n,) and it exceeds that by at most the sum of its rows' ``widths``.
    """

    exact: Features
    centre: Features
    scale: float
    lower: Bounds
    widths: Bounds

    def tile(self, rows: slice) -> Bounds:
        """Centred and scaled rows."""
        # The subtraction's error is relative to its result, so that a large common offset costs nothing.
        centred = self.exact[rows] - self.centre
        centred *= self.scale
        return centred.astype(np.float32, copy=False)


def within_by_products(first: Features, second: Features, limits: Sequence[Array], *, closed: bool) -> list[Within]:
    """See :func:`evalkit.kernels.neighbours.within`; here the arguments are taken as checked."""
    framed = _framed(first, second)
    if framed is None:
        return blocked_within(first, second, limits, closed=closed)
    ours, theirs = framed
    compare: Callable[[Array, Array], NDArray[np.bool_]] = np.less_equal if closed else np.less
    # No scaled distance is beyond 4 d, so that a limit beyond 8 d, which float32 may not hold, can be taken to be 8 d.
    beyond = 8.0 * first.shape[1] / ours.scale**2
    scaled = [(np.clip(limit, -beyond, beyond) * ours.scale**2).astype(np.float32) for limit in limits]
    shape = len(first), len(second)
    edges = [(np.broadcast_to(limit, shape), np.broadcast_to(near, shape)) for limit, near in zip(limits, scaled, strict=True)]
    tallies = [Tally(len(first), len(second)) for _ in limits]
    for rows in tiles(len(first)):
        left = ours.tile(rows)
        for columns in tiles(len(second)):
            lower = _lower_bounds(left, ours.lower[rows], theirs.tile(columns), theirs.lower[columns])
            for (limit, near), tally in zip(edges, tallies, strict=True):
                i, j = _places(lower <= near[rows, columns])
                upper = lower[i, j] + ours.widths[rows][i] + theirs.widths[columns][j]
                i, j = i + rows.start, j + columns.start
                inside = upper < near[i, j]
                doubtful = np.flatnonzero(~inside)
                for row, of_row in _runs(i[doubtful]):
                    columns_of_row = j[doubtful[of_row]]
                    distances = _direct(first, row, second, columns_of_row)
                    inside[doubtful[of_row]] = compare(distances, limit[row, columns_of_row])
                tally.add(i[inside], j[inside])
    return [tally.found() for tally in tallies]


def nearest_by_products(reference: Features, queries: Features, k: int, *, leave_one_out: bool) -> Neighbours:
    """See :func:`evalkit.kernels.neighbours.nearest`, for squared Euclidean distances.

    Where the queries are the reference array itself, a tile of distances serves its rows and its columns.
    """
    framed = _framed(reference, queries)
    if framed is None:
        return blocked(reference, queries, k, metric="squared_euclidean", leave_one_out=leave_one_out)
    theirs, ours = framed
    closest, among_themselves = _Closest(ours, theirs, k), queries is reference
    for rows in tiles(len(queries)):
        left = ours.tile(rows)
        for columns in tiles(len(reference)):
            if among_themselves and columns.start < rows.start:
                continue
            # NumPy halves the work of a tile's product with itself.
            right = left if among_themselves and columns == rows else theirs.tile(columns)
            lower = _lower_bounds(left, ours.lower[rows], right, theirs.lower[columns])
            if leave_one_out and columns == rows:
                np.fill_diagonal(lower, np.inf)
            closest.offer(rows, columns, lower)
            if among_themselves and columns != rows:
                closest.offer(columns, rows, lower.T)
    return closest.found()


class _Closest:
    """The k nearest reference rows of every query, of the pairs offered so far, and the pairs that may yet be among them.

    A pair waits while its lower bound is no greater than the upper bound on its query's k-th distance. Direct distances settle what
    is left at the end, or when many wait, as among duplicates.
    """

    def __init__(self, queries: _Framed, reference: _Framed, k: int) -> None:
        self.queries, self.reference, self.k = queries, reference, k
        n = len(queries.exact)
        self.distances, self.indices = np.full((n, k), np.inf), np.full((n, k), -1, dtype=np.intp)
        # Upper bounds on the distance of each query's k-th nearest.
        self.limits = np.full(n, np.finfo(np.float32).max, dtype=np.float32)
        self.waiting: list[tuple[Rows, Rows, Bounds]] = []

    def offer(self, rows: slice, columns: slice, lower: Bounds) -> None:
        """Take in pairs of queries and reference rows: lower bounds on their distances, infinite for pairs to be left out."""
        near = lower <= self.limits[rows, None]
        if np.count_nonzero(near) > 4 * self.k * len(near):
            upper = np.add(lower, self.reference.widths[columns], order="C")
            upper.partition(self.k - 1, axis=1)
            np.minimum(self.limits[rows], upper[:, self.k - 1] + self.queries.widths[rows], out=self.limits[rows])
            near = lower <= self.limits[rows, None]
        i, j = _places(near)
        self.waiting.append((i + rows.start, j + columns.start, lower[i, j]))
        if sum(len(lower) for _, _, lower in self.waiting) > max(_MOST_WAITING, 2 * self.distances.size):
            self._settle()

    def found(self) -> Neighbours:
        """The k nearest by direct distances; where these are equal, the lower positions."""
        self._settle()
        return Neighbours(self.distances, self.indices)

    def _settle(self) -> None:
        """Decide by direct distances which of the waiting pairs are among the k nearest."""
        if not self.waiting:
            return
        # Rounding to float32 must not bring a distance below itself.
        above = self.queries.scale**2 * (1 + 2.0**-22)
        i, j, lower = (np.concatenate(parts) for parts in zip(*self.waiting, strict=True))
        self.waiting.clear()
        order = np.argsort(i, kind="stable")
        i, j, lower = i[order], j[order], lower[order]
        upper = lower + self.queries.widths[i] + self.reference.widths[j]
        for row, of_row in _runs(i):
            limit = self.limits[row]
            if len(upper[of_row]) > self.k:
                limit = min(limit, np.partition(upper[of_row], self.k - 1)[self.k - 1])
            places = j[of_row][lower[of_row] <= limit]
            distances = np.append(self.distances[row], _direct(self.queries.exact, row, self.reference.exact, places))
            places = np.append(self.indices[row], places)
            nearest = np.lexsort((places, distances))[: self.k]
            self.distances[row], self.indices[row] = distances[nearest], places[nearest]
            self.limits[row] = min(limit, distances[nearest[-1]] * above)


def _framed(first: Features, second: Features) -> tuple[_Framed, _Framed] | None:
    """Both arrays about a centre near their rows, or None where their coordinates may leave float32."""
    if not (len(first) and len(second)):
        return None
    sides = (first,) if first is second else (first, second)
    with np.errstate(over="ignore", invalid="ignore"):
        centre = second.mean(axis=0, dtype=np.float64).astype(second.dtype)
        spreads = [_spread(rows, centre) for rows in sides]
    exponent = math.frexp(max(largest for largest, _ in spreads))[1]
    if abs(exponent) > _LARGEST_EXPONENT or not all(np.isfinite(norms).all() for _, norms in spreads):
        return None
    framed = []
    for exact, (_, norms) in zip(sides, spreads, strict=True):
        squares = norms * 2.0 ** (-2 * exponent)
        # d roundings in a product of d terms, twice |a||b| <= |a|² + |b|², and a handful for conversions and sums.
        errors = 2.0**-24 * 1.1 * (exact.shape[1] + 32) * squares + _UNDERFLOW
        lower, widths = (squares - errors).astype(np.float32), (2 * errors).astype(np.float32)
        framed.append(_Framed(exact, centre, 2.0**-exponent, lower, widths))
    return framed[0], framed[-1]


def _spread(exact: Features, centre: Features) -> tuple[float, Array]:
    """The largest coordinate of centred rows, and their squared norms."""
    largest, norms = 0.0, np.empty(len(exact))
    for rows in tiles(len(exact)):
        centred = (exact[rows] - centre).astype(np.float64, copy=False)
        largest = max(largest, float(centred.max(initial=0)), -float(centred.min(initial=0)))
        norms[rows] = np.einsum("ij,ij->i", centred, centred)
    return largest, norms


def _lower_bounds(left: Bounds, of_left: Bounds, right: Bounds, of_right: Bounds) -> Bounds:
    """Lower bounds on the squared distances of a tile."""
    bounds = np.asarray(left @ right.T)
    bounds *= -2
    bounds += of_left[:, None]
    bounds += of_right
    return bounds


def _places(chosen: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Rows and columns of what is chosen, like ``np.nonzero``, which is slower where that is little.

    >>> [places.tolist() for places in _places(np.array([[False, True, True], [False, False, True]]))]
    [[0, 0, 1], [1, 2, 2]]
    """
    i, j = np.divmod(np.flatnonzero(chosen), chosen.shape[1])
    return i, j


def _runs(i: Rows) -> Iterator[tuple[int, slice]]:
    """Each number of an ascending array, and where it stands.

    >>> list(_runs(np.array([0, 0, 3])))
    [(0, slice(0, 2, None)), (3, slice(2, 3, None))]
    """
    starts = np.flatnonzero(np.diff(i, prepend=-1))
    for start, end in pairwise([*starts.tolist(), len(i)]):
        yield int(i[start]), slice(start, end)


def _direct(first: Features, row: int, second: Features, places: Rows) -> Array:
    """The distances of a row to others, by the reference's own arithmetic."""
    one, distances = first[row : row + 1].astype(np.float64), np.empty(len(places))
    # An outlier's bounds are so wide that all rows may have to be looked at.
    for part in row_blocks(len(places), second.shape[1]):
        distances[part] = cdist(one, second[places[part]].astype(np.float64), "sqeuclidean")[0]
    return distances
