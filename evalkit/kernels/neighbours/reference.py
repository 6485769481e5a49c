"""The plain implementation: all distances of a block of queries at a time, then the k smallest of each row."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from evalkit.core.errors import InputError

Metric = Literal["squared_euclidean", "manhattan"]

_SCIPY_NAMES = {"squared_euclidean": "sqeuclidean", "manhattan": "cityblock"}
# 2²¹ distances are 16 MB: a block fits the last-level cache of common machines together with its rows.
_BLOCK_DISTANCES = 2**21


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest reference rows of m queries.

    Attributes:
        distances: (m, k) float64, ascending in each row.
        indices: (m, k) positions in the reference.
    """

    distances: NDArray[np.float64]
    indices: NDArray[np.intp]


def blocked(
    reference: NDArray[np.floating[Any]], queries: NDArray[np.floating[Any]], k: int, *, metric: Metric, leave_one_out: bool
) -> Neighbours:
    """See :func:`evalkit.kernels.neighbours.nearest`; here the arguments are taken as checked.

    Memory beyond the result is one block of distances, 16 MB or one row of them, and a float64 copy of rows that are not.
    """
    if metric not in _SCIPY_NAMES:
        raise InputError(f"metric must be one of {', '.join(map(repr, _SCIPY_NAMES))}, got {metric!r}")
    reference, queries = (rows.astype(np.float64, copy=False) for rows in (reference, queries))
    found = Neighbours(np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.intp))
    step = max(1, _BLOCK_DISTANCES // len(reference))
    for start in range(0, len(queries), step):
        rows = slice(start, min(start + step, len(queries)))
        distances = cdist(queries[rows], reference, _SCIPY_NAMES[metric])
        if leave_one_out:
            inside = np.arange(rows.stop - rows.start)
            distances[inside, start + inside] = np.inf
        found.distances[rows], found.indices[rows] = smallest(distances, k)
    return found


def smallest(distances: NDArray[np.float64], k: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The k smallest of each row, ascending, and where they stand."""
    if k == 1:
        indices = distances.argmin(axis=1)[:, None]
    elif k < distances.shape[1]:
        indices = np.sort(np.argpartition(distances, k - 1, axis=1)[:, :k], axis=1)
    else:
        indices = np.broadcast_to(np.arange(k), distances.shape)
    values = np.take_along_axis(distances, indices, axis=1)
    order = np.argsort(values, axis=1, kind="stable")
    return np.take_along_axis(values, order, axis=1), np.take_along_axis(indices, order, axis=1)
