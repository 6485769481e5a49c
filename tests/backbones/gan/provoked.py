"""GANs in which something goes wrong on purpose, and the rows they are fitted to."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_breast_cancer
from torch import Tensor, nn

from evalkit.backbones.gan import GAN
from evalkit.backbones.gan.network import GANNetwork
from evalkit.backbones.training import Schedule
from evalkit.core.bundled import bundled
from evalkit.core.seeds import generator
from evalkit.data.encoded import Encoded
from evalkit.data.encoding import TableEncoder
from evalkit.data.load import load
from evalkit.data.rows import Feature, Rows


def rings(n: int = 1000, seed: int = 0) -> Rows:
    """Three thin rings, a column that nearly adds up two others, and which ring it is: far from normal."""
    random = generator(seed, "rings")
    ring, angle = random.integers(0, 3, n), random.uniform(0, 2 * np.pi, n)
    centers = np.array([[-4.0, 0.0], [4.0, 0.0], [0.0, 6.0]])[ring]
    place = centers + np.stack([np.cos(angle), np.sin(angle)], axis=1) * (1 + 0.1 * random.normal(size=(n, 1)))
    total = place.sum(axis=1) + 0.3 * random.normal(size=n)
    numbers = (Feature(column=name, name=name, kind="number") for name in ("a", "b", "total"))
    features = (*numbers, Feature(column="ring", name="ring", kind="category", levels=("left", "right", "top")))
    return Rows(np.column_stack([place, total, ring.astype(float)]), features)


def plain(n: int = 600, seed: int = 0) -> Rows:
    """Four correlated numbers: a generator is soon as good as anyone can tell."""
    random = generator(seed, "plain")
    values = random.normal(size=(n, 4)) @ random.normal(size=(4, 4))
    return Rows(values, tuple(Feature(column=f"c{i}", name=f"c{i}", kind="number") for i in range(4)))


def payments(seed: int = 0) -> Rows:
    """2000 of the sample payments without their free text: levels, booleans and missing values that determine each other."""
    table = load(pd.read_csv(bundled("data_samples") / "payments.csv").drop(columns=["payment_id", "description"]))
    rows = TableEncoder().fit(table).transform(table)
    return rows.take(generator(seed, "payments").permutation(len(rows))[:2000])


def cells(seed: int = 0) -> Rows:
    """400 of scikit-learn's breast cells: 30 numbers, many of them nearly collinear."""
    values, names = load_breast_cancer().data, load_breast_cancer().feature_names
    chosen = generator(seed, "cells").permutation(len(values))[:400]
    return Rows(values[chosen], tuple(Feature(column=name, name=name, kind="number") for name in map(str, names)))


class Uneven(GAN):
    """Players that learn at rates of their own."""

    rates: ClassVar[dict[str, float]] = {}

    def _schedule(self, training: Encoded) -> Schedule:
        return replace(super()._schedule(training), rates=self.rates)


class FastDiscriminator(Uneven):
    """Thirty times the usual rate."""

    rates: ClassVar[dict[str, float]] = {"discriminator": 30.0}


class FrozenGenerator(Uneven):
    """It stays what it was."""

    rates: ClassVar[dict[str, float]] = {"generator": 0.0}


class DeadDiscriminator(Uneven):
    """All weights 0, and nothing that moves them."""

    rates: ClassVar[dict[str, float]] = {"discriminator": 0.0}

    def _new_network(self, rows: Encoded) -> GANNetwork:
        network = super()._new_network(rows)
        for parameter in network.discriminator.parameters():
            nn.init.zeros_(parameter)
        return network


class OneMode(GAN):
    """A generator that hears next to nothing of the noise."""

    def _new_network(self, rows: Encoded) -> GANNetwork:
        network = super()._new_network(rows)
        network.generator = _Deaf(network.generator)
        return network


class Copies(GAN):
    """A generator that draws training rows."""

    def _new_network(self, rows: Encoded) -> GANNetwork:
        network = super()._new_network(rows)
        network.generator = _Copying(network.generator, network.seen(self.split(rows)[0], generator(0, "copies")))
        return network


class _Deaf(nn.Module):
    def __init__(self, own: nn.Module) -> None:
        super().__init__()
        self.own = own

    def forward(self, noise: Tensor) -> Tensor:
        return self.own(0.05 * noise)


class _Copying(nn.Module):
    def __init__(self, own: nn.Module, memory: Tensor) -> None:
        super().__init__()
        self.own, self.memory = own, memory

    def forward(self, noise: Tensor) -> Tensor:
        which = (torch.special.ndtr(noise[:, 0]) * len(self.memory)).long().clamp(max=len(self.memory) - 1)
        return self.memory[which].to(noise) + 0 * self.own(noise)
