"""What the GANs of all modalities share: a generator, a discriminator, and the score, ``per_row``."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from evalkit.backbones.network import Network
from evalkit.core.errors import ModelError
from evalkit.data.encoded import Encoded, Layout


@dataclass(frozen=True)
class Recipe:
    """How the GAN of a modality is built and trained where its settings say nothing.

    Attributes:
        latent_size: width of the noise that a row is drawn from.
        width: of the hidden layers; of images, channels at full height and width.
        draws: drawn rows that a score compares with.
        batch: rows a step.
        steps: of training.
        learning_rate: see :class:`~evalkit.backbones.training.Schedule`.
        penalty: weight of the discriminator's squared slopes, gamma.
        blur: spread of the noise that real and drawn rows get before the discriminator sees them in training.
        ema: see :class:`~evalkit.backbones.training.Schedule`.
        look_every: steps between two looks.
    """

    latent_size: int
    width: int
    draws: int
    batch: int
    steps: int
    learning_rate: float
    penalty: float
    blur: float
    ema: float
    look_every: int


@dataclass(frozen=True)
class Choices:
    """What the settings say about a new network.

    Attributes:
        latent_size: width of the noise; None: the modality's usual one.
        width: of the hidden layers; None likewise.
        seed: of whatever is chosen at random; of the weights, torch's generator is seeded by the caller.
    """

    latent_size: int | None
    width: int | None
    seed: int


class GANNetwork(Network):
    """A generator that turns noise into rows, and a discriminator that has only to tell them from real ones.

    Attributes:
        generator: noise, (n, latent), to drawn rows, (n, …).
        discriminator: how real a row looks, (n,), for its :meth:`view`.
        latent_size: width of the noise.
        width: of the hidden layers.
        window: see :meth:`per_row`.
    """

    recipe: ClassVar[Recipe]

    generator: nn.Module
    discriminator: nn.Module

    def __init__(self, layout: Layout, latent_size: int, width: int, window: float) -> None:
        super().__init__()
        if not 0 < window < math.inf:
            raise ModelError(f"the window of a GAN's score must be above 0, got {window}: fit the model anew")
        self.layout, self.latent_size, self.width, self.window = layout, latent_size, width, window

    @classmethod
    @abstractmethod
    def for_rows(cls, rows: Any, choices: Choices) -> Self:
        """A network for these rows with its first weights."""

    @classmethod
    @abstractmethod
    def from_plan(cls, layout: Any, plan: Mapping[str, Any]) -> Self:
        """The network that :meth:`plan` tells of, with any weights."""

    @abstractmethod
    def seen(self, rows: Any, random: np.random.Generator) -> Tensor:
        """Rows as they are played with, (n, …) float32: without lumps where many rows share a value."""

    @abstractmethod
    def view(self, x: Tensor) -> Tensor:
        """Seen or drawn rows in the coordinates in which the discriminator looks at them, (n, …)."""

    @abstractmethod
    def place(self, x: Tensor) -> Tensor:
        """Where rows lie in the space in which they are compared, (n, d), for prepared, seen or drawn rows."""

    @abstractmethod
    def by_term(self, figures: Tensor) -> Tensor:
        """Figures a coordinate of that space, (n, d), as figures a term, (n, terms), with the same sums."""

    @abstractmethod
    def rows_of(self, drawn: Tensor) -> Encoded:
        """Drawn rows in encoded form."""

    def per_row(self, x: Tensor, eps: Tensor, t: Tensor | None = None) -> Tensor:
        """Each row's terms in nats: its surprise under a normal window around every row that the generator draws from the noise.

        A GAN has no likelihood, and a discriminator that has done its work cannot tell rows apart any more. What it leaves is the
        generator, and what a row is held against are its draws: the score is minus the log of the window's density at the row,
        averaged over the draws. Which draws a row is close to costs something as well; that is shared evenly among the coordinates.

        Args:
            x: prepared rows, (n, …).
            eps: standard normal noise, (draws, 1, latent).
            t: unused; other families' noise level.

        Returns:
            (n, terms).

        Source: Parzen, Annals of Mathematical Statistics 33 (1962).
        """
        drawn = self.place(self.generator(eps[:, 0].to(self._type())).to(x))
        squares = ((self.place(x)[:, None] - drawn) / self.window) ** 2 / 2
        log_weight = log_softmax(-squares.sum(dim=2), dim=1)
        weight = torch.exp(log_weight)
        which = (weight * log_weight).sum(dim=1, keepdim=True) + math.log(len(eps))
        volume = math.log(self.window * math.sqrt(2 * math.pi))
        return self.by_term((weight[:, :, None] * squares).sum(dim=1) + volume + which / drawn.shape[1])

    def _type(self) -> torch.dtype:
        return next(self.generator.parameters()).dtype
