import numpy as np
import pytest
import torch
from scipy import stats

from evalkit.backbones.heads.likelihoods import bernoulli, gaussian, interval, student_t

GRID = torch.linspace(-60.0, 60.0, 240_001, dtype=torch.float64)
STEP = float(GRID[1] - GRID[0])
MEANS = [(0.0, 0.0), (-2.5, -1.5), (4.0, 0.7)]


def scalar(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)


@pytest.mark.parametrize(("mean", "log_sigma"), MEANS)
def test_gaussian_is_scipys_and_integrates_to_one(mean: float, log_sigma: float) -> None:
    density = torch.exp(-gaussian(GRID, scalar(mean), scalar(log_sigma)))
    assert float(density.sum()) * STEP == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(density, stats.norm.pdf(GRID, mean, np.exp(log_sigma)), atol=1e-14)


@pytest.mark.parametrize("freedom", [1.0, 3.0, 50.0])
@pytest.mark.parametrize(("mean", "log_sigma"), MEANS)
def test_student_t_is_scipys(mean: float, log_sigma: float, freedom: float) -> None:
    surprise = student_t(GRID, scalar(mean), scalar(log_sigma), scalar(freedom))
    np.testing.assert_allclose(surprise, -stats.t.logpdf(GRID, freedom, mean, np.exp(log_sigma)), rtol=1e-9)


@pytest.mark.parametrize("logit", [-800.0, -3.0, 0.0, 0.2, 800.0])
def test_bernoulli_adds_up_to_one_and_stays_finite(logit: float) -> None:
    surprise = bernoulli(torch.tensor([0.0, 1.0], dtype=torch.float64), scalar(logit))
    assert torch.isfinite(surprise).all()
    assert float(torch.exp(-surprise).sum()) == pytest.approx(1, abs=1e-12)
    assert float(surprise[0] - surprise[1]) == pytest.approx(logit, abs=1e-9)


@pytest.mark.parametrize(("mean", "log_sigma"), MEANS)
def test_interval_is_scipys_logistic(mean: float, log_sigma: float) -> None:
    upper, width = (
        torch.tensor([-3.0, 0.0, 1.0, 8.0], dtype=torch.float64),
        torch.tensor([0.5, 2.0, 1e-3, 1e5], dtype=torch.float64),
    )
    law = stats.logistic(mean, np.exp(log_sigma))
    wanted = law.cdf(upper) - law.cdf(upper - width)
    np.testing.assert_allclose(torch.exp(-interval(upper, width, scalar(mean), scalar(log_sigma))), wanted, rtol=1e-6)


@pytest.mark.parametrize("upper", [-1e6, -300.0, 300.0, 1e6])
def test_interval_stays_finite_and_exact_far_out(upper: float) -> None:
    """There both ends have the same cumulative probability in floating point; the tail is exponential."""
    surprise = float(interval(scalar(upper), scalar(0.25), scalar(0.0), scalar(0.0)))
    edge = abs(upper) - (0.25 if upper > 0 else 0)
    assert surprise == pytest.approx(edge - np.log(-np.expm1(-0.25)), rel=1e-12)
