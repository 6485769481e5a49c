"""Windows of stretches: none shares a step with the other half, units do not count, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Series, Texts
from evalkit.metrics.series_windows import cut


def one(values, channels=("level",)):
    return Series.of([np.asarray(part, dtype=float).reshape(len(part), -1) for part in values], channels)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 30), steps=st.integers(96, 200), length=st.integers(2, 12))
def test_no_window_shares_a_step_with_the_other_half(n, steps, length):
    """Every value is another number, so that windows that share a step would show it."""
    values = np.arange(n * steps, dtype=float).reshape(n, steps)
    ours, theirs = cut(one(values), one(values), length=length, seed=0)
    for side in (ours, theirs):
        known, asked = (set(side.windows[side.part(held_out=held_out), :, 0].ravel()) for held_out in (False, True))
        assert not known & asked
        assert side.n == n * min(-(-20 // n), steps // length)
        assert len(known | asked) == n * steps
        assert abs(side.asked.sum() - side.n / 2) < 1


def test_influences_of_windows_are_those_of_stretches():
    ours, _ = cut(one(np.random.default_rng(0).normal(size=(12, 40))), one(np.zeros((12, 40))), length=5, seed=0)
    moved = np.random.default_rng(1).normal(size=int(ours.part(held_out=True).sum()))
    moved -= moved.mean()
    by_stretch = ours.by_stretch(moved)
    assert by_stretch.shape == (24,)
    assert abs(by_stretch.sum()) < 1e-9
    assert (by_stretch[~ours.asked] == 0).all()
    whole = ours.stretch[ours.part(held_out=True)]
    sums = [moved[whole == stretch].sum() / len(moved) for stretch in range(24)]
    np.testing.assert_allclose(by_stretch / 24, sums)


def test_scale_and_order_do_not_count_and_gaps_are_told():
    values = np.random.default_rng(0).normal(size=(30, 20))
    values[3, 4:6] = np.nan
    plain, _ = cut(one(values), one(values), length=10, seed=0)
    moved, _ = cut(one(1e6 + 1e3 * values), one(values), length=10, seed=0)
    assert np.isfinite(plain.windows).all()
    np.testing.assert_allclose(np.sort(plain.windows[:, :, 0].ravel()), np.sort(moved.windows[:, :, 0].ravel()), atol=1e-6)
    assert plain.windows[:, :, 1].sum() == 2
    turned, _ = cut(one(values[::-1]), one(values), length=10, seed=0)
    np.testing.assert_array_equal(turned.windows, plain.windows)


def test_what_cannot_be_cut_is_refused():
    few, other = one(np.zeros((3, 4))), one(np.zeros((30, 20)), ("flow",))
    with pytest.raises(ShapeError, match="8 series"):
        cut(few, few, length=10, seed=0)
    with pytest.raises(InputError, match="same channels"):
        cut(one(np.zeros((30, 20))), other, length=None, seed=0)
    with pytest.raises(InputError, match="2 steps"):
        cut(other, other, length=1, seed=0)
    with pytest.raises(InputError, match="two Samples of series"):
        cut(Texts.of(["a"]), other, length=None, seed=0)
