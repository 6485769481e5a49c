"""Statistics a row: the test's level and exactness, and what cannot be compared."""

import numpy as np
import pytest
from scipy import stats

from evalkit.discriminator.giveaways.statistics import statistic_giveaway


def told(reference, generated, seed=0):
    return statistic_giveaway(
        "level", "a", np.asarray(reference, float), np.asarray(generated, float), "{found}/{usual}", seed=seed
    )


def test_against_mann_whitney_and_student():
    draw = np.random.default_rng(0)
    real, drawn = draw.normal(size=40), draw.normal(0.6, 1, size=30)
    found = told(real, drawn)
    assert abs(found.p_value - stats.mannwhitneyu(drawn, real, method="exact").pvalue) < 0.01
    assert (found.low, found.high) == pytest.approx(stats.t.interval(0.95, 29, drawn.mean(), stats.sem(drawn)))
    assert found.reference == real.mean()
    assert found.size == abs(2 * stats.mannwhitneyu(drawn, real).statistic / 1200 - 1)


def test_the_level_with_ties_and_wild_values():
    rejected = 0
    for seed in range(60):
        real, drawn = np.random.default_rng(seed).standard_cauchy(size=(2, 20)).round()
        rejected += told(real, drawn, seed).p_value <= 0.05
    assert rejected / 60 <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 60)


def test_nothing_to_compare_is_nothing():
    assert told(np.ones(20), np.ones(20)) is None
    assert told([1.0, np.nan], np.arange(20)) is None
    assert told(np.arange(20), [np.inf, np.nan, 3.0]) is None
