"""The VAE's network for images."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from evalkit.backbones.blocks.convolution import ConvolutionBlock, Enlarge, GroupNorm, halvings
from evalkit.backbones.heads.pixels import PIXEL_HEADS, PixelLikelihood
from evalkit.backbones.vae.network import Choices, Recipe, VAENetwork
from evalkit.backbones.vae.prior import MixturePrior, suitable_components
from evalkit.core.state import State
from evalkit.data.encoded import Encoded, expect
from evalkit.data.layouts import PixelLayout
from evalkit.data.pixels import Pixels

_PIXELS_AT_ONCE = 2**18


class ImageNetwork(VAENetwork):
    """Convolutions that halve height and width until at most eight are left, and as many that double them again.

    Args:
        layout: channels, height and width.
        latent_size: width of the code.
        width: channels at half the height and width; twice as many below.
        components: of the prior, beside the standard normal.
        likelihood: of a pixel.
    """

    layout: PixelLayout
    recipe = Recipe(
        latent_size=32,
        width=32,
        draws=4,
        batch=64,
        passes=40,
        fewest=500,
        most=3000,
        learning_rate=2e-3,
        look_draws=1,
        look_every=250,
    )

    def __init__(self, layout: PixelLayout, latent_size: int, width: int, components: int, likelihood: PixelLikelihood) -> None:
        super().__init__(layout, latent_size, width)
        self.likelihood, self.head = likelihood, PIXEL_HEADS[likelihood]()
        sizes = halvings(layout.height, layout.width)
        self.encoder = image_encoder(layout.channels, width, sizes, 2 * latent_size)
        self.decoder = image_decoder(latent_size, width, sizes, self.head.n_outputs * layout.channels)
        self.prior = MixturePrior(components, latent_size)
        self.weights = nn.Parameter(torch.zeros(components + 1))

    @classmethod
    def for_rows(cls, rows: Pixels, choices: Choices) -> Self:
        """See :class:`VAENetwork`."""
        latent_size, width = choices.latent_size or cls.recipe.latent_size, choices.width or cls.recipe.width
        return cls(rows.layout, latent_size, width, suitable_components(len(rows)), choices.likelihood)

    @classmethod
    def from_plan(cls, layout: PixelLayout, plan: Mapping[str, Any]) -> Self:
        """See :class:`VAENetwork`."""
        return cls(layout, plan["latent_size"], plan["width"], plan["components"], plan["likelihood"])

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        sizes = {"latent_size": self.latent_size, "width": self.width, "components": len(self.weights) - 1}
        return {**sizes, "likelihood": self.likelihood}

    def prepare(self, rows: Encoded) -> Tensor:
        """The pixels as they are, (n, channels, height, width)."""
        return torch.tensor(expect(rows, Pixels).values, dtype=torch.float64)

    @property
    def chunk(self) -> int:
        """As many as have a quarter of a million pixels."""
        return max(_PIXELS_AT_ONCE // (self.layout.height * self.layout.width), 1)

    def inputs(self, x: Tensor) -> Tensor:
        """From -1 (black) to 1."""
        return 2 * x - 1

    def surprise(self, x: Tensor, code: Tensor) -> Tensor:
        """One term a channel and pixel."""
        outputs = self.decoder(code.flatten(0, 1)).unflatten(0, code.shape[:2])
        return self.head.surprise(x, outputs).flatten(2)

    def by_term(self, x: Tensor, figures: Tensor) -> Tensor:
        """An input is a pixel."""
        return figures.flatten(1)

    def components(self) -> tuple[Tensor, Tensor]:
        """See :class:`MixturePrior`."""
        return self.prior.components()

    def move_components(self, code: Tensor, belongs: Tensor) -> None:
        """See :meth:`MixturePrior.move_to`."""
        self.prior.move_to(code, belongs)

    def expected(self, code: Tensor) -> Pixels:
        """The most typical pixels."""
        return Pixels(self.head.expected(self.decoder(code)).numpy().astype(np.float32))

    def smooth(self, code: Tensor) -> Tensor:
        """The same before they are rounded, (n, channels, height, width)."""
        return self.head.smooth(self.decoder(code))

    def in_place_of(self, rows: Encoded, made: Encoded) -> Pixels:
        """With the images' captions."""
        return replace(expect(made, Pixels), captions=expect(rows, Pixels).captions)

    def draw(self, code: Tensor, noise: Tensor) -> Pixels:
        """The most typical pixels of a drawn code: what pixels do independently of each other would only be seen as grain."""
        return self.expected(code)


def image_encoder(channels: int, width: int, sizes: Sequence[tuple[int, int]], n_outputs: int) -> nn.Sequential:
    """Images, (n, channels, height, width), to (n, n_outputs)."""
    widths = _widths(width, len(sizes))
    layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, stride=min(len(sizes), 2), padding=1), ConvolutionBlock(width, width)]
    for before, after in pairwise(widths):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), ConvolutionBlock(after, after)]
    height, wide = sizes[-1]
    leave = nn.Linear(widths[-1] * height * wide, n_outputs)
    return nn.Sequential(*layers, GroupNorm(widths[-1]), nn.SiLU(), nn.Flatten(), leave)


def image_decoder(latent_size: int, width: int, sizes: Sequence[tuple[int, int]], n_outputs: int) -> nn.Sequential:
    """Codes, (n, latent), to (n, n_outputs, height, width)."""
    widths = _widths(width, len(sizes))
    height, wide = sizes[-1]
    enter = nn.Linear(latent_size, widths[-1] * height * wide)
    layers: list[nn.Module] = [enter, nn.Unflatten(1, (widths[-1], height, wide)), ConvolutionBlock(widths[-1], widths[-1])]
    for (before, after), size in zip(pairwise(widths[::-1]), sizes[-2:0:-1], strict=True):
        layers += [Enlarge(before, after, *size), ConvolutionBlock(after, after)]
    leave = nn.Conv2d(width, n_outputs, 3, padding=1) if len(sizes) == 1 else Enlarge(width, n_outputs, *sizes[0])
    return nn.Sequential(*layers, GroupNorm(width), nn.SiLU(), leave)


def _widths(width: int, n_sizes: int) -> list[int]:
    """Channels at each size but the image's own, the finest first; an image that is never halved has one."""
    return [width] + [2 * width] * (n_sizes - 2)
