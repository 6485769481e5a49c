from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from evalkit.backbones.diffusion.gaussian import GaussianDenoiser
from evalkit.backbones.diffusion.samplers import SAMPLERS, SamplerName, falling, flow

SPREADS = np.array([0.1, 1.0, 3.0])


def best_velocity() -> Callable[[Tensor, Tensor], Tensor]:
    """The exact prediction for rows from a normal distribution with these standard deviations and mean 0."""
    gaussian = GaussianDenoiser(np.zeros(3), np.eye(3), SPREADS**2)
    return lambda point, t: gaussian.at(t.unsqueeze(-1))[0] * point


@pytest.mark.parametrize("name", SAMPLERS)
def test_with_the_exact_prediction_they_arrive_at_the_distribution(name: SamplerName) -> None:
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(4000, 3, dtype=torch.float64, generator=random)
    fresh = lambda step: torch.randn(4000, 3, dtype=torch.float64, generator=random)  # noqa: E731
    *_, arrived = SAMPLERS[name](best_velocity(), noise, falling(1.0, 100, 2.0), fresh)
    np.testing.assert_allclose(arrived.std(dim=0), SPREADS, rtol=0.05)
    np.testing.assert_allclose(arrived.mean(dim=0) / torch.tensor(SPREADS), 0, atol=0.06)


@pytest.mark.parametrize("name", ["flow", "ddim"])
def test_without_new_noise_the_way_is_the_exact_one(name: SamplerName) -> None:
    noise = torch.randn(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    *_, arrived = SAMPLERS[name](best_velocity(), noise, falling(1.0, 400, 2.0), lambda step: noise)
    np.testing.assert_allclose(arrived, noise * torch.tensor(SPREADS), rtol=0.05, atol=1e-3)


def test_the_flow_leads_back_to_where_it_came_from() -> None:
    rows = torch.randn(20, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * torch.tensor(SPREADS)
    levels = falling(1.0, 40, 2.0)
    *_, noise = flow(best_velocity(), rows, levels.flip(0), lambda step: rows)
    *_, again = flow(best_velocity(), noise, levels, lambda step: rows)
    np.testing.assert_allclose(again, rows, rtol=0.03, atol=1e-3)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_point_after_each_step(name: SamplerName) -> None:
    noise = torch.zeros(1, 3, dtype=torch.float64)
    assert len(list(SAMPLERS[name](best_velocity(), noise, falling(1.0, 7, 2.0), lambda step: noise))) == 7
