"""Two samples: against counting, scipy, all permutations, and simulated level."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalkit.core.errors import InputError
from evalkit.statistics import auc, auc_estimate, outside_test, rank_sum_test, share_test
from evalkit.statistics.influence import difference

values = st.lists(st.integers(-3, 3), min_size=2, max_size=9).map(lambda drawn: np.array(drawn, dtype=float))


@given(values, values)
def test_influences_are_counted_pairs(first, second):
    pairs = np.array([[(x > y) + 0.5 * (x == y) for y in second] for x in first])
    estimate = auc_estimate(first, second)
    assert estimate.value == pytest.approx(pairs.mean())
    np.testing.assert_allclose(estimate.reference, pairs.mean(axis=1) - pairs.mean(), atol=1e-12)
    np.testing.assert_allclose(estimate.generated, pairs.mean(axis=0) - pairs.mean(), atol=1e-12)


def test_the_difference_of_two_areas_on_the_same_rows_has_the_variance_it_says():
    draw = np.random.default_rng(0)
    found = []
    for _ in range(300):
        real, drawn = draw.normal(1, 1, size=(60, 2)), draw.normal(size=(80, 2))
        real[:, 1] += real[:, 0]
        drawn[:, 1] += drawn[:, 0]
        found.append(difference(*(auc_estimate(real[:, i], drawn[:, i]) for i in (0, 1)), paired=True))
    truth = stats.norm.cdf(1 / np.sqrt(2)) - stats.norm.cdf(2 / np.sqrt(4))
    covered = np.mean([one.low <= truth <= one.high for one in found])
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 300)


@pytest.mark.parametrize(
    ("first", "second"), [([5, 6, 7, 9], [1, 2, 3, 8, 4]), ([2, 2, 3, 3], [1, 2, 2, 1, 3]), ([1.0], [0.0, 1.0])]
)
def test_rank_sums_against_every_permutation(first, second):
    pooled, m = np.array(first + second, dtype=float), len(first)
    areas = []
    for chosen in combinations(range(len(pooled)), m):
        inside = np.isin(np.arange(len(pooled)), chosen)
        areas.append(auc(pooled[inside], pooled[~inside]))
    areas, observed = np.array(areas), auc(pooled[:m], pooled[m:])
    exact = {
        "greater": np.mean(areas >= observed - 1e-12),
        "two-sided": np.mean(np.abs(areas - 0.5) >= abs(observed - 0.5) - 1e-12),
    }
    for alternative, p_value in exact.items():
        drawn = rank_sum_test(pooled[:m], pooled[m:], seed=1, alternative=alternative, permutations=9999)
        assert abs(drawn - p_value) < 4 * np.sqrt(p_value * (1 - p_value) / 9999) + 2e-4


@pytest.mark.parametrize("n", [100, 2500])
def test_rank_sums_against_scipy(n):
    draw = np.random.default_rng(n)
    first, second = draw.normal(0.05, 1, n), draw.normal(size=n)
    expected = stats.mannwhitneyu(first, second, alternative="greater").pvalue
    assert rank_sum_test(first, second, seed=0) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("levels", [2, 5, 1000])
def test_rank_sums_keep_their_level_with_ties(levels):
    draw = np.random.default_rng(levels)
    p_values = [rank_sum_test(*draw.integers(0, levels, (2, 25)).astype(float), seed=i, permutations=199) for i in range(400)]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)


def test_constant_values_say_nothing():
    assert rank_sum_test(np.ones(30), np.ones(30), seed=0) == 1.0


def test_shares_against_a_table_of_fisher():
    # The lady tasting tea, Fisher (1935): 3 of 4 cups right is a two-sided p of 34 / 70.
    assert share_test(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert share_test(0, 5, 0, 9) == 1.0


def test_outside_against_counting_orders():
    n, m = 4, 5
    outside = []
    for chosen in combinations(range(n + m), n):
        outside.append(n + m - (chosen[-1] - chosen[0] + 1))
    for k in range(m + 1):
        assert outside_test(k, n, m) == pytest.approx(np.mean(np.array(outside) >= k))


def test_outside_of_many_rows_is_small_and_finite():
    assert 0 < outside_test(40, 10_000, 10_000) < 1e-9


@pytest.mark.parametrize("n", [20, 200])
def test_outside_is_conservative_with_ties(n):
    draw = np.random.default_rng(n)
    rejected = 0
    for _ in range(400):
        reference, generated = draw.poisson(2.0, n), draw.poisson(2.0, n)
        outside = int(((generated < reference.min()) | (generated > reference.max())).sum())
        rejected += outside_test(outside, n, n) <= 0.05
    assert rejected / 400 <= 0.05


def test_refusals():
    with pytest.raises(InputError):
        share_test(3, 2, 0, 2)
    with pytest.raises(InputError):
        outside_test(1, 1, 1)
    with pytest.raises(InputError):
        rank_sum_test(np.ones(2), np.zeros(2), seed=0, permutations=0)
