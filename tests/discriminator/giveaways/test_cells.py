"""Cells: decimals as people write them, missing values, ranges."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalkit.discriminator.giveaways.cells import decimals, decimals_giveaway, missing_giveaway, range_giveaway


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**5), max_value=10**5, places=6))
def test_decimals_are_those_of_the_shortest_writing(number):
    expected = max(0, -number.normalize().as_tuple().exponent)
    assert decimals(np.array([float(number)])).tolist() == [expected]


def test_decimals_of_odd_numbers():
    odd = np.array([0.0, -0.0, 1e300, 2.0**60, 1e-12, np.pi, float(np.float32(2.7)), -7.25])
    assert decimals(odd).tolist() == [0, 0, 0, 0, 10, 10, 1, 2]


def test_the_decimals_test_keeps_its_level():
    rejected = 0
    for seed in range(400):
        draw = np.random.default_rng(seed)
        real, drawn = (np.round(draw.normal(size=60) * 100, 2) for _ in range(2))
        found = decimals_giveaway("a", real, drawn)
        rejected += found is not None and found.p_value <= 0.05
    assert rejected / 400 <= 0.05


def test_nothing_to_compare_is_nothing():
    whole = np.arange(5.0)
    assert decimals_giveaway("a", whole, whole) is None
    assert decimals_giveaway("a", np.full(5, np.nan), whole) is None
    assert missing_giveaway("a", pd.Series(whole), pd.Series(whole)) is None
    assert missing_giveaway("a", pd.Series([None, None]), pd.Series([None])) is None
    assert range_giveaway("a", np.array([1.0, np.nan]), whole) is None
    assert range_giveaway("a", whole, np.full(5, np.nan)) is None


def test_missing_values_against_fisher():
    real, drawn = pd.Series([1.0] * 40), pd.Series([1.0] * 30 + [np.nan] * 10)
    found = missing_giveaway("a", real, drawn)
    assert (found.figure, found.reference) == (0.25, 0.0)
    assert found.p_value == pytest.approx(stats.fisher_exact([[10, 30], [0, 40]]).pvalue)
    assert "25 % of the generated rows" in found.sentence


def test_values_outside_are_counted():
    found = range_giveaway("a", np.arange(100.0), np.array([-1.0, 0.0, 50.0, 99.0, 100.0]))
    assert found.figure == 0.4
    assert found.p_value < 0.05
