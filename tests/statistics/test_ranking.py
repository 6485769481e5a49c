"""Ranking: against counting pairs, and the interval's coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalkit.core.errors import InputError, ShapeError
from evalkit.statistics import auc, auc_interval

values = st.lists(st.integers(-3, 3), min_size=1, max_size=12).map(lambda drawn: np.array(drawn, dtype=float))


@given(values, values)
def test_it_is_the_share_of_pairs(first, second):
    pairs = [(x > y) + 0.5 * (x == y) for x in first for y in second]
    assert auc(first, second) == pytest.approx(np.mean(pairs))
    assert auc(first, second) == pytest.approx(1 - auc(second, first))


@given(st.integers(0, 1000), st.integers(1, 300), st.integers(1, 300))
def test_the_interval_holds_the_value_and_mirrors(thousandths, m, n):
    value = thousandths / 1000
    interval = auc_interval(value, m, n)
    mirrored = auc_interval(1 - value, n, m)
    assert 0 <= interval.low <= value <= interval.high <= 1
    np.testing.assert_allclose([interval.low, interval.high], [1 - mirrored.high, 1 - mirrored.low], atol=1e-7)


def test_it_keeps_a_width_at_the_ends_and_narrows_with_rows():
    assert auc_interval(1.0, 28, 500).low < 0.95
    widths = [high - low for _, low, high in (auc_interval(0.5, n, n) for n in (10, 30, 100))]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
@pytest.mark.parametrize(("m", "n"), [(12, 500), (28, 28), (28, 500)])
def test_it_covers_the_truth_of_normal_samples(share, m, n):
    draw = np.random.default_rng(m + n)
    shift = stats.norm.ppf(share) * np.sqrt(2)
    areas = [auc(draw.normal(size=m) + shift, draw.normal(size=n)) for _ in range(500)]
    covered = np.mean([interval.low <= share <= interval.high for interval in (auc_interval(area, m, n) for area in areas)])
    assert covered >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / 500)


def test_refusals():
    with pytest.raises(ShapeError):
        auc(np.array([]), np.ones(2))
    with pytest.raises(InputError):
        auc(np.array([np.nan]), np.ones(2))
    for arguments in ((1.1, 3, 3), (0.5, 0, 3), (0.5, 3, 0)):
        with pytest.raises(InputError):
            auc_interval(*arguments)
