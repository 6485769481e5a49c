"""What every diffusion network offers, whatever its modality: velocities, and the error that is loss, score and explanation."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from evalkit.backbones.diffusion.captions import Subjects
from evalkit.backbones.diffusion.process import noised, velocity
from evalkit.backbones.network import Network
from evalkit.core.errors import InputError
from evalkit.data.encoded import Encoded, Layout

DEEPEST = 100


@dataclass(frozen=True)
class Recipe:
    """How a network of one modality is trained and used where the settings do not say.

    Attributes:
        width, depth, draws, sampling_steps: see :class:`~evalkit.backbones.diffusion.Diffusion`.
        drawn_together: rows are drawn in whole blocks of so many, so that a row has the same bits however many are asked for.
        drawing: the type of float they are drawn in.
        bend: levels in training and on the way to a row are even numbers between 0 and 1 to this power; above 1, low levels,
            where the fine structure shows, come more often.
        batch: rows a step.
        passes, fewest, most: so many passes over the rows, but between the fewest and the most steps.
        learning_rate, weight_decay: of the optimiser.
        look_every: steps between two looks at the held-out rows.
        held_out: points that a look judges, some rows' several times under other noise.
    """

    width: int
    depth: int
    draws: int
    sampling_steps: int
    drawn_together: int
    drawing: torch.dtype
    bend: float
    batch: int
    passes: int
    fewest: int
    most: int
    learning_rate: float
    weight_decay: float
    look_every: int
    held_out: int


class DenoisingNetwork(Network):
    """A network that predicts the velocity of noised points; see :mod:`evalkit.backbones.diffusion.process`.

    Attributes:
        recipe: how it is trained.
        shape: of one row's point.
    """

    recipe: ClassVar[Recipe]
    shape: tuple[int, ...]
    subjects: Subjects = Subjects()

    @classmethod
    @abstractmethod
    def for_rows(cls, rows: Encoded, training: Encoded, width: int, depth: int) -> Self:
        """A network for these rows, of which some are for training, with its first weights."""

    @classmethod
    @abstractmethod
    def from_plan(cls, layout: Layout, plan: Mapping[str, Any]) -> Self:
        """The network that a plan tells of, with any weights."""

    @abstractmethod
    def training_batch(self, rows: Encoded, random: np.random.Generator) -> tuple[Tensor, Tensor | None]:
        """Points to train on, float32, and what the network is told about each, if anything."""

    @abstractmethod
    def points(self, x: Tensor) -> Tensor:
        """Prepared rows as points of the space in which noise is added, (n, *shape), of about unit variance."""

    @abstractmethod
    def velocity(self, points: Tensor, t: Tensor, caption: Tensor | None = None) -> Tensor:
        """The velocity of noised points, (…, n, *shape), at levels that broadcast to (…, n); of captions None means untold."""

    @abstractmethod
    def by_term(self, misses: Tensor) -> Tensor:
        """Misses of some draws, (draws, n, *shape), as mean squared errors a term, (n, terms)."""

    @abstractmethod
    def rows(self, points: Tensor, layout: Layout) -> Encoded:
        """The nearest encoded rows."""

    def filled(self, x: Tensor) -> Tensor:
        """Prepared rows that claim to have no missing value."""
        return x

    def told(self, captions: Sequence[str]) -> Tensor:
        """Captions as :meth:`velocity` takes them: one a row, or one for rows of any number.

        Raises:
            InputError: training had no captions.
        """
        raise InputError("this model was fitted to rows without captions: leave the condition out, or fit to rows with captions")

    def misses(self, points: Tensor, eps: Tensor, t: Tensor, caption: Tensor | None = None) -> Tensor:
        """By how much the predicted velocity is off, (…, n, *shape).

        Args:
            points: clean, (n, *shape).
            eps: standard normal noise that broadcasts to (…, n, *shape).
            t: levels that broadcast to (…, n).
            caption: what the network is told.
        """
        level = t.reshape(*t.shape, *(1 for _ in self.shape))
        return self.velocity(noised(points, eps, level), t, caption) - velocity(points, eps, level)

    def per_row(self, x: Tensor, eps: Tensor, t: Tensor | None = None) -> Tensor:
        """Each row's denoising error, averaged over draws of noise and level: how far off the predicted velocities are, squared.

        Args:
            x: prepared rows.
            eps: (draws, n or 1, *shape) standard normal.
            t: (draws, n or 1) levels between 0 and 1.

        Returns:
            (n, terms).
        """
        if t is None:
            raise TypeError("a denoising error needs noise levels")
        return self.by_term(self.misses(self.points(x), eps, t))


def denoising(network: nn.Module) -> DenoisingNetwork:
    """The network, where it must be one that denoises."""
    if not isinstance(network, DenoisingNetwork):
        raise TypeError("a diffusion network is needed")
    return network


def checked_depth(plan: Mapping[str, Any]) -> int:
    """A plan's depth: a file must not ask for layers without end."""
    depth: int = plan["depth"]
    if not 1 <= depth <= DEEPEST:
        raise ValueError(f"a network has 1 to {DEEPEST} layers")
    return depth
