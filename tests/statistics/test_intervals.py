"""Intervals: against scipy, and their coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalkit.core.errors import InputError, ShapeError
from evalkit.statistics import absolute_interval, bootstrap_interval, mean_interval, positive_interval, proportion_interval


@given(st.integers(0, 60), st.integers(1, 60))
def test_proportion_equals_scipy(successes, n):
    successes = min(successes, n)
    expected = stats.binomtest(successes, n).proportion_ci(0.95, method="exact")
    ours = proportion_interval(successes, n)
    np.testing.assert_allclose([ours.low, ours.high], [expected.low, expected.high], atol=1e-9)
    assert ours.low <= ours.value <= ours.high


def test_mean_equals_scipy():
    values = np.random.default_rng(0).normal(size=40)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    np.testing.assert_allclose(mean_interval(values, level=0.9)[1:], [expected.low, expected.high])


def test_bootstrap_covers_the_mean_of_a_skewed_law():
    draw = np.random.default_rng(1)
    hits = 0
    for seed in range(300):
        interval = bootstrap_interval(draw.exponential(size=80), seed=seed, resamples=500)
        hits += interval.low <= 1.0 <= interval.high
    assert 0.90 <= hits / 300 <= 0.98


def test_bootstrap_of_rows_and_of_constants():
    rows = np.random.default_rng(2).normal(size=(60, 2))
    correlation = bootstrap_interval(rows, lambda sample: float(np.corrcoef(sample.T)[0, 1]), seed=0, resamples=300)
    assert -1 <= correlation.low <= correlation.value <= correlation.high <= 1
    assert bootstrap_interval(np.full(10, 3.0), seed=0) == (3.0, 3.0, 3.0)


@pytest.mark.parametrize("level", [0.3, 0.95, 0.99])
@pytest.mark.parametrize("size", [0.0, 0.5, 1.2, 1.7, 2.5, 4.0])
def test_a_size_is_held_as_often_as_said_wherever_it_lies(size, level):
    found = np.linspace(-8, 12, 801)
    ends = [absolute_interval(difference, 1.0, level=level) for difference in found]
    held = np.array([low <= size <= high for _, low, high in ends])
    chances = stats.norm.pdf(found - size)
    assert chances @ held / chances.sum() == pytest.approx(level, abs=0.006)


@given(st.floats(-1e3, 1e3), st.floats(1e-6, 1e6))
def test_a_size_has_no_sign_and_the_units_of_its_error(difference, error):
    found = absolute_interval(difference, 1.0)
    assert 0 <= found.low <= found.value <= found.high
    assert absolute_interval(-difference, 1.0) == found
    assert absolute_interval(difference * error, error) == pytest.approx([error * end for end in found], rel=1e-6, abs=1e-9 * error)


def test_same_seed_same_interval():
    values = np.random.default_rng(3).normal(size=30)
    assert bootstrap_interval(values, seed=5) == bootstrap_interval(values, seed=5)


@pytest.mark.parametrize("interval", [mean_interval, lambda v: bootstrap_interval(v, seed=0)])
def test_refusals(interval):
    with pytest.raises(ShapeError):
        interval(np.array([1.0]))
    with pytest.raises(InputError):
        interval(np.array([1.0, np.nan]))


def test_refused_counts_and_levels():
    for error in (0.0, np.nan, np.inf):
        with pytest.raises(InputError, match="standard error above 0"):
            absolute_interval(1.0, error)
    for arguments in ((3, 2), (-1, 2), (0, 0)):
        with pytest.raises(InputError):
            proportion_interval(*arguments)
    with pytest.raises(InputError):
        proportion_interval(1, 2, level=1.0)


@pytest.mark.parametrize("shape", [8, 30, 100])
def test_what_errs_in_proportion_to_itself_is_held_as_often_as_said(shape):
    """Of gamma variables, whose standard error goes with their size."""
    found = np.random.default_rng(0).gamma(shape, 1 / shape, size=4000)
    held = [interval.low <= 1 <= interval.high for interval in (positive_interval(one, one / shape**0.5) for one in found)]
    assert 0.93 <= np.mean(held) <= 0.97


@given(st.floats(0, 1e100), st.floats(0, 1e100))
def test_a_positive_quantity_has_a_positive_interval(value, error):
    found = positive_interval(value, error)
    assert 0 <= found.low <= found.value <= found.high < np.inf


def test_the_interval_of_a_positive_quantity_has_no_jumps():
    ends = np.array([positive_interval(value, 1.0)[1:] for value in np.linspace(0, 3, 301)])
    np.testing.assert_allclose(positive_interval(0.0, 1.0), [0, 0, stats.norm.ppf(0.975)])
    assert (np.diff(ends[:, 0]) >= 0).all()
    assert np.abs(np.diff(ends, axis=0)).max() < 0.15


@pytest.mark.parametrize(("value", "error"), [(-1.0, 1.0), (np.nan, 1.0), (1.0, -1.0), (1.0, np.inf)])
def test_what_is_negative_has_no_such_interval(value, error):
    with pytest.raises(InputError, match="from 0"):
        positive_interval(value, error)
