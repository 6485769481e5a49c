"""Families that read images and series as they are, by small networks on one thread."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor, nn
from torch.nn import functional

from evalkit.core.seeds import derive_seed
from evalkit.discriminator.families import Bend
from evalkit.metrics.small_networks import Recurrent as RecurrentNetwork
from evalkit.metrics.small_networks import answers, both_sides, trained

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

_BATCH = 32
_LEAST = 1e-6


@dataclass(frozen=True)
class Convolutional:
    """Three layers of convolutions over images, (n, height, width, channels), whose means and spreads decide.

    It sees texture, edges and noise wherever they stand, and hardly where they stand.

    Attributes:
        width: channels of the first layer, >= 1; each further one has twice as many.
        steps: of training, each with 32 rows, >= 1.
        learning_rate: at the start, > 0.
        decay: of the weights, >= 0.

    >>> images = np.random.default_rng(0).normal(size=(80, 6, 6, 1))
    >>> real = np.arange(80) < 40
    >>> images[real] = np.round(images[real])
    >>> realness = Convolutional(steps=30).fit(images, real, seed=0).realness(images)
    >>> bool(realness[real].mean() > realness[~real].mean() + 0.2)
    True
    """

    width: int = 8
    steps: int = 150
    learning_rate: float = 1e-2
    decay: float = 1e-3

    def fit(self, rows: Array, real: Flags, *, seed: int) -> "Answered":
        """See :class:`~evalkit.discriminator.Family`."""
        bend, images = _bent(rows)
        network = _learned(lambda: _Pooled(rows.shape[3], self.width), images, real, self, derive_seed(seed, "convolutional"))
        return Answered(network, bend)


@dataclass(frozen=True)
class Recurrent:
    """A gated recurrent unit over windows, (n, length, channels): sees in which order values come.

    Attributes:
        hidden: units, >= 1.
        steps: of training, each with 32 rows, >= 1.
        learning_rate: at the start, > 0.
        decay: of the weights, >= 0.

    >>> noise = np.random.default_rng(0).normal(size=(80, 8, 1))
    >>> real = np.arange(80) < 40
    >>> noise[real] = noise[real].cumsum(axis=1)
    >>> realness = Recurrent(steps=80).fit(noise, real, seed=0).realness(noise)
    >>> bool(realness[real].mean() > realness[~real].mean() + 0.2)
    True
    """

    hidden: int = 12
    steps: int = 150
    learning_rate: float = 1e-2
    decay: float = 1e-3

    def fit(self, rows: Array, real: Flags, *, seed: int) -> "Answered":
        """See :class:`~evalkit.discriminator.Family`."""
        bend, windows = _bent(rows)
        channels = rows.shape[2]
        network = _learned(
            lambda: RecurrentNetwork(channels, self.hidden, 1, each_step=False), windows, real, self, derive_seed(seed, "recurrent")
        )
        return Answered(network, bend)


@dataclass(frozen=True, eq=False)
class Answered:
    """A trained network.

    Attributes:
        network: from bent rows to a logit each.
        bend: of the channels.
    """

    network: nn.Module
    bend: Bend

    def realness(self, rows: Array) -> Array:
        """See :class:`~evalkit.discriminator.FittedClassifier`."""
        return np.asarray(expit(answers(self.network, _through(self.bend, rows))[:, 0]), dtype=np.float64)


class _Pooled(nn.Module):
    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        sizes = (channels, width, 2 * width, 4 * width)
        self.layers = nn.ModuleList(
            nn.Conv2d(sizes[i], sizes[i + 1], 3, stride=1 if i == 0 else 2, padding=1) for i in range(len(sizes) - 1)
        )
        self.head = nn.Linear(2 * sum(sizes[1:]), 1)

    def forward(self, images: Tensor) -> Tensor:
        """From (n, height, width, channels) to (n, 1)."""
        seen, parts = images.movedim(3, 1), []
        for layer in self.layers:
            seen = functional.relu(layer(seen))
            mean = seen.mean(dim=(2, 3))
            parts += [mean, ((seen - mean[:, :, None, None]) ** 2).mean(dim=(2, 3)).add(_LEAST).sqrt()]
        answer: Tensor = self.head(torch.cat(parts, dim=1))
        return answer


def _learned(make: Callable[[], nn.Module], x: Array, real: Flags, family: Convolutional | Recurrent, seed: int) -> nn.Module:
    return trained(
        make,
        x,
        real[:, None].astype(np.float64),
        functional.binary_cross_entropy_with_logits,
        both_sides(real, _BATCH),
        steps=family.steps,
        learning_rate=family.learning_rate,
        decay=family.decay,
        seed=seed,
    )


def _bent(rows: Array) -> tuple[Bend, Array]:
    """How the channels are bent, whatever the place, and the rows through it."""
    bend = Bend.of(rows.reshape(-1, rows.shape[-1]))
    return bend, _through(bend, rows)


def _through(bend: Bend, rows: Array) -> Array:
    return bend(rows.reshape(-1, rows.shape[-1])).reshape(rows.shape)
