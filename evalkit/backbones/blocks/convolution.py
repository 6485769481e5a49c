"""Layers for images: nothing in them looks at other images."""

import math

from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, silu

_CHANNELS_A_GROUP = 8
_COARSEST = 8


def halvings(height: int, width: int) -> list[tuple[int, int]]:
    """The sizes from an image's own down to eight or fewer.

    >>> halvings(28, 20)
    [(28, 20), (14, 10), (7, 5)]
    """
    sizes = [(height, width)]
    while max(sizes[-1]) > _COARSEST:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return sizes


class GroupNorm(nn.GroupNorm):
    """Normalises each image by groups of about eight channels."""

    def __init__(self, channels: int) -> None:
        super().__init__(math.gcd(channels, max(channels // _CHANNELS_A_GROUP, 1)), channels)


class ConvolutionBlock(nn.Module):
    """Two convolutions with a skip connection; height and width stay."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.first_norm, self.first = GroupNorm(n_inputs), nn.Conv2d(n_inputs, n_outputs, 3, padding=1)
        self.second_norm, self.second = GroupNorm(n_outputs), nn.Conv2d(n_outputs, n_outputs, 3, padding=1)
        self.skip = nn.Identity() if n_inputs == n_outputs else nn.Conv2d(n_inputs, n_outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, n_inputs, height, width) to (n, n_outputs, height, width)."""
        hidden = self.first(silu(self.first_norm(x)))
        result: Tensor = self.skip(x) + self.second(silu(self.second_norm(hidden)))
        return result


class Enlarge(nn.Module):
    """Doubles height and width by a convolution, then cuts to a size: what halving made of an odd one comes back.

    Source: Shi et al., "Real-Time Single Image and Video Super-Resolution", CVPR 2016.
    """

    def __init__(self, n_inputs: int, n_outputs: int, height: int, width: int) -> None:
        super().__init__()
        self.widen, self.height, self.width = nn.Conv2d(n_inputs, 4 * n_outputs, 3, padding=1), height, width

    def forward(self, x: Tensor) -> Tensor:
        """(n, n_inputs, h, w) to (n, n_outputs, height, width), which are at most twice h and w."""
        return pixel_shuffle(self.widen(x), 2)[..., : self.height, : self.width]
