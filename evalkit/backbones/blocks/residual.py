"""Fully connected layers that are told something beside their input."""

import torch
from torch import Tensor, nn
from torch.nn.functional import silu


class ResidualPerceptron(nn.Module):
    """Normalised layers with skip connections, each shifted and scaled by a condition; its first output is 0 everywhere.

    Args:
        n_inputs: width of the input.
        width: of the hidden layers and of the condition.
        n_outputs: width of the output.
        depth: how many layers.
    """

    def __init__(self, n_inputs: int, width: int, n_outputs: int, depth: int) -> None:
        super().__init__()
        self.enter = nn.Linear(n_inputs, width)
        self.layers = nn.ModuleList(ModulatedLayer(width) for _ in range(depth))
        self.leave = nn.Linear(width, n_outputs)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(…, n_inputs) and a condition that broadcasts to (…, width), to (…, n_outputs)."""
        hidden = self.enter(x)
        for layer in self.layers:
            hidden = layer(hidden, condition)
        left: Tensor = self.leave(silu(hidden))
        return left


class ModulatedLayer(nn.Module):
    """One normalised layer with a skip connection."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = nn.Linear(width, 2 * width)
        self.enter, self.leave = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(…, width) and a condition that broadcasts to it."""
        scale, shift = torch.chunk(self.modulation(condition), 2, dim=-1)
        moved: Tensor = self.leave(silu(self.enter(self.norm(x)) * (1 + scale) + shift))
        return x + moved
