"""E-values: their expectation under the hypothesis, false stops at any time, intervals that hold at all times."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from evalkit.core.errors import InputError
from evalkit.statistics import proportion_interval
from evalkit.statistics.e_values import anytime_mean_interval, anytime_proportion_interval, mean_log_e_values, share_log_e_values


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_the_expectation_under_the_hypothesis_is_one(share):
    n = 25
    successes = np.arange(n + 1.0)
    e_values = np.exp(share_log_e_values(successes, np.full(n + 1, float(n)), share))
    assert e_values @ stats.binom.pmf(successes, n, share) == pytest.approx(1)
    ways = np.array(np.meshgrid(*[[0, 0.5, 1.0]] * 7)).reshape(7, -1).T
    chances = np.prod(np.where(ways == 0.5, 0.3, np.where(ways == 1, 0.85 * share, 0.7 - 0.85 * share)), axis=1)
    mean = 0.15 + 0.85 * share
    if (chances > 0).all():
        assert sum(c * np.exp(mean_log_e_values(row, mean)[-1]) for c, row in zip(chances, ways, strict=True)) == pytest.approx(1)


def test_it_is_the_mixture_over_all_chances():
    def likelihood(chance):
        return stats.beta.pdf(chance, 0.5, 0.5) * (chance / 0.3) ** 7 * ((1 - chance) / 0.7) ** 5

    expected = quad(likelihood, 0, 1)[0]
    assert np.exp(share_log_e_values(np.array([7.0]), np.array([12.0]), 0.3)[0]) == pytest.approx(expected, rel=1e-6)


def test_looking_all_the_time_seldom_stops_falsely():
    """4,000 runs of 1,000 rows with nothing to find: at most 5 %, and one point for chance."""
    draw = np.random.default_rng(0)
    wins = np.cumsum(draw.random((4000, 1000)) < 0.5, axis=1).astype(float)
    logs = share_log_e_values(wins, np.broadcast_to(np.arange(1.0, 1001), wins.shape))
    assert (logs.max(axis=1) >= np.log(20)).mean() <= 0.06
    ties = draw.choice([0, 0.5, 1], (600, 400), p=[0.2, 0.6, 0.2])
    assert np.mean([mean_log_e_values(row).max() >= np.log(20) for row in ties]) <= 0.05 + 0.027


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 300), share=st.floats(0, 1), level=st.sampled_from([0.8, 0.95]))
def test_an_interval_is_where_the_e_value_is_small(n, share, level):
    successes = round(n * share)
    found = anytime_proportion_interval(successes, n, level=level)
    assert 0 <= found.low <= found.value <= found.high <= 1
    exact = proportion_interval(successes, n, level=level)
    assert found.high - found.low >= exact.high - exact.low - 1e-9
    for end in (found.low, found.high):
        if 1e-9 < end < 1 - 1e-9:
            logs = share_log_e_values(np.array([float(successes)]), np.array([float(n)]), end)
            assert logs[0] == pytest.approx(np.log(1 / (1 - level)), abs=1e-5)
    turned = anytime_proportion_interval(n - successes, n, level=level)
    assert (turned.low, turned.high) == (pytest.approx(1 - found.high), pytest.approx(1 - found.low))


def test_intervals_hold_at_all_times_at_once():
    """120 runs looked at some 40 times each: the truth is never left in 95 %, less two standard errors."""
    draw, held, held_mean = np.random.default_rng(1), 0, 0
    at = np.unique(np.geomspace(5, 400, 40).astype(int))
    for _ in range(120):
        wins = np.cumsum(draw.random(400) < 0.7)
        held += all(low <= 0.7 <= high for _, low, high in (anytime_proportion_interval(int(wins[n - 1]), int(n)) for n in at))
    assert held / 120 >= 0.91
    for _ in range(60):
        values = draw.choice([0, 0.5, 1], 400, p=[0.1, 0.4, 0.5])
        held_mean += all(low <= 0.7 <= high for _, low, high in (anytime_mean_interval(values[:n]) for n in at[::4]))
    assert held_mean / 60 >= 0.89


def test_values_at_the_edge_and_values_that_do_not_suit():
    assert anytime_proportion_interval(0, 3).low == 0
    assert anytime_mean_interval(np.ones(200)).high == 1
    assert anytime_mean_interval(np.ones(200)).low > 0.9
    for wrong in (np.array([1.2]), np.array([-0.1]), np.array([np.nan])):
        with pytest.raises(InputError):
            mean_log_e_values(wrong)
    with pytest.raises(InputError):
        anytime_mean_interval(np.array([]))
    with pytest.raises(InputError):
        anytime_proportion_interval(3, 2)
    with pytest.raises(InputError):
        share_log_e_values(np.array([3.0]), np.array([2.0]))
