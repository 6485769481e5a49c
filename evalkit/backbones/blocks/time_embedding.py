"""Noise levels as vectors."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import silu


class TimeEmbedding(nn.Module):
    """A noise level between 0 and 1 as a vector: waves of rising frequency, then one layer."""

    frequencies: Tensor

    def __init__(self, width: int, n_waves: int = 8) -> None:
        super().__init__()
        self.register_buffer("frequencies", math.pi * torch.arange(n_waves), persistent=False)
        self.leave = nn.Linear(2 * n_waves, width)

    def forward(self, t: Tensor) -> Tensor:
        """(…) to (…, width)."""
        angle = t.unsqueeze(-1) * self.frequencies.to(t)
        return silu(self.leave(torch.cat([angle.cos(), angle.sin()], dim=-1)))
