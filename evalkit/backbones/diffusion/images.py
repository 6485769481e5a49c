"""Diffusion on images: a U-Net, told by a caption what to draw."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from evalkit.backbones.blocks.convolution import halvings
from evalkit.backbones.blocks.time_embedding import TimeEmbedding
from evalkit.backbones.diffusion.captions import CaptionEncoder, Subjects, as_bytes
from evalkit.backbones.diffusion.network import DenoisingNetwork, Recipe, checked_depth
from evalkit.backbones.diffusion.u_net import UNet
from evalkit.core.errors import ShapeError
from evalkit.core.state import State
from evalkit.data.encoded import Encoded, Layout, expect
from evalkit.data.layouts import PixelLayout
from evalkit.data.pixels import Pixels

_MOST_TOLD = 128
_UNTOLD = 0.15


class ImageNetwork(DenoisingNetwork):
    """Predicts velocities of images with mean 0 and variance 1, with or without a caption.

    Args:
        layout: channels, height and width.
        pixels: mean, standard deviation, lowest and highest value of the training pixels.
        width: see :class:`UNet`.
        depth: see :class:`UNet`.
        captioned: whether there were captions.
        subjects: the kinds of images that the captions name.
    """

    recipe = Recipe(
        width=48,
        depth=3,
        draws=4,
        sampling_steps=12,
        drawn_together=16,
        drawing=torch.float32,
        bend=1.0,
        batch=32,
        passes=25,
        fewest=500,
        most=6000,
        learning_rate=1e-3,
        weight_decay=1e-3,
        look_every=250,
        held_out=256,
    )

    def __init__(
        self, layout: PixelLayout, pixels: Mapping[str, float], width: int, depth: int, captioned: bool, subjects: Subjects
    ) -> None:
        super().__init__()
        self.subjects = subjects
        self.layout, self.pixels, self.width, self.depth, self.captioned = layout, dict(pixels), width, depth, captioned
        self.shape = (layout.channels, layout.height, layout.width)
        self.n_condition = min(4 * width, _MOST_TOLD)
        self.time, self.then = TimeEmbedding(self.n_condition), nn.Linear(self.n_condition, self.n_condition)
        self.captions = CaptionEncoder(self.n_condition) if captioned else None
        self.layers = UNet(layout.channels, halvings(layout.height, layout.width), width, depth, self.n_condition)

    @classmethod
    def for_rows(cls, rows: Encoded, training: Encoded, width: int, depth: int) -> Self:
        """See :class:`DenoisingNetwork`."""
        values = expect(training, Pixels).values
        spread = float(values.std(dtype=np.float64))
        pixels = {
            "mean": float(values.mean(dtype=np.float64)),
            "spread": spread if spread > 0 else 1.0,
            "low": float(expect(rows, Pixels).values.min()),
            "high": float(expect(rows, Pixels).values.max()),
        }
        captions = expect(rows, Pixels).captions
        subjects = Subjects() if captions is None else Subjects.of(expect(training, Pixels).captions or ())
        return cls(expect(rows, Pixels).layout, pixels, width, depth, captions is not None, subjects)

    @classmethod
    def from_plan(cls, layout: Layout, plan: Mapping[str, Any]) -> Self:
        """See :class:`DenoisingNetwork`."""
        if not isinstance(layout, PixelLayout):
            raise TypeError("a network for images needs the layout of images")
        pixels = {name: float(plan["pixels"][name]) for name in ("mean", "spread", "low", "high")}
        subjects = Subjects.from_state(plan.get("subjects", []))
        network = cls(layout, pixels, plan["width"], checked_depth(plan), plan["captioned"], subjects)
        if network.shape != tuple(plan["shape"]):
            raise ShapeError("the network's plan is of images with another shape than the layout")
        return network

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        sizes = {"shape": list(self.shape), "width": self.width, "depth": self.depth}
        return {"pixels": self.pixels, "captioned": self.captioned, "subjects": self.subjects.to_state(), **sizes}

    def prepare(self, rows: Encoded) -> Tensor:
        """The pixels as they are, (n, channels, height, width)."""
        return torch.tensor(expect(rows, Pixels).values, dtype=torch.float64)

    def points(self, x: Tensor) -> Tensor:
        """Pixels with mean 0 and variance 1."""
        return (x - self.pixels["mean"]) / self.pixels["spread"]

    def training_batch(self, rows: Encoded, random: np.random.Generator) -> tuple[Tensor, Tensor | None]:
        """See :class:`DenoisingNetwork`; some captions are left out, so that the network also learns to draw untold."""
        rows = expect(rows, Pixels)
        told = np.where(random.random(len(rows)) < _UNTOLD, "", rows.captions) if rows.captions is not None else None
        return self.points(torch.tensor(rows.values)), None if told is None else as_bytes(told.tolist())

    def told(self, captions: Sequence[str]) -> Tensor:
        """See :class:`DenoisingNetwork`."""
        return as_bytes(captions) if self.captioned else super().told(captions)

    def velocity(self, points: Tensor, t: Tensor, caption: Tensor | None = None) -> Tensor:
        """See :class:`DenoisingNetwork`."""
        lead = points.shape[: -len(self.shape)]
        condition = self.then(self.time(t.to(points.dtype))) + self._said(caption)
        condition = condition.expand(*lead, self.n_condition).reshape(-1, self.n_condition)
        flat = points.reshape(-1, *self.shape)
        predicted: Tensor = self.layers(flat, silu(condition))
        return predicted.reshape(points.shape)

    def by_term(self, misses: Tensor) -> Tensor:
        """Errors a channel and pixel."""
        return (misses * misses).mean(dim=0).flatten(1)

    def rows(self, points: Tensor, layout: Layout) -> Pixels:
        """See :class:`DenoisingNetwork`: within the range of the training pixels."""
        return Pixels(self.shares(points).float().numpy())

    def shares(self, points: Tensor) -> Tensor:
        """Pixels as shares of white, within the range of the training pixels."""
        values = points * self.pixels["spread"] + self.pixels["mean"]
        return values.clamp(self.pixels["low"], self.pixels["high"])

    def _said(self, caption: Tensor | None) -> Tensor | float:
        if self.captions is None:
            return 0.0
        return self.captions.nothing if caption is None else self.captions(caption)
