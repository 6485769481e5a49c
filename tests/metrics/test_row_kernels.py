"""The bandwidth of a Gaussian kernel."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from evalkit.core.errors import InputError
from evalkit.metrics.mmd import GaussianKernelDistance, mmd_gaussian
from evalkit.metrics.row_kernels import median_bandwidth
from tests.metrics.test_mmd import two


def test_the_bandwidth_is_the_median_distance_of_the_reference() -> None:
    first, second = two(n=40)
    expected = np.median(cdist(first, first)[np.triu_indices(40, 1)])
    assert median_bandwidth(first) == pytest.approx(expected)
    found = GaussianKernelDistance().estimates(first, second, seed=0)["mmd"]
    assert found.value == pytest.approx(mmd_gaussian(first, second, bandwidth=expected))
    assert f"h = {expected:.6g}" in found.method
    assert median_bandwidth(np.arange(3000.0)[:, None], seed=1) == pytest.approx(3000 * (1 - 1 / np.sqrt(2)), rel=0.1)


def test_ties_leave_a_bandwidth_and_constants_none() -> None:
    mostly = np.array([[0.0]] * 9 + [[5.0]])
    assert median_bandwidth(mostly) == pytest.approx(1.0)
    with pytest.raises(InputError, match="rows that differ"):
        GaussianKernelDistance().estimates(np.ones((5, 2)), mostly[:5] @ np.ones((1, 2)), seed=0)
