"""The GAN's networks for images."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, silu

from evalkit.backbones.gan.network import Choices, GANNetwork, Recipe
from evalkit.backbones.gan.pieces import Pieces, pieces_of
from evalkit.backbones.gan.window import window_of
from evalkit.core.seeds import generator
from evalkit.core.state import State
from evalkit.data.encoded import Encoded, expect
from evalkit.data.layouts import PixelLayout
from evalkit.data.pixels import Pixels

_CELLS = 16
_STARTED_AT = 3000
_MOST_DIRECTIONS = 16

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
    """Noise to pixels: a linear map for each kind of image, and on top of it a small map of many channels, enlarged twice.

    The first number of the noise chooses the kind, and the next ones how it is drawn. It starts as the linear maps alone, see
    :mod:`evalkit.backbones.gan.pieces`: blurred, but of every kind, and as often as there are. Pixels are cut to their range only
    when they are handed out, since a bounded output stops learning where it is black.

    Args:
        layout: of the images.
        latent_size: width of the noise.
        width: channels at full height and width.
        n_pieces: kinds of images.
    """

    edges: Tensor

    def __init__(self, layout: PixelLayout, latent_size: int, width: int, n_pieces: int) -> None:
        super().__init__()
        self.sizes, self.rank = _sizes(layout), rank_of(latent_size)
        self.register_buffer("edges", torch.full((n_pieces + 1,), torch.inf))
        self.straight = nn.Linear(n_pieces * (1 + self.rank), layout.channels * layout.height * layout.width, bias=False)
        height, breadth = self.sizes[2]
        self.enter = nn.Linear(latent_size + n_pieces, 4 * width * height * breadth)
        self.shape = (-1, 4 * width, height, breadth)
        self.blocks = nn.Sequential(ResidualBlock(4 * width), ResidualBlock(4 * width))
        self.middle = nn.Conv2d(4 * width, 2 * width, 3, padding=1)
        self.fine = nn.Conv2d(2 * width, width, 3, padding=1)
        self.leave = nn.Conv2d(width, layout.channels, 3, padding=1)
        for each in self.leave.parameters():
            nn.init.zeros_(each)

    def start_at(self, pieces: Pieces) -> None:
        """Let the linear maps draw these pieces."""
        maps = np.concatenate((pieces.means[:, None], pieces.directions), axis=1)
        with torch.no_grad():
            self.edges.copy_(torch.from_numpy(pieces.edges))
            self.straight.weight.copy_(torch.from_numpy(maps.reshape(-1, maps.shape[2]).T))

    def forward(self, noise: Tensor) -> Tensor:
        """(n, latent) to (n, channels, height, width), about 0 to 1."""
        chosen = ((noise[:, :1] >= self.edges[:-1]) & (noise[:, :1] < self.edges[1:])).to(noise.dtype)
        how = torch.cat((torch.ones_like(noise[:, :1]), noise[:, 1 : 1 + self.rank]), dim=1)
        straight = self.straight((chosen[:, :, None] * how[:, None]).flatten(1))
        hidden = self.blocks(self.enter(torch.cat((noise, chosen), dim=1)).reshape(self.shape))
        for layer, size in ((self.middle, self.sizes[1]), (self.fine, self.sizes[0])):
            hidden = silu(layer(interpolate(hidden, size, mode="bilinear", align_corners=False)))
        bent = self.leave(hidden)
        drawn: Tensor = bent + straight.reshape(bent.shape)
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
        n_pieces: see :class:`ImageGenerator`.
    """

    recipe: ClassVar[Recipe] = Recipe(
        latent_size=64,
        width=16,
        draws=256,
        batch=64,
        steps=900,
        learning_rate=6e-4,
        penalty=5.0,
        blur=0.1,
        ema=0.99,
        look_every=150,
    )

    layout: PixelLayout
    generator: ImageGenerator
    ends: Tensor

    def __init__(self, layout: PixelLayout, latent_size: int, width: int, window: float, n_pieces: int) -> None:
        super().__init__(layout, latent_size, width, window)
        self.n_pieces = n_pieces
        self.generator = ImageGenerator(layout, latent_size, width, n_pieces)
        self.discriminator = ImageDiscriminator(layout, width)
        self.register_buffer("ends", torch.tensor([0.0, 1.0]))
        self.cell = -(-max(layout.height, layout.width) // _CELLS)

    @classmethod
    def for_rows(cls, rows: Pixels, choices: Choices) -> Self:
        """See :class:`GANNetwork`."""
        latent_size, width = choices.latent_size or cls.recipe.latent_size, choices.width or cls.recipe.width
        some = rows.take(generator(choices.seed, "gan", "start").permutation(len(rows))[:_STARTED_AT])
        pieces = pieces_of(np.float64(some.values).reshape(len(some), -1), rank_of(latent_size), choices.seed)
        network = cls(rows.layout, latent_size, width, 1.0, len(pieces.means))
        network.window = window_of(network.place(network.prepare(some)).numpy(), choices.seed)
        network.ends.copy_(torch.tensor([float(rows.values.min()), float(rows.values.max())]))
        network.generator.start_at(pieces)
        return network

    @classmethod
    def from_plan(cls, layout: PixelLayout, plan: Mapping[str, Any]) -> Self:
        """See :class:`GANNetwork`."""
        return cls(layout, plan["latent_size"], plan["width"], plan["window"], plan["n_pieces"])

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        sizes = {"latent_size": self.latent_size, "width": self.width, "n_pieces": self.n_pieces}
        return {**sizes, "window": self.window}

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


def rank_of(latent_size: int) -> int:
    """Directions of a piece: what the noise has beside the choice of the piece, at most 16."""
    return min(latent_size - 1, _MOST_DIRECTIONS)


def _sizes(layout: PixelLayout) -> tuple[Size, Size, Size]:
    """Full height and width, half and a quarter of them, rounded up."""
    full = (layout.height, layout.width)
    half = (-(-full[0] // 2), -(-full[1] // 2))
    return full, half, (-(-half[0] // 2), -(-half[1] // 2))
