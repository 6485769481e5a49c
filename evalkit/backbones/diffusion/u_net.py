"""A U-Net: down to a few places that see each other, and up again with what was seen on the way down."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from evalkit.backbones.blocks.attention import SelfAttention
from evalkit.backbones.blocks.convolution import ConvolutionBlock, Enlarge, GroupNorm


class ConditionedBlock(ConvolutionBlock):
    """Two convolutions with a skip connection, the second of what a condition has shifted and scaled."""

    def __init__(self, n_inputs: int, n_outputs: int, n_condition: int) -> None:
        super().__init__(n_inputs, n_outputs)
        self.modulation = nn.Linear(n_condition, 2 * n_outputs)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:  # type: ignore[override]
        """(n, n_inputs, height, width) and (n, n_condition) to (n, n_outputs, height, width)."""
        scale, shift = self.modulation(condition)[:, :, None, None].chunk(2, dim=1)
        hidden = self.second_norm(self.first(silu(self.first_norm(x))))
        result: Tensor = self.skip(x) + self.second(silu(hidden * (1 + scale) + shift))
        return result


class UNet(nn.Module):
    """Velocities of noised images; its first output is 0 everywhere.

    Args:
        channels: of the images.
        sizes: height and width of the images, and of each halving.
        width: channels at the first halving; twice as many below.
        depth: blocks at the lowest size.
        n_condition: width of the condition.
    """

    def __init__(self, channels: int, sizes: Sequence[tuple[int, int]], width: int, depth: int, n_condition: int) -> None:
        super().__init__()
        halved = len(sizes) > 1
        widths = [width] + [2 * width] * max(len(sizes) - 2, 0)
        self.enter = nn.Conv2d(channels, width, 3, stride=2 if halved else 1, padding=1)
        self.down = nn.ModuleList(ConditionedBlock(each, each, n_condition) for each in widths[:-1])
        self.halve = nn.ModuleList(nn.Conv2d(before, after, 3, stride=2, padding=1) for before, after in pairwise(widths))
        lowest = widths[-1]
        self.lowest = nn.ModuleList(ConditionedBlock(lowest, lowest, n_condition) for _ in range(depth))
        self.attention = SelfAttention(lowest, heads=math.gcd(lowest, 4))
        self.enlarge = nn.ModuleList(
            Enlarge(before, after, *size) for before, after, size in zip(widths[:0:-1], widths[-2::-1], sizes[-2:0:-1], strict=True)
        )
        self.up = nn.ModuleList(ConditionedBlock(2 * each, each, n_condition) for each in widths[-2::-1])
        last = Enlarge(width, channels, *sizes[0]) if halved else nn.Conv2d(width, channels, 3, padding=1)
        self.leave = nn.Sequential(GroupNorm(width), nn.SiLU(), last)
        for parameter in last.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(n, channels, height, width) and (n, n_condition) to (n, channels, height, width)."""
        hidden, seen = self.enter(x), []
        for block, halve in zip(self.down, self.halve, strict=True):
            hidden = block(hidden, condition)
            seen.append(hidden)
            hidden = halve(hidden)
        for i, block in enumerate(self.lowest):
            hidden = block(hidden, condition)
            if i == 0:
                hidden = self._attended(hidden)
        for enlarge, block in zip(self.enlarge, self.up, strict=True):
            hidden = block(torch.cat([enlarge(hidden), seen.pop()], dim=1), condition)
        result: Tensor = self.leave(hidden)
        return result

    def _attended(self, x: Tensor) -> Tensor:
        attended: Tensor = self.attention(x.flatten(2).transpose(1, 2))
        return attended.transpose(1, 2).reshape(x.shape)
