"""Many differences at once: Tukey's law where it is known, and the edges."""

import numpy as np
import pytest
from scipy import stats

from evalkit.core.errors import InputError
from evalkit.statistics.simultaneous import difference_errors, pairwise_quantile


@pytest.mark.parametrize(("k", "degrees"), [(2, np.inf), (5, np.inf), (5, 12.0), (20, 30.0)])
def test_of_independent_estimates_it_is_tukeys_studentized_range(k, degrees):
    found = pairwise_quantile(np.eye(k), degrees=degrees, seed=0, draws=40_000)
    expected = stats.studentized_range.ppf(0.95, k, degrees if np.isfinite(degrees) else 1e5) / np.sqrt(2)
    assert found == pytest.approx(expected, rel=0.015)


def test_a_common_part_does_not_matter_and_the_scale_does_not_either():
    draw = np.random.default_rng(0).normal(size=(4, 6))
    covariance = draw @ draw.T
    shifted = 9 * (covariance + 5.0)
    assert pairwise_quantile(shifted, seed=0, draws=20_000) == pytest.approx(
        pairwise_quantile(covariance, seed=0, draws=20_000), rel=0.02
    )
    np.testing.assert_allclose(difference_errors(shifted), 3 * difference_errors(covariance))


def test_it_is_never_below_one_interval_s_own():
    assert pairwise_quantile(np.zeros((3, 3)), seed=0) == pytest.approx(1.96, abs=0.01)
    with pytest.raises(InputError, match="level"):
        pairwise_quantile(np.eye(2), level=1.0)
