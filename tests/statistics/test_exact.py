"""Exact and permutation tests: their level under the null, their power off it."""

import numpy as np
import pytest
from scipy import stats

from evalkit.core.errors import InputError, ShapeError
from evalkit.statistics import binomial_test, paired_test, two_sample_test


def mean_gap(first, second):
    return float(abs(first.mean() - second.mean()))


def test_binomial_equals_scipy():
    assert binomial_test(31, 40, share=0.6, alternative="greater") == stats.binomtest(31, 40, 0.6, "greater").pvalue


def test_paired_equals_enumeration():
    differences = np.array([1.0, 2.0, -0.5, 3.0, 0.7])
    signs = np.array(np.meshgrid(*[[-1, 1]] * 5)).reshape(5, -1).T
    exact = (np.abs(signs @ differences) >= differences.sum() - 1e-12).mean()
    assert abs(paired_test(differences, seed=0, permutations=40_000) - exact) < 0.01


def test_level_under_the_null():
    draw = np.random.default_rng(0)
    paired = [paired_test(draw.standard_t(3, size=12), seed=i, permutations=199) for i in range(1500)]
    two = [two_sample_test(draw.normal(size=8), draw.normal(size=9), mean_gap, seed=i, permutations=99) for i in range(1000)]
    for p in (paired, two):
        assert abs(np.mean(np.array(p) <= 0.05) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / len(p))


def test_power_and_rows():
    draw = np.random.default_rng(1)
    assert paired_test(draw.normal(1.5, 1, size=20), seed=0) < 0.001
    assert (
        two_sample_test(draw.normal(size=(30, 2)), draw.normal(2, 1, size=(30, 2)), mean_gap, seed=0, permutations=199) == 1 / 200
    )


def test_refusals():
    with pytest.raises(InputError):
        binomial_test(3, 2)
    with pytest.raises(ShapeError):
        paired_test(np.array([]), seed=0)
    with pytest.raises(InputError):
        two_sample_test(np.array([np.inf]), np.array([1.0]), mean_gap, seed=0)
