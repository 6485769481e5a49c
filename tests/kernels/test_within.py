"""within() against a double loop, and matrix products against direct differences: the same counts, bit for bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from evalkit.core.errors import InputError, ShapeError
from evalkit.kernels.neighbours import nearest, within
from evalkit.kernels.neighbours.counting import BLOCK_DISTANCES


def counts(inside):
    """By the definition, from an (n, m) array of truth values."""
    only_second = [int(np.flatnonzero(row)[0]) if row.sum() == 1 else -1 for row in inside]
    only_first = [int(np.flatnonzero(column)[0]) if column.sum() == 1 else -1 for column in inside.T]
    return inside.sum(1).tolist(), inside.sum(0).tolist(), only_second, only_first


def as_lists(found):
    return found.of_first.tolist(), found.of_second.tolist(), found.only_second.tolist(), found.only_first.tolist()


def rows_of(kind, draw, n, d):
    if kind == "lattice":  # many distances lie exactly at a limit
        return draw.integers(-2, 3, size=(n, d)).astype(float)
    if kind == "offset":
        return 1e6 + 1e-3 * draw.normal(size=(n, d))
    if kind == "clusters":  # tight, far apart: all comparisons within a cluster are in doubt
        return np.repeat(draw.normal(size=(2, d)), n // 2 + 1, axis=0)[:n] + 1e-7 * draw.normal(size=(n, d))
    if kind == "outlier":
        return np.concatenate([draw.normal(size=(n - 1, d)), np.full((1, d), 1e9)])
    if kind == "constant":
        return np.full((n, d), 0.1)
    return draw.normal(size=(n, d)) * {"plain": 1.0, "tiny": 1e-170, "huge": 1e140}[kind]


KINDS = ["plain", "lattice", "offset", "clusters", "outlier", "constant", "tiny", "huge"]


@pytest.mark.parametrize("impl", ["reference", "products"])
@pytest.mark.parametrize("closed", [True, False])
@given(kind=st.sampled_from(KINDS), n=st.integers(2, 20), m=st.integers(2, 20), d=st.integers(1, 40), seed=st.integers(0, 10**6))
def test_equals_the_definition(impl, closed, kind, n, m, d, seed):
    draw = np.random.default_rng(seed)
    both = rows_of(kind, draw, n + m, d)
    first, second = both[:n], both[n:]
    distances = cdist(first, second, "sqeuclidean")
    # Limits that some pair meets exactly.
    of_rows, of_columns = np.median(distances, axis=1, keepdims=True), np.sort(distances, axis=0)[:1]
    found = within(first, second, [of_rows, of_columns], closed=closed, impl=impl)
    for one, limit in zip(found, (of_rows, of_columns), strict=True):
        assert as_lists(one) == counts(distances <= limit if closed else distances < limit)


@pytest.mark.parametrize("leave_one_out", [True, False])
@given(kind=st.sampled_from(KINDS), n=st.integers(3, 30), d=st.integers(1, 40), k=st.integers(1, 2), seed=st.integers(0, 10**6))
def test_products_find_the_distances_of_the_reference(leave_one_out, kind, n, d, k, seed):
    draw = np.random.default_rng(seed)
    both = rows_of(kind, draw, n + 5, d)
    reference, queries = both[:n], both[:n] if leave_one_out else both[n:]
    slow, fast = (nearest(reference, queries, k, leave_one_out=leave_one_out, impl=impl) for impl in ("reference", "products"))
    np.testing.assert_array_equal(fast.distances, slow.distances)
    direct = cdist(queries, reference, "sqeuclidean")
    np.testing.assert_array_equal(np.take_along_axis(direct, fast.indices, axis=1), fast.distances)


@pytest.mark.parametrize("impl", ["reference", "products"])
def test_blocks_change_nothing(impl, monkeypatch):
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=(60, 5)), draw.normal(size=(40, 5))
    limits = [draw.uniform(1, 9, size=(60, 1)), draw.uniform(1, 9, size=(1, 40))]
    whole, radii = within(first, second, limits, impl=impl), nearest(first, first, 3, leave_one_out=True, impl=impl)
    assert BLOCK_DISTANCES > 60 * 60
    monkeypatch.setattr("evalkit.kernels.neighbours.counting.BLOCK_DISTANCES", 100)
    for one, other in zip(whole, within(first, second, limits, impl=impl), strict=True):
        assert as_lists(one) == as_lists(other)
    np.testing.assert_array_equal(radii.indices, nearest(first, first, 3, leave_one_out=True, impl=impl).indices)


def test_many_features_are_compared_exactly():
    draw = np.random.default_rng(0)
    first, second = 1000 + draw.normal(size=(80, 700)), 1000 + draw.normal(size=(90, 700))
    limit = nearest(first, first, 5, leave_one_out=True).distances[:, 4:]
    slow, fast = (within(first, second, [limit], impl=impl)[0] for impl in ("reference", None))
    assert as_lists(fast) == as_lists(slow)
    assert slow.of_first.sum() > 0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"first": [[1.0]], "second": [[1.0, 2.0]], "limits": []}, ShapeError),
        ({"first": [1.0], "second": [[1.0]], "limits": []}, ShapeError),
        ({"first": [[1.0], [2.0]], "second": [[1.0]], "limits": [[[1.0], [1.0], [1.0]]]}, ShapeError),
        ({"first": [[1.0]], "second": [[1.0]], "limits": [], "impl": "fast"}, InputError),
    ],
)
def test_what_does_not_fit_is_refused(arguments, error):
    with pytest.raises(error):
        within(**arguments)


def test_products_are_of_squared_distances_only():
    with pytest.raises(InputError, match="squared_euclidean"):
        nearest([[0.0], [1.0]], [[0.0]], 1, metric="manhattan", impl="products")
