"""Exact nearest neighbours: the only place where evalkit computes distances between rows."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.core.errors import InputError, ShapeError
from evalkit.kernels.neighbours.reference import Metric, Neighbours, blocked

__all__ = ["Implementation", "Metric", "Neighbours", "nearest"]

Implementation = Literal["reference"]


def nearest(
    reference: ArrayLike,
    queries: ArrayLike,
    k: int,
    *,
    metric: Metric = "squared_euclidean",
    leave_one_out: bool = False,
    impl: Implementation | None = None,
) -> Neighbours:
    """The k nearest reference rows of every query row, found exactly.

    Distances are sums of direct differences, not the expanded ``|a|² - 2ab + |b|²``, whose rounding error hides near-duplicates.
    A query row's result depends on that row and the reference alone, bit for bit, whatever other queries come with it.

    Args:
        reference: (n, d) finite floats.
        queries: (m, d) finite floats.
        k: neighbours a query, 1 <= k <= n, or n - 1 when ``leave_one_out``.
        metric: ``"squared_euclidean"`` or ``"manhattan"``.
        leave_one_out: the queries are the reference rows themselves, and no row counts as its own neighbour. Another row with
            the same values does.
        impl: which implementation; ``None`` chooses.

    Returns:
        Distances, ascending, and positions in ``reference``. Among equal distances the lower position comes first, except where
        the k-th place itself is tied.

    Raises:
        ShapeError: the arrays do not fit each other, or k is out of range.
        InputError: an unknown ``metric`` or ``impl``.

    >>> found = nearest([[0.0], [3.0]], [[1.0]], k=2)
    >>> found.distances.tolist(), found.indices.tolist()
    ([[1.0, 4.0]], [[0, 1]])
    """
    ours, theirs = _matrix(reference, "reference"), _matrix(queries, "queries")
    if ours.shape[1] != theirs.shape[1]:
        raise ShapeError(
            f"neighbours need equally many features, got {ours.shape[1]} in the reference and {theirs.shape[1]} in the queries"
        )
    if leave_one_out and ours.shape != theirs.shape:
        raise ShapeError(f"leave_one_out needs the reference as queries, got {len(ours)} and {len(theirs)} rows")
    if not 1 <= k <= len(ours) - leave_one_out:
        raise ShapeError(f"k must be between 1 and {len(ours) - leave_one_out} for {len(ours)} reference rows, got {k}")
    if impl not in (None, "reference"):
        raise InputError(f"impl must be None or 'reference', got {impl!r}")
    return blocked(ours, theirs, k, metric=metric, leave_one_out=leave_one_out)


def _matrix(rows: ArrayLike, name: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    array = np.ascontiguousarray(rows, dtype=np.float64)
    if array.ndim != 2:
        raise ShapeError(f"{name} must have shape (rows, features), got {array.shape}")
    return array
