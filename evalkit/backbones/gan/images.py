"""The GAN's networks for images."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, silu

from evalkit.backbones.gan.network import Choices, GANNetwork, Recipe
from evalkit.backbones.gan.window import window_of
from evalkit.core.seeds import generator
from evalkit.core.state import State
from evalkit.data.encoded import Encoded, expect
from evalkit.data.layouts import PixelLayout
from evalkit.data.pixels import Pixels

_CELLS = 16
_STARTED_AT = 1000

Size = tuple[int, int]


class ResidualBlock(nn.Module):
    """Two convolutions with a skip connection and no normalisation; it begins as the skip alone."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(channels, channels, 3, padding=1), nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to the same."""
        result: Tensor = x + self.second(silu(self.first(silu(x))))
        return result


class ImageGenerator(nn.Module):
    """Noise to pixels: a linear map, and on top of it a small map of many channels, enlarged twice.

    It starts as the linear map alone, whose draws have the training images' mean and principal components: blends of images, but
    as different from each other as images are. Pixels are cut to their range only when they are handed out, since a bounded output
    stops learning where it is black.

    Args:
        layout: of the images.
        latent_size: width of the noise.
        width: channels at full height and width.
    """

    def __init__(self, layout: PixelLayout, latent_size: int, width: int) -> None:
        super().__init__()
        self.sizes = _sizes(layout)
        self.straight = nn.Linear(latent_size, layout.channels * layout.height * layout.width)
        height, breadth = self.sizes[2]
        self.enter, self.shape = nn.Linear(latent_size, 4 * width * height * breadth), (-1, 4 * width, height, breadth)
        self.blocks = nn.Sequential(ResidualBlock(4 * width), ResidualBlock(4 * width))
        self.middle = nn.Conv2d(4 * width, 2 * width, 3, padding=1)
        self.fine = nn.Conv2d(2 * width, width, 3, padding=1)
        self.leave = nn.Conv2d(width, layout.channels, 3, padding=1)
        nn.init.zeros_(self.leave.weight)

    def start_at(self, images: Tensor) -> None:
        """Let the linear map draw what these images, (n, …), have in common and the strongest ways in which they differ."""
        flat = images.flatten(1)
        mean = flat.mean(dim=0)
        _, lengths, directions = torch.linalg.svd((flat - mean) / len(flat) ** 0.5, full_matrices=False)
        n_directions = min(self.straight.in_features, len(lengths))
        with torch.no_grad():
            self.straight.weight.zero_()
            self.straight.weight[:, :n_directions] = (directions * lengths[:, None])[:n_directions].T
            self.straight.bias.copy_(mean)

    def forward(self, noise: Tensor) -> Tensor:
        """(n, latent) to (n, channels, height, width), about 0 to 1."""
        hidden = self.blocks(self.enter(noise).reshape(self.shape))
        for layer, size in ((self.middle, self.sizes[1]), (self.fine, self.sizes[0])):
            hidden = silu(layer(interpolate(hidden, size, mode="bilinear", align_corners=False)))
        bent = self.leave(hidden)
        drawn: Tensor = bent + self.straight(noise).reshape(bent.shape)
        return drawn


class ImageDiscriminator(nn.Module):
    """Pixels to one figure an image, the generator's way back; it never sees two images together."""

    def __init__(self, layout: PixelLayout, width: int) -> None:
        super().__init__()
        self.sizes = _sizes(layout)
        self.enter = nn.Conv2d(layout.channels, width, 3, padding=1)
        self.middle = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.coarse = nn.Conv2d(2 * width, 4 * width, 3, padding=1)
        self.block = ResidualBlock(4 * width)
        self.leave = nn.Linear(4 * width * math.prod(self.sizes[2]), 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, height, width) to (n,)."""
        hidden = silu(self.enter(x))
        for layer, size in ((self.middle, self.sizes[1]), (self.coarse, self.sizes[2])):
            hidden = silu(layer(interpolate(hidden, size, mode="bilinear", align_corners=False)))
        figure: Tensor = self.leave(silu(self.block(hidden)).flatten(1))[:, 0]
        return figure


class ImageNetwork(GANNetwork):
    """Convolutions; images are compared by the means of small cells of pixels, at most 16 along the longer side.

    Args:
        layout: channels, height and width.
        latent_size: width of the noise.
        width: channels at full height and width.
        window: of the score.
    """

    recipe: ClassVar[Recipe] = Recipe(
        latent_size=64,
        width=16,
        draws=256,
        batch=64,
        steps=1800,
        learning_rate=6e-4,
        penalty=0.5,
        blur=0.03,
        ema=0.99,
        look_every=150,
    )

    layout: PixelLayout
    generator: ImageGenerator
    ends: Tensor

    def __init__(self, layout: PixelLayout, latent_size: int, width: int, window: float) -> None:
        super().__init__(layout, latent_size, width, window)
        self.generator = ImageGenerator(layout, latent_size, width)
        self.discriminator = ImageDiscriminator(layout, width)
        self.register_buffer("ends", torch.tensor([0.0, 1.0]))
        self.cell = -(-max(layout.height, layout.width) // _CELLS)

    @classmethod
    def for_rows(cls, rows: Pixels, choices: Choices) -> Self:
        """See :class:`GANNetwork`."""
        network = cls(rows.layout, choices.latent_size or cls.recipe.latent_size, choices.width or cls.recipe.width, 1.0)
        some = rows.take(generator(choices.seed, "gan", "start").permutation(len(rows))[:_STARTED_AT])
        network.window = window_of(network.place(network.prepare(some)).numpy(), choices.seed)
        network.ends.copy_(torch.tensor([float(rows.values.min()), float(rows.values.max())]))
        network.generator.start_at(network.prepare(some))
        return network

    @classmethod
    def from_plan(cls, layout: PixelLayout, plan: Mapping[str, Any]) -> Self:
        """See :class:`GANNetwork`."""
        return cls(layout, plan["latent_size"], plan["width"], plan["window"])

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        return {"latent_size": self.latent_size, "width": self.width, "window": self.window}

    def prepare(self, rows: Encoded) -> Tensor:
        """The pixels, (n, channels, height, width) float64."""
        return torch.tensor(expect(rows, Pixels).values, dtype=torch.float64)

    def seen(self, rows: Pixels, random: np.random.Generator) -> Tensor:
        """The pixels."""
        return torch.tensor(rows.values)

    def view(self, x: Tensor) -> Tensor:
        """From -1, black, to 1."""
        return 2 * x - 1

    def place(self, x: Tensor) -> Tensor:
        """The cells' means."""
        return avg_pool2d(x, self.cell, ceil_mode=True, count_include_pad=False).flatten(1)

    def by_term(self, figures: Tensor) -> Tensor:
        """A term a pixel: each cell's figure is shared evenly among its pixels."""
        layout, cell = self.layout, self.cell
        ones = torch.ones(1, 1, layout.height, layout.width, dtype=figures.dtype)
        members = avg_pool2d(ones, cell, ceil_mode=True, divisor_override=1)
        shares = figures.reshape(figures.shape[0], layout.channels, *members.shape[2:]) / members
        pixels = shares.repeat_interleave(cell, dim=2).repeat_interleave(cell, dim=3)
        return pixels[:, :, : layout.height, : layout.width].flatten(1)

    def rows_of(self, drawn: Tensor) -> Pixels:
        """The pixels, between the darkest and the lightest of the training images."""
        return Pixels(drawn.float().clamp(self.ends[0], self.ends[1]).numpy())


def _sizes(layout: PixelLayout) -> tuple[Size, Size, Size]:
    """Full height and width, half and a quarter of them, rounded up."""
    full = (layout.height, layout.width)
    half = (-(-full[0] // 2), -(-full[1] // 2))
    return full, half, (-(-half[0] // 2), -(-half[1] // 2))
