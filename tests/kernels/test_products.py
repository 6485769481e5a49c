"""What the tiles of products must not change; that the results are the reference's stands in test_neighbours and test_within."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.kernels.neighbours import nearest, products, within


def rows_of(kind, seed, n, d):
    draw = np.random.default_rng(seed)
    if kind == "lattice":
        return draw.integers(-1, 2, size=(n, d)).astype(float)
    if kind == "twins":
        return np.repeat(draw.normal(size=(n // 2 + 1, d)), 2, axis=0)[:n]
    if kind == "one heap":  # more rows at one place than are remembered
        return np.where(draw.uniform(size=(n, 1)) < 0.7, 0.1, draw.normal(size=(n, d)))
    return draw.normal(size=(n, d)) + (1e6 if kind == "offset" else 0.0)


@given(
    kind=st.sampled_from(["plain", "offset", "lattice", "twins", "one heap"]),
    n=st.integers(4, 70),
    d=st.integers(1, 5),
    k=st.integers(1, 20),
    tile=st.sampled_from([1, 7, 16, 1024]),
    seed=st.integers(0, 10**6),
)
def test_each_row_finds_the_same_neighbours_in_tiles_of_any_size(kind, n, d, k, tile, seed):
    k, rows = min(k, n - 1), rows_of(kind, seed, n, d)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "_TILE_ROWS", tile)
        fast = nearest(rows, rows, k, leave_one_out=True, impl="products")
    slow = nearest(rows, rows, k, leave_one_out=True)
    np.testing.assert_array_equal(fast.distances, slow.distances)
    assert (fast.indices != np.arange(n)[:, None]).all()
    assert all(len(set(row)) == k for row in fast.indices.tolist())
    given_by = ((rows[:, None] - rows[fast.indices]) ** 2).sum(axis=2)
    np.testing.assert_allclose(given_by, fast.distances, rtol=1e-9, atol=1e-12)


@given(kind=st.sampled_from(["plain", "offset", "lattice"]), tile=st.sampled_from([3, 1024]), seed=st.integers(0, 10**6))
def test_counts_are_the_same_in_tiles_of_any_size(kind, tile, seed):
    first, second = rows_of(kind, seed, 25, 3), rows_of(kind, seed + 1, 11, 3)
    draw = np.random.default_rng(seed)
    limits = [draw.integers(1, 9, size=shape).astype(float) for shape in ((25, 1), (1, 11))]
    slow = within(first, second, limits, impl="reference")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "_TILE_ROWS", tile)
        fast = within(first, second, limits, impl="products")
    for one, other in zip(slow, fast, strict=True):
        for field in ("of_first", "of_second", "only_first", "only_second"):
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


@pytest.mark.parametrize("impl", ["reference", "products"])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_single_precision_rows_give_what_the_same_numbers_give_in_double_precision(impl, offset):
    first, second = (rows_of("plain", seed, 60, 40).astype(np.float32) + np.float32(offset) for seed in (0, 1))
    wide = first.astype(np.float64), second.astype(np.float64)
    for options in ({"leave_one_out": True}, {}):
        one = nearest(first, first if options else second, 3, impl=impl, **options)
        other = nearest(wide[0], wide[0] if options else wide[1], 3, impl=impl, **options)
        np.testing.assert_array_equal(one.distances, other.distances)
        np.testing.assert_array_equal(one.indices, other.indices)
    limit = other.distances[:, :1].T
    one, other = (within(*sides, [limit], impl=impl)[0] for sides in ((first, second), wide))
    np.testing.assert_array_equal(one.of_second, other.of_second)
    assert one.of_second.sum() >= 60
