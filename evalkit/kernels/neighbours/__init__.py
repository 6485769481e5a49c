"""Exact nearest neighbours: the only place where evalkit computes distances between rows."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from evalkit.core.errors import InputError, ShapeError
from evalkit.kernels.neighbours.counting import Features, Within, blocked_within
from evalkit.kernels.neighbours.products import nearest_by_products, within_by_products
from evalkit.kernels.neighbours.reference import Metric, Neighbours, blocked

__all__ = ["Implementation", "Metric", "Neighbours", "Within", "distances", "faster", "nearest", "within"]

Implementation = Literal["reference", "products"]
_IMPLEMENTATIONS = (None, "reference", "products")
# From some 32 features on, products are faster than direct differences.
_MANY_FEATURES = 32


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
        reference: (n, d) finite floats; float32 rows give the results of their float64 copies.
        queries: (m, d) finite floats.
        k: neighbours a query, 1 <= k <= n, or n - 1 when ``leave_one_out``.
        metric: ``"squared_euclidean"`` or ``"manhattan"``.
        leave_one_out: the queries are the reference rows themselves, and no row counts as its own neighbour. Another row with
            the same values does.
        impl: ``"reference"``, or ``"products"``, which gives the same distances faster for many features and squared Euclidean
            distances, without a float64 copy of float32 rows, and in half the time where the queries are the reference array
            itself; ``None`` is the reference.

    Returns:
        Distances, ascending, and positions in ``reference``. Among equal distances the lower position comes first; where the k-th
        place itself is tied, ``"products"`` gives the lower positions and ``"reference"`` any.

    Raises:
        ShapeError: the arrays do not fit each other, or k is out of range.
        InputError: an unknown ``metric`` or ``impl``.

    >>> found = nearest([[0.0], [3.0]], [[1.0]], k=2)
    >>> found.distances.tolist(), found.indices.tolist()
    ([[1.0, 4.0]], [[0, 1]])
    """
    ours, theirs = _matrices(reference=reference, queries=queries)
    if ours.shape[1] != theirs.shape[1]:
        raise ShapeError(
            f"neighbours need equally many features, got {ours.shape[1]} in the reference and {theirs.shape[1]} in the queries"
        )
    if leave_one_out and ours.shape != theirs.shape:
        raise ShapeError(f"leave_one_out needs the reference as queries, got {len(ours)} and {len(theirs)} rows")
    if not 1 <= k <= len(ours) - leave_one_out:
        raise ShapeError(f"k must be between 1 and {len(ours) - leave_one_out} for {len(ours)} reference rows, got {k}")
    _check_implementation(impl)
    if impl == "products":
        if metric != "squared_euclidean":
            raise InputError(f"impl 'products' needs the metric 'squared_euclidean', got {metric!r}: leave impl out")
        return nearest_by_products(ours, theirs, k, leave_one_out=leave_one_out)
    return blocked(ours, theirs, k, metric=metric, leave_one_out=leave_one_out)


def within(
    first: ArrayLike,
    second: ArrayLike,
    limits: Sequence[ArrayLike],
    *,
    closed: bool = True,
    impl: Implementation | None = None,
) -> list[Within]:
    """How many pairs of rows lie within given squared distances, counted for every row of both arrays, exactly.

    The comparisons are those of direct differences, as in :func:`nearest`, so that a row which lies exactly at its limit, for
    example a duplicate, is counted as ``closed`` says. Memory beyond the arguments and the result is one block of distances and,
    for ``"reference"``, a float64 copy of float32 rows.

    Args:
        first: (n, d) finite floats; float32 rows give the results of their float64 copies.
        second: (m, d) finite floats.
        limits: each (n, 1), one a row of ``first``, or (1, m), one a row of ``second``: squared Euclidean distances.
        closed: whether a pair at the limit itself is within it.
        impl: ``"reference"`` or ``"products"``, which give the same counts; ``None`` chooses by the number of features.

    Returns:
        One result a limit.

    Raises:
        ShapeError: the arrays do not fit each other.
        InputError: an unknown ``impl``.

    >>> (found,) = within([[0.0], [5.0]], [[1.0], [2.0], [9.0]], [[[4.0], [4.0]]])
    >>> found.of_first.tolist(), found.of_second.tolist(), found.only_first.tolist()
    ([2, 0], [1, 1, 0], [0, 0, -1])
    """
    ours, theirs = _matrices(first=first, second=second)
    if ours.shape[1] != theirs.shape[1]:
        raise ShapeError(f"pairs need equally many features, got {ours.shape[1]} and {theirs.shape[1]}")
    edges = [_matrix(limit, "limit").astype(np.float64, copy=False) for limit in limits]
    for edge in edges:
        if edge.shape not in ((len(ours), 1), (1, len(theirs))):
            raise ShapeError(f"a limit needs shape ({len(ours)}, 1) or (1, {len(theirs)}), got {edge.shape}")
    _check_implementation(impl)
    if (impl or faster(ours.shape[1])) == "products":
        return within_by_products(ours, theirs, edges, closed=closed)
    return blocked_within(ours, theirs, edges, closed=closed)


def faster(n_features: int) -> Implementation:
    """The implementation that is faster for so many features.

    >>> faster(2), faster(2048)
    ('reference', 'products')
    """
    return "products" if n_features >= _MANY_FEATURES else "reference"


def distances(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """All squared Euclidean distances, by direct differences: for samples small enough to hold n times m numbers.

    Args:
        first: (n, d) finite floats.
        second: (m, d) finite floats.

    Returns:
        (n, m), the same numbers as :func:`nearest` gives.

    Raises:
        ShapeError: the arrays do not fit each other.

    >>> distances([[0.0], [3.0]], [[1.0]]).tolist()
    [[1.0], [4.0]]
    """
    ours, theirs = _matrices(first=first, second=second)
    if ours.shape[1] != theirs.shape[1]:
        raise ShapeError(f"distances need equally many features, got {ours.shape[1]} and {theirs.shape[1]}")
    found = cdist(ours.astype(np.float64, copy=False), theirs.astype(np.float64, copy=False), "sqeuclidean")
    return np.asarray(found, dtype=np.float64)


def _check_implementation(impl: str | None) -> None:
    if impl not in _IMPLEMENTATIONS:
        raise InputError(f"impl must be None, 'reference' or 'products', got {impl!r}")


def _matrices(**named: ArrayLike) -> tuple[Features, Features]:
    """Two arguments as matrices of one type: float32 where both are, which saves a copy, else float64."""
    (name, rows), (other_name, others) = named.items()
    ours = _matrix(rows, name)
    theirs = ours if others is rows else _matrix(others, other_name)
    if ours.dtype == theirs.dtype:
        return ours, theirs
    return ours.astype(np.float64, copy=False), theirs.astype(np.float64, copy=False)


def _matrix(rows: ArrayLike, name: str) -> Features:
    array = np.asarray(rows)
    if array.ndim != 2:
        raise ShapeError(f"{name} must have shape (rows, features), got {array.shape}")
    return np.ascontiguousarray(array, dtype=np.float32 if array.dtype == np.float32 else np.float64)
