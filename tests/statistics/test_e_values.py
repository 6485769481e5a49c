import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from evalkit.core.errors import InputError
from evalkit.statistics.e_values import (
    anytime_mean_interval,
    anytime_proportion_interval,
    mean_log_e_values,
    share_log_e_values,
)

RUNS, LONGEST = 4000, 1000


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_looking_after_every_row_stops_falsely_no_more_often_than_said(share):
    rows = np.random.default_rng(0).random((RUNS, LONGEST)) < share
    n = np.arange(1.0, LONGEST + 1)
    stopped = [(share_log_e_values(np.cumsum(row).astype(float), n, share) >= np.log(20)).any() for row in rows]
    assert 0.01 < np.mean(stopped) <= 0.06


def test_means_of_rows_with_ties_too():
    rows = np.random.default_rng(1).choice([0.0, 0.5, 1.0], p=[0.3, 0.4, 0.3], size=(1000, 300))
    assert np.mean([(mean_log_e_values(row) >= np.log(20)).any() for row in rows]) <= 0.06


def test_the_interval_holds_at_all_times_at_once():
    rows = np.random.default_rng(2).random((400, 200)) < 0.7
    missed = 0
    for row in rows:
        wins = np.cumsum(row)
        ends = [anytime_proportion_interval(int(wins[n - 1]), n) for n in range(5, 201, 15)]
        missed += any(not end.low <= 0.7 <= end.high for end in ends)
    assert missed <= 0.06 * 400


@given(some.integers(0, 60), some.integers(1, 60))
def test_intervals_mirror_and_hold_the_share(successes, n):
    successes = min(successes, n)
    found, mirrored = anytime_proportion_interval(successes, n), anytime_proportion_interval(n - successes, n)
    assert 0 <= found.low <= found.value <= found.high <= 1
    np.testing.assert_allclose([found.low, found.high], [1 - mirrored.high, 1 - mirrored.low], atol=1e-8)


def test_an_expectation_of_one_under_the_hypothesis():
    from scipy.stats import binom

    k = np.arange(31.0)
    expected = float(np.sum(binom.pmf(k, 30, 0.4) * np.exp(share_log_e_values(k, np.full(31, 30.0), 0.4))))
    assert expected == pytest.approx(1.0)


def test_a_mean_is_refuted_far_from_it_and_not_near():
    found = anytime_mean_interval(np.tile([1.0, 0.5], 60))
    assert found.low < 0.75 < found.high
    assert found.low > 0.5


@pytest.mark.parametrize(
    "call",
    [
        lambda: share_log_e_values(np.array([2.0]), np.array([1.0])),
        lambda: share_log_e_values(np.array([1.0]), np.array([1.0]), 1.0),
        lambda: anytime_proportion_interval(0, 0),
        lambda: mean_log_e_values(np.array([1.5])),
        lambda: anytime_mean_interval(np.array([])),
    ],
)
def test_what_has_no_e_value_is_refused(call):
    with pytest.raises(InputError):
        call()
