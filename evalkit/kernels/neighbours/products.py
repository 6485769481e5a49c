"""The same results from matrix products: fast for many features, and every comparison in doubt is made on direct distances.

Squared distances come from ``|a|² - 2ab + |b|²`` in float32, of centred and scaled rows, with a bound on their error. A pair whose
distance is further from its limit than the bound is decided. For the few others the distance is computed as the reference does, so
the results are the reference's, bit for bit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from evalkit.kernels.neighbours.counting import Array, Rows, Tally, Within, blocked_within, part, row_blocks
from evalkit.kernels.neighbours.reference import Neighbours, blocked, smallest

# What float32 products of rows with coordinates up to 1 may lose to underflow, far above the smallest float32.
_UNDERFLOW = 1e-30
# Beyond these powers of two a squared distance may itself leave float64.
_LARGEST_EXPONENT = 400


@dataclass(frozen=True, eq=False)
class _Scaled:
    """Rows ready for products, and how far a distance of theirs may be wrong.

    Attributes:
        exact: the rows as given.
        rows: centred and scaled to coordinates of at most 1, float32.
        norms: their squared norms.
        errors: a pair's squared distance is wrong by less than the sum of its two rows' errors.
    """

    exact: Array
    rows: NDArray[np.float32]
    norms: Array
    errors: Array

    def __getitem__(self, rows: slice) -> "_Scaled":
        return _Scaled(self.exact[rows], self.rows[rows], self.norms[rows], self.errors[rows])


def within_by_products(first: Array, second: Array, limits: Sequence[Array], *, closed: bool) -> list[Within]:
    """See :func:`evalkit.kernels.neighbours.within`; here the arguments are taken as checked."""
    centre, exponent = _frame(first, second)
    if abs(exponent) > _LARGEST_EXPONENT:
        return blocked_within(first, second, limits, closed=closed)
    ours, theirs = _scaled(first, centre, exponent), _scaled(second, centre, exponent)
    scaled = [np.minimum(np.ldexp(limit, -2 * exponent), 8.0 * first.shape[1]) for limit in limits]
    tallies = [Tally(len(first), len(second)) for _ in limits]
    for rows in row_blocks(len(first), len(second)):
        block = ours[rows]
        crossed = (-2 * block.rows) @ theirs.rows.T
        for limit, near, tally in zip(limits, scaled, tallies, strict=True):
            i, j, doubtful = _decided(block, theirs, crossed, part(near, rows))
            inside = ~doubtful
            inside[doubtful] = _direct(block.exact, theirs.exact, i[doubtful], j[doubtful], part(limit, rows), closed)
            tally.add(i[inside] + rows.start, j[inside])
    return [tally.found() for tally in tallies]


def nearest_by_products(reference: Array, queries: Array, k: int, *, leave_one_out: bool) -> Neighbours:
    """See :func:`evalkit.kernels.neighbours.nearest`, for squared Euclidean distances."""
    centre, exponent = _frame(reference, queries)
    if abs(exponent) > _LARGEST_EXPONENT:
        return blocked(reference, queries, k, metric="squared_euclidean", leave_one_out=leave_one_out)
    ours, theirs = _scaled(reference, centre, exponent), _scaled(queries, centre, exponent)
    found = Neighbours(np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.intp))
    for rows in row_blocks(len(queries), len(reference)):
        block = theirs[rows]
        bounds = (-2 * block.rows) @ ours.rows.T
        bounds += (ours.norms + ours.errors).astype(np.float32)
        if leave_one_out:
            inside = np.arange(rows.stop - rows.start)
            bounds[inside, rows.start + inside] = np.inf
        farthest = np.partition(bounds, k - 1, axis=1)[:, k - 1] + 2 * block.errors
        bounds -= (2 * ours.errors).astype(np.float32)
        candidates = bounds <= farthest[:, None].astype(np.float32)
        for row in range(rows.stop - rows.start):
            places = np.flatnonzero(candidates[row])
            distances, order = smallest(cdist(block.exact[row : row + 1], reference[places], "sqeuclidean"), k)
            found.distances[rows.start + row], found.indices[rows.start + row] = distances[0], places[order[0]]
    return found


def _frame(first: Array, second: Array) -> tuple[Array, int]:
    """A centre near the rows, and the power of two that their coordinates stay below when centred."""
    centre = second.mean(axis=0)
    largest = max((float(np.abs(rows - centre).max()) for rows in (first, second) if rows.size), default=0.0)
    return centre, math.frexp(largest)[1] if math.isfinite(largest) else 2 * _LARGEST_EXPONENT


def _scaled(exact: Array, centre: Array, exponent: int) -> _Scaled:
    # The subtraction's error is relative to its result, so that a large common offset costs nothing.
    rows = np.ldexp(exact - centre, -exponent)
    norms = np.einsum("ij,ij->i", rows, rows)
    # d roundings in a product of d terms, twice |a||b| <= |a|² + |b|², and a handful for conversions and sums.
    errors = 2.0**-24 * 1.1 * (exact.shape[1] + 32) * norms + _UNDERFLOW
    return _Scaled(exact, rows.astype(np.float32), norms, errors)


def _decided(block: _Scaled, theirs: _Scaled, crossed: NDArray[np.float32], limit: Array) -> tuple[Rows, Rows, NDArray[np.bool_]]:
    """Pairs that are within the limit for sure or perhaps, and which of them only perhaps."""
    of_row, of_column = block.norms[:, None], theirs.norms[None, :]
    if limit.shape[0] == 1 and limit.shape[1] > 1:
        of_column = of_column - limit
    else:
        of_row = of_row - limit
    excess = crossed + (of_column - theirs.errors).astype(np.float32)
    i, j = np.nonzero(excess <= (block.errors[:, None] - of_row).astype(np.float32))
    beyond = crossed[i, j] + of_column[0, j] + of_row[i, 0]
    return i, j, beyond >= -(block.errors[i] + theirs.errors[j])


def _direct(first: Array, second: Array, i: Rows, j: Rows, limit: Array, closed: bool) -> NDArray[np.bool_]:
    """Whether pairs are within the limit, by the reference's own arithmetic, row by row (i ascends)."""
    inside = np.zeros(len(i), dtype=np.bool_)
    rows, starts = np.unique(i, return_index=True)
    ends = np.append(starts, len(i))[1:]
    for row, start, end in zip(rows, starts, ends, strict=True):
        columns = j[start:end]
        distances = cdist(first[row : row + 1], second[columns], "sqeuclidean")[0]
        edge = np.broadcast_to(limit, (len(first), len(second)))[row, columns]
        inside[start:end] = distances <= edge if closed else distances < edge
    return inside
