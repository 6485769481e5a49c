"""Matrix products give the reference's results bit for bit: whatever the precision, the tiles, the ties and the scale."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from evalkit.kernels.neighbours import nearest, within
from evalkit.kernels.neighbours.counting import tiles

KINDS = ["plain", "lattice", "duplicates", "near 1e3", "near 1e6", "clusters", "outlier", "constant", "tiny", "huge"]


def rows_of(kind, draw, n, d):
    plain = draw.normal(size=(n, d))
    made = {
        "lattice": lambda: np.round(plain),
        "duplicates": lambda: plain[draw.integers(0, max(1, n // 3), n)],
        "near 1e3": lambda: 1e3 + plain,
        "near 1e6": lambda: 1e6 + plain,
        "clusters": lambda: plain[draw.integers(0, 2, n)] + 1e-6 * plain,
        "outlier": lambda: np.concatenate([plain[1:], np.full((1, d), 1e7)]),
        "constant": lambda: np.full((n, d), 0.1),
        "tiny": lambda: 1e-38 * plain,
        "huge": lambda: 1e37 * plain,
    }
    return made[kind]() if kind in made else plain


def definition(reference, queries, k, leave_one_out):
    """The k smallest by distance and then position, of float64 rows."""
    apart = cdist(queries.astype(np.float64), reference.astype(np.float64), "sqeuclidean")
    if leave_one_out:
        np.fill_diagonal(apart, np.inf)
    order = np.argsort(apart, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(apart, order, axis=1), order


def small_blocks(patch, tile=7, waiting=40):
    patch.setattr("evalkit.kernels.neighbours.counting.BLOCK_DISTANCES", tile**2)
    patch.setattr("evalkit.kernels.neighbours.products._MOST_WAITING", waiting)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    kind=st.sampled_from(KINDS),
    n=st.integers(2, 40),
    d=st.integers(1, 40),
    k=st.integers(1, 40),
    way=st.sampled_from(["others", "among themselves", "leave one out", "leave one out of a copy"]),
    tile=st.integers(1, 50),
    waiting=st.integers(1, 400),
    seed=st.integers(0, 10**6),
)
def test_nearest_by_products_is_nearest(dtype, kind, n, d, k, way, tile, waiting, seed):
    draw = np.random.default_rng(seed)
    both = rows_of(kind, draw, n + 9, d).astype(dtype)
    reference, leave_one_out = both[:n], way.startswith("leave")
    queries = {"others": both[n:], "leave one out of a copy": reference.copy()}.get(way, reference)
    k = min(k, n - leave_one_out)
    with pytest.MonkeyPatch.context() as patch:
        small_blocks(patch, tile, waiting)
        found = nearest(reference, queries, k, leave_one_out=leave_one_out, impl="products")
    distances, indices = definition(reference, queries, k, leave_one_out)
    np.testing.assert_array_equal(found.distances, distances)
    # Out of float32's range the reference answers, and may choose among rows tied at the k-th place.
    if kind not in ("tiny", "huge"):
        np.testing.assert_array_equal(found.indices, indices)
    slow = nearest(reference, queries, k, leave_one_out=leave_one_out, impl="reference")
    np.testing.assert_array_equal(found.distances, slow.distances)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    kind=st.sampled_from(KINDS),
    n=st.integers(1, 30),
    m=st.integers(1, 30),
    d=st.integers(1, 40),
    tile=st.integers(1, 40),
    seed=st.integers(0, 10**6),
)
def test_within_by_products_is_within(dtype, closed, kind, n, m, d, tile, seed):
    draw = np.random.default_rng(seed)
    both = rows_of(kind, draw, n + m, d).astype(dtype)
    first, second = both[:n], both[n:]
    apart = cdist(first.astype(np.float64), second.astype(np.float64), "sqeuclidean")
    # Distances that occur, and none and all.
    limits = [
        np.sort(apart, axis=1)[:, m // 2 : m // 2 + 1],
        np.sort(apart, axis=0)[n // 2 : n // 2 + 1],
        np.full((n, 1), -1.0),
        np.full((1, m), np.inf),
    ]
    with pytest.MonkeyPatch.context() as patch:
        small_blocks(patch, tile)
        found = within(first, second, limits, closed=closed, impl="products")
    for one, limit, plain in zip(found, limits, within(first, second, limits, closed=closed, impl="reference"), strict=True):
        inside = apart <= limit if closed else apart < limit
        np.testing.assert_array_equal(one.of_first, inside.sum(axis=1))
        np.testing.assert_array_equal(one.of_second, inside.sum(axis=0))
        np.testing.assert_array_equal(one.only_first, plain.only_first)
        np.testing.assert_array_equal(one.only_second, plain.only_second)


@pytest.mark.parametrize("impl", ["reference", "products"])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_float32_rows_give_the_bits_of_their_float64_copies(impl, offset):
    """More rows than a tile, and not a multiple of it."""
    draw = np.random.default_rng(0)
    first, second = (offset + draw.normal(size=(2, 1100, 33))).astype(np.float32)
    assert len(list(tiles(len(first)))) == 2
    wide = first.astype(np.float64), second.astype(np.float64)
    for queries, wide_queries, leave_one_out in ((first, wide[0], True), (second, wide[1], False)):
        found = nearest(first, queries, 3, leave_one_out=leave_one_out, impl=impl)
        same = nearest(wide[0], wide_queries, 3, leave_one_out=leave_one_out)
        np.testing.assert_array_equal(found.distances, same.distances)
        limits = [found.distances[:, :1], found.distances[None, :, -1]]
        counted = zip(within(first, second, limits, impl=impl), within(*wide, limits), strict=True)
        for one, other in counted:
            np.testing.assert_array_equal(one.of_first, other.of_first)
            np.testing.assert_array_equal(one.of_second, other.of_second)


def test_mixed_precisions_are_compared_in_float64():
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=(30, 40)).astype(np.float32), draw.normal(size=(20, 40))
    found = nearest(first, second, 4, impl="products")
    np.testing.assert_array_equal(found.distances, definition(first, second, 4, leave_one_out=False)[0])


@pytest.mark.parametrize("scale", [1e-45, 1e-30, 1.0, 1e30, 3e38])
def test_the_ends_of_float32_are_no_trouble(scale):
    draw = np.random.default_rng(0)
    rows = (scale * draw.uniform(-1, 1, size=(30, 8))).astype(np.float32)
    found = nearest(rows, rows, 3, leave_one_out=True, impl="products")
    np.testing.assert_array_equal(found.distances, definition(rows, rows, 3, leave_one_out=True)[0])


@pytest.mark.parametrize("among_themselves", [True, False])
def test_float32_rows_are_not_copied_whole(among_themselves, monkeypatch):
    small_blocks(monkeypatch, tile=32, waiting=1)
    first, second = np.random.default_rng(0).normal(size=(2, 600, 1000)).astype(np.float32)
    # All rows may be the nearest of an outlier, as far as products show.
    first[3] *= 1e4
    limit = nearest(first, first, 5, leave_one_out=True, impl="products").distances[:, 4:]
    tracemalloc.start()
    if among_themselves:
        nearest(first, first, 5, leave_one_out=True, impl="products")
    else:
        within(first, second, [limit], impl="products")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < first.nbytes / 2
