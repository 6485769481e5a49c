"""What a diffusion network is trained for: the denoising error at levels spread evenly over each batch."""

import copy

import numpy as np
import torch
from torch import Tensor, nn

from evalkit.backbones.diffusion.network import DenoisingNetwork, denoising
from evalkit.backbones.training import History, Look
from evalkit.core.seeds import generator
from evalkit.data.encoded import Encoded

Batch = tuple[Tensor, Tensor, Tensor, Tensor | None]
"""Points, noise, levels and what the network is told."""


class Denoising:
    """The mean squared error of the predicted velocity, a figure a coordinate.

    Args:
        network: knows how rows become points; a copy of it does that on the CPU, and batches follow the network to its device.
        training: encoded rows.
        held_out: encoded rows that training never sees; few are judged several times under other noise.
        seed: of batches, noise and levels.
    """

    def __init__(self, network: DenoisingNetwork, training: Encoded, held_out: Encoded, seed: int) -> None:
        self.training, self.seed, self.source = training, seed, copy.deepcopy(network).cpu()
        random = generator(seed, "diffusion", "held-out noise")
        n_points = max(network.recipe.held_out // len(held_out), 1) * len(held_out)
        self.held_out = self._batch(held_out.take(np.arange(n_points) % len(held_out)), random)

    def training_loss(self, network: nn.Module, step: int) -> Tensor:
        """See :class:`~evalkit.backbones.training.Objective`."""
        random = generator(self.seed, "diffusion", "batch", step)
        rows = self.training.take(random.integers(0, len(self.training), self.source.recipe.batch))
        return _error(network, self._batch(rows, random))

    def look(self, network: nn.Module, history: History) -> Look:
        """See :class:`~evalkit.backbones.training.Objective`."""
        with torch.no_grad():
            return Look(float(_error(network, self.held_out)))

    def _batch(self, rows: Encoded, random: np.random.Generator) -> Batch:
        points, caption = self.source.training_batch(rows, random)
        return points, *_noise(points, self.source.recipe.bend, random), caption


def _error(network: nn.Module, batch: Batch) -> Tensor:
    device = next(network.parameters()).device
    points, eps, t, caption = batch
    told = None if caption is None else caption.to(device)
    return denoising(network).misses(points.to(device), eps.to(device), t.to(device), told).square().mean()


def _noise(points: Tensor, bend: float, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Noise, and levels of which one falls into each of n equal parts of their range."""
    eps = torch.from_numpy(random.standard_normal(points.shape, dtype=np.float32))
    place = (random.permutation(len(points)) + random.uniform(size=len(points))) / len(points)
    return eps, torch.from_numpy((place**bend).astype(np.float32))
