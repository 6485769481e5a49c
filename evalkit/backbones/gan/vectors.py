"""The GAN's networks for rows that are vectors: a Gaussian copula, and a perceptron that bends it."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from evalkit.backbones.base import Array
from evalkit.backbones.blocks.perceptron import Perceptron
from evalkit.backbones.gan.network import Choices, GANNetwork, Recipe
from evalkit.backbones.gan.window import window_of
from evalkit.backbones.heads.table_space import TableSpace
from evalkit.core.seeds import generator
from evalkit.core.state import State
from evalkit.data.encoded import Encoded, Layout

# How steeply a category's or flag's output decides: what is half-decided must be nearly what is decided.
_DECIDED = 3.0
_NO_FURTHER = 1e-9
_NARROWEST = 1e-4


class VectorGenerator(nn.Module):
    """Noise to vectors of a space: a perceptron bends it, and a linear map gives it the rows' correlations.

    It starts as the linear map alone, whose draws have the training rows' means and covariances, so that the game begins at a
    Gaussian copula and has only to learn what that one misses.

    Args:
        space: the rows'.
        latent_size: width of the noise.
        width: of the hidden layers.
        decides: whether levels, booleans and flags are drawn as rows have them; half-decided, they give a drawn row away.
    """

    steepness: Tensor

    def __init__(self, space: TableSpace, latent_size: int, width: int, decides: bool) -> None:
        super().__init__()
        self.space, self.decides = space, decides
        self.bend, self.straight = Perceptron(latent_size, width, latent_size), nn.Linear(latent_size, space.width)
        steepness = [1.0 if block.kind == "number" else _DECIDED for block in space.blocks for _ in range(block.width)]
        self.register_buffer("steepness", torch.tensor(steepness), persistent=False)

    def start_at(self, mean: Array, directions: Array) -> None:
        """Begin at a mean, (d,), and directions as long as the rows are spread along them, (d, d), the longest first."""
        n_directions = min(self.straight.in_features, directions.shape[1])
        with torch.no_grad():
            self.straight.weight.zero_()
            self.straight.weight[:, :n_directions] = torch.tensor(directions[:, :n_directions])
            self.straight.bias.copy_(torch.tensor(mean))
            self.bend.leave.weight.zero_()
            self.bend.leave.bias.zero_()

    def forward(self, noise: Tensor) -> Tensor:
        """(n, latent) to (n, space.width)."""
        vectors = self.space.shaped(self.straight(noise + self.bend(noise)) * self.steepness)
        return self.space.decided(vectors) if self.decides else vectors


class VectorDiscriminator(nn.Module):
    """One figure a row; it never sees two rows together."""

    def __init__(self, n_inputs: int, width: int) -> None:
        super().__init__()
        self.layers = Perceptron(n_inputs, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, n_inputs) to (n,)."""
        figure: Tensor = self.layers(x)[:, 0]
        return figure


class VectorNetwork(GANNetwork):
    """Perceptrons over :class:`TableSpace`; rows are compared there, a term for each figure of a row.

    A modality says how its rows are flat: figures of which each feature has one or, step after step, several.

    Args:
        layout: of the rows.
        space: the rows as vectors.
        latent_size: width of the noise.
        width: of the hidden layers.
        window: of the score.
        decides: see :class:`VectorGenerator`.
    """

    recipe: ClassVar[Recipe] = Recipe(
        latent_size=64,
        width=128,
        draws=512,
        batch=256,
        steps=1500,
        learning_rate=1e-3,
        penalty=0.1,
        blur=0.03,
        ema=0.995,
        look_every=50,
    )

    generator: VectorGenerator
    mean: Tensor
    whitening: Tensor

    def __init__(
        self, layout: Layout, space: TableSpace, latent_size: int, width: int, window: float, decides: bool = True
    ) -> None:
        super().__init__(layout, latent_size, width, window)
        self.space = space
        self.register_buffer("mean", torch.zeros(space.width))
        self.register_buffer("whitening", torch.zeros(space.width, space.width))
        self.generator = VectorGenerator(space, latent_size, width, decides)
        self.discriminator = VectorDiscriminator(space.width, width)

    @staticmethod
    @abstractmethod
    def flat(rows: Encoded) -> Array:
        """The rows' figures, (n, figures) in natural units, NaN where missing."""

    @classmethod
    @abstractmethod
    def space_of(cls, rows: Any) -> TableSpace:
        """The space of these figures."""

    @abstractmethod
    def encoded(self, flat: Array) -> Encoded:
        """The way back from :meth:`flat`."""

    @classmethod
    def for_rows(cls, rows: Encoded, choices: Choices) -> Self:
        """See :class:`GANNetwork`."""
        space = cls.space_of(rows)
        latent_size = choices.latent_size or min(max(space.width, 16), cls.recipe.latent_size)
        network = cls(rows.layout, space, latent_size, choices.width or cls.recipe.width, 1.0)
        vectors = network.seen(rows, generator(choices.seed, "gan", "start")).double().numpy()
        network.window = window_of(vectors, choices.seed)
        mean, directions = vectors.mean(axis=0), _directions(vectors)
        network.generator.start_at(mean, directions)
        network.mean.copy_(torch.tensor(mean))
        network.whitening.copy_(torch.tensor(_whitening(vectors, space)))
        return network

    @classmethod
    def from_plan(cls, layout: Layout, plan: Mapping[str, Any]) -> Self:
        """See :class:`GANNetwork`; networks of the first version did not decide."""
        space, decides = TableSpace.from_state(plan["space"]), plan.get("decides", False)
        return cls(layout, space, plan["latent_size"], plan["width"], plan["window"], decides)

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        sizes = {"latent_size": self.latent_size, "width": self.width}
        return {"space": self.space.to_state(), **sizes, "window": self.window, "decides": self.generator.decides}

    def prepare(self, rows: Encoded) -> Tensor:
        """See :meth:`TableSpace.to_vector`."""
        return self.space.to_vector(torch.tensor(self.flat(rows)))

    def seen(self, rows: Encoded, random: np.random.Generator) -> Tensor:
        """Rows that share a number are spread over its part of the distribution."""
        flat = self.flat(rows)
        uniform = random.uniform(_NO_FURTHER, 1 - _NO_FURTHER, size=flat.shape)
        return self.space.to_vector(torch.tensor(flat), torch.tensor(uniform)).float()

    def view(self, x: Tensor) -> Tensor:
        """Numbers in uncorrelated coordinates of equal spread: what nearly collinear ones differ by is seen as well as the rest."""
        return (x - self.mean) @ self.whitening

    def place(self, x: Tensor) -> Tensor:
        """The vector itself."""
        return x

    def by_term(self, figures: Tensor) -> Tensor:
        """Added up by figure of a row."""
        owners = self.space.owners().to(figures.device)
        return figures.new_zeros(figures.shape[0], len(self.space.facts.heads)).index_add(1, owners, figures)

    def rows_of(self, drawn: Tensor) -> Encoded:
        """See :meth:`TableSpace.from_vector`."""
        return self.encoded(np.asarray(self.space.from_vector(drawn).numpy(), dtype=np.float64))


def _whitening(vectors: Array, space: TableSpace) -> Array:
    """What makes the numbers among rows' coordinates uncorrelated, (d, d).

    Levels, booleans and flags stay as they are: where some go together without exception, directions in which rows never differ
    would be stretched a hundredfold, and a draw that breaks such a rule is told long before the generator has learned the rule.
    """
    numbers = [block.start for block in space.blocks if block.kind == "number"]
    whitening = np.eye(space.width)
    if numbers:
        directions = _directions(vectors[:, numbers])
        whitening[np.ix_(numbers, numbers)] = directions / np.sum(directions**2, axis=0)
    return whitening


def _directions(vectors: Array) -> Array:
    """The principal directions of rows, each as long as the rows are spread along it, (d, d), the longest first."""
    covariance = np.cov(vectors, rowvar=False, bias=True).reshape(vectors.shape[1], -1)
    variances, directions = np.linalg.eigh(covariance)
    return np.array((directions * np.sqrt(np.maximum(variances, _NARROWEST)))[:, ::-1])
