import numpy as np
import torch

from evalkit.backbones.diffusion.gaussian import GaussianDenoiser
from evalkit.backbones.diffusion.process import noised, velocity

random = np.random.default_rng(0)
ROWS = random.normal(size=(20000, 3)) @ np.array([[2.0, 0.5, 0.0], [0.0, 0.3, 0.1], [0.0, 0.0, 0.05]]) + [1.0, -1.0, 0.0]


def test_points_have_no_correlations_and_lead_back() -> None:
    gaussian = GaussianDenoiser.fit(ROWS)
    points = gaussian.points(torch.tensor(ROWS))
    np.testing.assert_allclose(np.cov(points.T), np.diag(gaussian.variances), atol=1e-3)
    torch.testing.assert_close(gaussian.vectors(points), torch.tensor(ROWS))


def test_slope_and_unit_are_those_of_a_regression_of_the_velocity_on_the_point() -> None:
    gaussian = GaussianDenoiser.fit(ROWS)
    clean = gaussian.points(torch.tensor(ROWS))
    noise = torch.tensor(random.normal(size=ROWS.shape))
    for level in (0.05, 0.4, 0.9):
        t = torch.tensor([level], dtype=torch.float64)
        point, target = noised(clean, noise, t), velocity(clean, noise, t)
        slope, unit, spread = gaussian.at(t)
        fitted = (point * target).mean(dim=0) / (point * point).mean(dim=0)
        np.testing.assert_allclose(fitted, slope, atol=0.05)
        np.testing.assert_allclose((target - slope * point).std(dim=0), unit, rtol=0.03)
        np.testing.assert_allclose(point.std(dim=0), spread, rtol=0.03)


def test_a_direction_without_variation_keeps_a_little_of_its_own() -> None:
    gaussian = GaussianDenoiser.fit(np.array([[1.0, 5.0], [2.0, 5.0]]))
    assert gaussian.variances.min() == 1e-4
    assert GaussianDenoiser.fit(np.ones((1, 3))).variances.tolist() == [1e-4] * 3
    again = GaussianDenoiser.from_state(gaussian.to_state())
    assert torch.equal(again.axes, gaussian.axes)
