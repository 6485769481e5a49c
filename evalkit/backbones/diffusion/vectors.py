"""Diffusion on rows that are vectors: a fully connected network on top of what the rows' covariance explains."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evalkit.backbones.blocks.residual import ResidualPerceptron
from evalkit.backbones.blocks.time_embedding import TimeEmbedding
from evalkit.backbones.diffusion.gaussian import GaussianDenoiser
from evalkit.backbones.diffusion.network import DenoisingNetwork, Recipe, checked_depth
from evalkit.backbones.heads import Facts, TableSpace
from evalkit.backbones.heads.knots import Knots
from evalkit.core.errors import ShapeError
from evalkit.core.seeds import generator
from evalkit.core.state import State
from evalkit.data.encoded import Encoded, Layout
from evalkit.data.rows import Rows

_FARTHEST_SEEN = 8.0


class VectorNetwork(DenoisingNetwork):
    """Predicts velocities of rows as vectors; untrained, it draws rows with the training rows' margins and covariance.

    A modality says how its rows are flat: figures of which each feature has one or, step after step, several.

    Args:
        facts: what the training rows say about each feature.
        knots: where values stand among them.
        times: how often a row has each feature.
        gaussian: between vectors and points, and the velocity that the network's own prediction is added to.
        width: of the hidden layers.
        depth: how many.
    """

    recipe = Recipe(
        width=128,
        depth=3,
        draws=16,
        sampling_steps=30,
        drawn_together=256,
        drawing=torch.float64,
        bend=1.5,
        batch=256,
        passes=100,
        fewest=1500,
        most=5000,
        learning_rate=1e-3,
        weight_decay=0.1,
        look_every=25,
        held_out=2048,
    )
    owners: Tensor

    def __init__(self, facts: Facts, knots: Knots, times: int, gaussian: GaussianDenoiser, width: int, depth: int) -> None:
        super().__init__()
        self.facts, self.knots, self.times, self.gaussian, self.width, self.depth = facts, knots, times, gaussian, width, depth
        self.space = _space(facts, knots, times)
        self.shape = (self.space.width,)
        self.time = TimeEmbedding(width)
        self.layers = ResidualPerceptron(self.space.width, width, self.space.width, depth)
        self.register_buffer("owners", self.space.owners(), persistent=False)

    @classmethod
    def for_rows(cls, rows: Encoded, training: Encoded, width: int, depth: int) -> Self:
        """See :class:`DenoisingNetwork`: ranges and margins are those of all rows, the covariance of those for training."""
        seen, times = cls.features_of(rows), cls.times_of(rows.layout)
        facts, knots = Facts.fit(seen), Knots.fit(seen.values)
        vectors = _spread_out(_space(facts, knots, times), cls.flat(training), generator(0, "diffusion", "fit"))
        return cls(facts, knots, times, GaussianDenoiser.fit(vectors.numpy()), width, depth)

    @classmethod
    def from_plan(cls, layout: Layout, plan: Mapping[str, Any]) -> Self:
        """See :class:`DenoisingNetwork`."""
        facts, knots = Facts.from_state(plan["facts"]), Knots.from_state(plan["knots"])
        gaussian, times = GaussianDenoiser.from_state(plan["gaussian"]), cls.times_of(layout)
        fits = len(facts.heads) == len(knots.counts) == cls.n_features(layout)
        if not fits or not 1 <= times * len(facts.heads) <= len(gaussian.mean):
            raise ShapeError("the network's plan is of rows with other features than the layout")
        network = cls(facts, knots, times, gaussian, plan["width"], checked_depth(plan))
        if not gaussian.mean.shape == gaussian.variances.shape == gaussian.axes.shape[:1] == network.shape:
            raise ShapeError("the network's plan has a covariance of another size than its rows")
        return network

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        facts, knots, gaussian = self.facts.to_state(), self.knots.to_state(), self.gaussian.to_state()
        return {"facts": facts, "knots": knots, "gaussian": gaussian, "width": self.width, "depth": self.depth}

    @staticmethod
    @abstractmethod
    def flat(rows: Encoded) -> NDArray[np.float64]:
        """(n, times * features) in natural units, NaN where missing."""

    @staticmethod
    @abstractmethod
    def features_of(rows: Encoded) -> Rows:
        """Each feature's values, from all times together."""

    @staticmethod
    @abstractmethod
    def n_features(layout: Layout) -> int:
        """How many features there are."""

    @staticmethod
    @abstractmethod
    def times_of(layout: Layout) -> int:
        """How often a row has each."""

    @staticmethod
    @abstractmethod
    def rows_of(flat: NDArray[np.float64], layout: Layout) -> Encoded:
        """The way back from :meth:`flat`."""

    def prepare(self, rows: Encoded) -> Tensor:
        """See :meth:`TableSpace.to_vector`."""
        return self.space.to_vector(torch.tensor(self.flat(rows)))

    def points(self, x: Tensor) -> Tensor:
        """Vectors turned to the axes of their covariance."""
        return self.gaussian.points(x)

    def rows(self, points: Tensor, layout: Layout) -> Encoded:
        """See :class:`DenoisingNetwork`."""
        values = self.space.from_vector(self.gaussian.vectors(points))
        return self.rows_of(np.asarray(values.numpy()), layout)

    def training_batch(self, rows: Encoded, random: np.random.Generator) -> tuple[Tensor, None]:
        """See :class:`DenoisingNetwork`; rows that share a number are spread over its part of the normal distribution."""
        return self.gaussian.points(_spread_out(self.space, self.flat(rows), random)).float(), None

    def velocity(self, points: Tensor, t: Tensor, caption: Tensor | None = None) -> Tensor:
        """See :class:`DenoisingNetwork`; what lies far out is seen as if it lay at 8 standard deviations."""
        slope, unit, spread = self.gaussian.at(t.unsqueeze(-1))
        seen = (points / spread).clamp(-_FARTHEST_SEEN, _FARTHEST_SEEN)
        moved: Tensor = unit * self.layers(seen, self.time(t))
        return slope * points + moved

    def by_term(self, misses: Tensor) -> Tensor:
        """Errors a feature."""
        turned = misses @ self.gaussian.axes.T.to(misses)
        errors = (turned * turned).mean(dim=0)
        return errors.new_zeros(errors.shape[0], len(self.space.facts.heads)).index_add(1, self.owners, errors)

    def filled(self, x: Tensor) -> Tensor:
        """See :class:`DenoisingNetwork`."""
        flags = [block.start for block in self.space.flags]
        return x.index_fill(1, torch.tensor(flags, dtype=torch.long), -1.0)


def _space(facts: Facts, knots: Knots, times: int) -> TableSpace:
    return TableSpace(facts.repeated(times), knots.repeated(times))


def _spread_out(space: TableSpace, flat: NDArray[np.float64], random: np.random.Generator) -> Tensor:
    return space.to_vector(torch.tensor(flat), torch.tensor(random.uniform(size=flat.shape)))
