"""Differences of shares: published intervals, coverage, and rows that come in groups."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalkit.core.errors import InputError, ShapeError
from evalkit.statistics.shares import grouped_share_difference, share_difference


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_the_intervals_of_newcombes_table(counts, low, high):
    found = share_difference(*counts)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    assert found.p_value == pytest.approx(
        stats.fisher_exact([[counts[0], counts[1] - counts[0]], [counts[2], counts[3] - counts[2]]])[1]
    )


@given(n=st.integers(1, 60), m=st.integers(1, 60), seed=st.integers(0, 10**6))
def test_an_interval_holds_its_difference_and_stays_in_range(n, m, seed):
    first, second = (int(np.random.default_rng(seed + k).integers(0, size + 1)) for k, size in enumerate((n, m)))
    found, turned = share_difference(first, n, second, m), share_difference(second, m, first, n)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert 0 < found.p_value <= 1
    assert (turned.low, turned.high) == (pytest.approx(-found.high), pytest.approx(-found.low))


def test_the_interval_holds_and_the_test_keeps_its_level():
    """Of 2,000 draws 95 % lie in 93.5 … 97.5 % but for the interval's own error at small shares; the exact test is conservative."""
    draw = np.random.default_rng(0)
    for n, m, share in ((50, 80, 0.1), (400, 300, 0.02)):
        found = [
            share_difference(a, n, b, m) for a, b in zip(draw.binomial(n, share, 2000), draw.binomial(m, share, 2000), strict=True)
        ]
        assert 0.935 <= np.mean([each.low <= 0 <= each.high for each in found]) <= 0.985
        assert np.mean([each.p_value <= 0.05 for each in found]) <= 0.05


def test_groups_are_what_is_independent():
    draw = np.random.default_rng(0)
    flags, groups = np.repeat(draw.random(30) < 0.4, 20), np.repeat(np.arange(30), 20)
    others, of_others = np.repeat(draw.random(40) < 0.6, 5), np.repeat(np.arange(40), 5)
    found = grouped_share_difference(flags, groups, others, of_others)
    test = stats.ttest_ind(flags[::20].astype(float), others[::5].astype(float), equal_var=False)
    assert found.value == pytest.approx(flags.mean() - others.mean())
    assert found.p_value == pytest.approx(test.pvalue)
    assert found.p_value > 10 * share_difference(flags.sum(), 600, others.sum(), 200).p_value
    alone = grouped_share_difference(flags[::20], groups[::20], others[::5], of_others[::5])
    assert alone == pytest.approx(found)


def test_groups_that_are_all_alike_count_as_one_row_each():
    groups = np.repeat(np.arange(20), 4)
    every, none = np.ones(80, dtype=bool), np.zeros(80, dtype=bool)
    found = grouped_share_difference(every, groups, none, groups)
    assert (found.value, found.p_value) == (1.0, share_difference(20, 20, 0, 20).p_value)
    assert grouped_share_difference(none, groups, none, groups).p_value == 1


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError):
        share_difference(5, 4, 0, 1)
    with pytest.raises(InputError, match="level"):
        share_difference(1, 4, 0, 1, level=1)
    with pytest.raises(ShapeError, match="two groups"):
        flags = np.ones(4, dtype=bool)
        grouped_share_difference(flags, np.zeros(4, dtype=int), flags, np.arange(4))
