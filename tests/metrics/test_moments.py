from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.errors import InputError, ShapeError
from evalkit.metrics.moments import Moments


def same(first: Moments, second: Moments, rtol: float = 1e-12, atol: float = 1e-10) -> None:
    assert first.n == second.n
    np.testing.assert_allclose(first.mean, second.mean, rtol=rtol, atol=1e-12)
    np.testing.assert_allclose(first.scatter, second.scatter, rtol=rtol, atol=atol)


def test_they_are_numpys() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 4)) * [1, 10, 0.1, 1] + [0, 5, -3, 1]
    moments = Moments.of(rows)
    np.testing.assert_allclose(moments.mean, rows.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(moments.covariance, np.cov(rows, rowvar=False), rtol=1e-12)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers(0, 100), st.sampled_from([0.0, 1e3, 1e6]))
def test_parts_merge_to_the_whole_in_any_grouping(sizes: list[int], seed: int, offset: float) -> None:
    rows = np.random.default_rng(seed).normal(offset, 1, size=(sum(sizes), 3))
    whole = Moments.of(rows)
    parts = [Moments.of(part) for part in np.split(rows, np.cumsum(sizes)[:-1])]
    # A mean that is stored to 16 digits is wrong by 1e-16 of the offset, and so is each row's deviation.
    atol = 1e-10 + 1e-14 * offset
    for merged in (reduce(Moments.merge, parts), reduce(Moments.merge, parts[::-1])):
        same(merged, whole, rtol=1e-9, atol=atol)
    halfway = len(parts) // 2
    first, second = (reduce(Moments.merge, some, Moments.empty(3)) for some in (parts[:halfway], parts[halfway:]))
    same(first.merge(second), whole, rtol=1e-9, atol=atol)


def test_an_offset_costs_no_digits() -> None:
    """Mean 1000, spread 0.1, in powers of two so that the shift itself is exact; E[x²] - E[x]² would lose eight digits."""
    steps = np.random.default_rng(0).integers(-400, 400, size=(5000, 3)) / 4096
    np.testing.assert_allclose(Moments.of(steps + 1024).covariance, Moments.of(steps).covariance, rtol=1e-11)
    single = Moments.of((steps + 1024).astype(np.float32))
    np.testing.assert_allclose(single.covariance, Moments.of(steps).covariance, rtol=1e-11)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).normal(5, 1, size=(100, 3))
    whole = Moments.of(rows)
    monkeypatch.setattr("evalkit.metrics.moments._BLOCK_ROWS", 7)
    same(Moments.of(rows), whole)


def test_constant_rows_have_no_scatter() -> None:
    moments = Moments.of(np.full((1000, 2), 0.1))
    assert moments.mean.tolist() == [0.1, 0.1]
    assert not moments.scatter.any()


def test_what_cannot_be_had_is_refused() -> None:
    with pytest.raises(ShapeError, match="two rows or more, got 1"):
        _ = Moments.of([[1.0, 2.0]]).covariance
    with pytest.raises(ShapeError, match="rows of shape"):
        Moments.of([1.0, 2.0])
    with pytest.raises(ShapeError, match="rows of shape"):
        Moments.of(np.empty((3, 0)))
    with pytest.raises(ShapeError, match="equally many features, got 2 and 3"):
        Moments.empty(2).merge(Moments.empty(3))
    for bad in (np.nan, np.inf, 1e300):
        with pytest.raises(InputError, match="finite features"), np.errstate(all="ignore"):
            Moments.of([[0.0, 1.0], [bad, 1.0]])


def test_nothing_and_nothing_is_nothing() -> None:
    assert Moments.empty(2).merge(Moments.of(np.empty((0, 2)))).n == 0
