"""What a known variance makes of influences."""

import numpy as np
import pytest

from evalkit.statistics.splitting import calibrated, share_variance_floor


def test_shares_of_0_and_1_are_not_certain():
    assert share_variance_floor(0.0, 100) == pytest.approx(share_variance_floor(1.0, 100))
    assert share_variance_floor(0.0, 100) > 0
    assert share_variance_floor(0.5, 10**6) == pytest.approx(0.25e-6, rel=1e-3)


@pytest.mark.parametrize("variance", [0.0, 0.01, 0.05, 3.0])
@pytest.mark.parametrize("empty", [(), (0,), (1,), (0, 1)])
def test_calibrated_influences_add_up_to_the_variance(variance, empty):
    own, across = (
        np.zeros(50) if side in empty else np.random.default_rng(side).normal(size=50) * scale for side, scale in ((0, 1), (1, 7))
    )
    first, second, further = calibrated(own, across, variance)
    assert further + (first.var(ddof=1) + second.var(ddof=1)) / 50 == pytest.approx(variance)
