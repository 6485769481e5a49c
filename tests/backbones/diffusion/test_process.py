import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from evalkit.backbones.diffusion.process import arc, noised, taken_apart, velocity

clean, noise = torch.randn(2, 6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@given(level=st.floats(0, 1))
def test_point_and_velocity_determine_row_and_noise(level: float) -> None:
    t = torch.tensor(level, dtype=torch.float64)
    parts = taken_apart(noised(clean, noise, t), velocity(clean, noise, t), t)
    torch.testing.assert_close(parts, (clean, noise), rtol=1e-12, atol=1e-12)
    assert math.isclose(float(sum(part**2 for part in arc(t))), 1.0)


def test_the_ends_are_the_row_and_noise_only() -> None:
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    torch.testing.assert_close(noised(clean, noise, ends[0]), clean)
    torch.testing.assert_close(noised(clean, noise, ends[1]), noise)


def test_the_velocity_is_the_way_along_the_arc() -> None:
    t, step = torch.tensor(0.3, dtype=torch.float64), 1e-6
    slope = (noised(clean, noise, t + step) - noised(clean, noise, t - step)) / (math.pi * step)
    torch.testing.assert_close(slope, velocity(clean, noise, t), rtol=1e-6, atol=1e-6)
