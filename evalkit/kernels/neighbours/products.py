"""The same results from matrix products: fast for many features, and every comparison in doubt is made on direct distances.

Squared distances come from ``|a|² - 2ab + |b|²`` in float32, of centred and scaled rows, with a bound on their error. A pair whose
distance is further from its limit than the bound is decided. For the few others the distance is computed as the reference does, so
the results are the reference's, bit for bit. Products are made tile by tile; beside the rows as given, one float32 copy is held.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from evalkit.kernels.neighbours.counting import Array, Given, Rows, Tally, Within, blocked_within, part, row_blocks
from evalkit.kernels.neighbours.reference import Neighbours, blocked, smallest

Products = NDArray[np.float32]

# A tile of 2²⁰ products is 4 MB.
_TILE_ROWS = 1024
# What float32 products of rows with coordinates up to 1 may lose to underflow, far above the smallest float32.
_UNDERFLOW = 1e-30
# Beyond these powers of two a squared distance may itself leave float64.
_LARGEST_EXPONENT = 400
# Rows that are remembered beyond the nearest that are asked for, so that doubt about the last place seldom costs a second look.
_SPARE = 8


@dataclass(frozen=True, eq=False)
class _Scaled:
    """Rows ready for products, and how far a distance of theirs may be wrong.

    Attributes:
        rows: centred and scaled to coordinates of at most 1, float32.
        norms: their squared norms.
        errors: a pair's squared distance is wrong by less than the sum of its two rows' errors.
    """

    rows: Products
    norms: Array
    errors: Array

    def __getitem__(self, rows: slice) -> "_Scaled":
        return _Scaled(self.rows[rows], self.norms[rows], self.errors[rows])


@dataclass(frozen=True, eq=False)
class _Frame:
    """A centre near the rows, and the power of two that their coordinates stay below when centred."""

    centre: Array
    exponent: int

    @classmethod
    def of(cls, *sides: Given) -> "_Frame":
        centre = sides[-1].mean(axis=0, dtype=np.float64)
        ends = (end - centre for rows in sides if rows.size for end in (rows.min(axis=0), rows.max(axis=0)))
        largest = max((float(np.abs(end).max()) for end in ends), default=0.0)
        return cls(centre, math.frexp(largest)[1] if math.isfinite(largest) else 2 * _LARGEST_EXPONENT)

    @property
    def fits(self) -> bool:
        return abs(self.exponent) <= _LARGEST_EXPONENT

    def scaled(self, exact: Given) -> _Scaled:
        # The subtraction's error is relative to its result, so that a large common offset costs nothing.
        rows = exact - self.centre
        np.ldexp(rows, -self.exponent, out=rows)
        norms = np.einsum("ij,ij->i", rows, rows)
        # d roundings in a product of d terms, twice |a||b| <= |a|² + |b|², and a handful for conversions and sums.
        errors = 2.0**-24 * 1.1 * (exact.shape[1] + 32) * norms + _UNDERFLOW
        return _Scaled(rows.astype(np.float32), norms, errors)

    def copied(self, exact: Given) -> _Scaled:
        """All rows, in one copy that is filled tile by tile."""
        whole = _Scaled(np.empty(exact.shape, dtype=np.float32), np.empty(len(exact)), np.empty(len(exact)))
        for rows in _tiles(len(exact)):
            tile = self.scaled(exact[rows])
            whole.rows[rows], whole.norms[rows], whole.errors[rows] = tile.rows, tile.norms, tile.errors
        return whole


def within_by_products(first: Given, second: Given, limits: Sequence[Array], *, closed: bool) -> list[Within]:
    """See :func:`evalkit.kernels.neighbours.within`; here the arguments are taken as checked."""
    frame = _Frame.of(first, second)
    if not frame.fits:
        return blocked_within(first, second, limits, closed=closed)
    theirs = frame.copied(second)
    scaled = [np.minimum(np.ldexp(limit, -2 * frame.exponent), 8.0 * first.shape[1]) for limit in limits]
    tallies = [Tally(len(first), len(second)) for _ in limits]
    for rows in _tiles(len(first)):
        block = frame.scaled(first[rows])
        for columns in _tiles(len(second)):
            tile = theirs[columns]
            crossed = (-2 * block.rows) @ tile.rows.T
            for limit, near, tally in zip(limits, scaled, tallies, strict=True):
                i, j, doubtful = _decided(block, tile, crossed, _cut(near, rows, columns))
                inside = ~doubtful
                edges = _cut(limit, rows, columns)
                inside[doubtful] = _direct(first[rows], second[columns], i[doubtful], j[doubtful], edges, closed)
                tally.add(i[inside] + rows.start, j[inside] + columns.start)
    return [tally.found() for tally in tallies]


def nearest_by_products(reference: Given, queries: Given, k: int, *, leave_one_out: bool) -> Neighbours:
    """See :func:`evalkit.kernels.neighbours.nearest`, for squared Euclidean distances."""
    frame = _Frame.of(reference, queries)
    if not frame.fits:
        return blocked(reference, queries, k, metric="squared_euclidean", leave_one_out=leave_one_out)
    ours = frame.copied(reference)
    found = Neighbours(np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.intp))
    asked = _among_themselves(reference, ours, k, found) if leave_one_out else np.arange(len(queries))
    for rows in row_blocks(len(asked), len(reference)):
        _look_up(reference, queries, ours, frame, asked[rows], found, leave_one_out=leave_one_out)
    return found


def _tiles(n: int) -> Iterator[slice]:
    return (slice(start, min(start + _TILE_ROWS, n)) for start in range(0, n, _TILE_ROWS))


def _cut(limit: Array, rows: slice, columns: slice) -> Array:
    """The limits of a tile, whether they are one a row, (n, 1), or one a column, (1, m)."""
    return limit[:, columns] if limit.shape[1] > 1 else part(limit, rows)


def _decided(block: _Scaled, theirs: _Scaled, crossed: Products, limit: Array) -> tuple[Rows, Rows, NDArray[np.bool_]]:
    """Pairs that are within the limit for sure or perhaps, and which of them only perhaps."""
    of_row, of_column = block.norms[:, None], theirs.norms[None, :]
    if limit.shape[0] == 1:
        of_column = of_column - limit
    else:
        of_row = of_row - limit
    excess = crossed + (of_column - theirs.errors).astype(np.float32)
    i, j = np.nonzero(excess <= (block.errors[:, None] - of_row).astype(np.float32))
    beyond = crossed[i, j] + of_column[0, j] + of_row[i, 0]
    return i, j, beyond >= -(block.errors[i] + theirs.errors[j])


def _direct(first: Given, second: Given, i: Rows, j: Rows, limit: Array, closed: bool) -> NDArray[np.bool_]:
    """Whether pairs are within the limit, by the reference's own arithmetic, row by row (i ascends)."""
    inside = np.zeros(len(i), dtype=np.bool_)
    rows, starts = np.unique(i, return_index=True)
    ends = np.append(starts, len(i))[1:]
    edges = np.broadcast_to(limit, (len(first), len(second)))
    for row, start, end in zip(rows, starts, ends, strict=True):
        columns = j[start:end]
        distances = cdist(first[row : row + 1], second[columns], "sqeuclidean")[0]
        edge = edges[row, columns]
        inside[start:end] = distances <= edge if closed else distances < edge
    return inside


def _look_up(
    reference: Given, queries: Given, ours: _Scaled, frame: _Frame, asked: Rows, found: Neighbours, *, leave_one_out: bool
) -> None:
    """Fill in the neighbours of the queries asked for, each held against every reference row."""
    k, block = found.distances.shape[1], frame.scaled(queries[asked])
    bounds = (-2 * block.rows) @ ours.rows.T
    bounds += (ours.norms + ours.errors).astype(np.float32)
    if leave_one_out:
        bounds[np.arange(len(asked)), asked] = np.inf
    farthest = np.partition(bounds, k - 1, axis=1)[:, k - 1] + 2 * block.errors
    bounds -= (2 * ours.errors).astype(np.float32)
    candidates = bounds <= farthest[:, None].astype(np.float32)
    for row, query in enumerate(asked):
        places = np.flatnonzero(candidates[row])
        distances, order = smallest(cdist(queries[query : query + 1], reference[places], "sqeuclidean"), k)
        found.distances[query], found.indices[query] = distances[0], places[order[0]]


def _among_themselves(exact: Given, rows: _Scaled, k: int, found: Neighbours) -> Rows:
    """Fill in each row's neighbours among the others, every tile of products made once for its rows and its columns.

    Returns:
        The rows for which more than the remembered ones are in doubt; nothing is filled in for those.
    """
    n, kept = len(exact), min(k + _SPARE, len(exact) - 1)
    # By the lower bound of the distance, less what is common to a row.
    best = _Best(np.full((n, kept), np.inf, dtype=np.float32), np.zeros((n, kept), dtype=np.intp))
    lower = (rows.norms - rows.errors).astype(np.float32)
    for i, first in enumerate(_tiles(n)):
        block = -2 * rows.rows[first]
        for second in list(_tiles(n))[i:]:
            crossed = block @ rows.rows[second].T
            if first == second:
                np.fill_diagonal(crossed, np.inf)
            else:
                best.offer(second, first, crossed.T + lower[first])
            best.offer(first, second, crossed + lower[second])
    upper = best.values + 2 * rows.errors[best.places]
    farthest = np.partition(upper, k - 1, axis=1)[:, k - 1] + 2 * rows.errors
    settled = np.ones(n, dtype=np.bool_) if kept == n - 1 else best.values[:, -1] > farthest
    distances = np.full((n, kept), np.inf)
    for row in np.flatnonzero(settled):
        near = np.flatnonzero(best.values[row] <= farthest[row])
        distances[row, near] = cdist(exact[row : row + 1], exact[best.places[row, near]], "sqeuclidean")[0]
    # Equal distances in the order of their places.
    order = np.lexsort((best.places, distances), axis=1)[:, :k]
    for into, values in ((found.distances, distances), (found.indices, best.places)):
        into[settled] = np.take_along_axis(values, order, axis=1)[settled]
    return np.flatnonzero(~settled)


@dataclass(frozen=True, eq=False)
class _Best:
    """The smallest values that each row has been offered so far, ascending, and their columns.

    Attributes:
        values: (n, kept); infinite where fewer were offered.
        places: (n, kept).
    """

    values: Products
    places: Rows

    def offer(self, rows: slice, columns: slice, values: Products) -> None:
        """A tile of values, (rows, columns)."""
        kept = self.values.shape[1]
        known, where = self.values[rows], self.places[rows]
        if np.isinf(known[:, -1]).all() and values.shape[1] > kept:
            chosen = np.argpartition(values, kept - 1, axis=1)[:, :kept]
            i, j = np.repeat(np.arange(len(values)), kept), chosen.ravel()
        else:
            i, j = np.nonzero(values < known[:, -1:])
        if not len(i):
            return
        everything = np.concatenate([known.ravel(), values[i, j]])
        places = np.concatenate([where.ravel(), j + columns.start])
        owner = np.concatenate([np.repeat(np.arange(len(known)), kept), i])
        order = np.lexsort((everything, owner))
        ends = np.cumsum(np.bincount(owner, minlength=len(known)))
        starts = np.concatenate([[0], ends[:-1]])
        first = order[starts[:, None] + np.arange(kept)]
        self.values[rows], self.places[rows] = everything[first], places[first]
