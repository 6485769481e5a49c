"""Features with two values: Bernoulli."""

import torch
from torch import Tensor

from evalkit.backbones.heads.facts import Facts
from evalkit.backbones.heads.head import Head, Units
from evalkit.backbones.heads.likelihoods import bernoulli

_BESIDE = 0.05


class BooleanHead(Head):
    """The network says the logit of the upper value.

    A value that is neither of the two is taken for the nearer one, with a surcharge that grows like a logarithm with the distance.
    """

    def __init__(self, facts: Facts, columns: list[int]) -> None:
        super().__init__(columns)
        self.units = Units(facts, columns)

    def coordinates(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """0 or 1, and the surcharge."""
        step = self.units.steps(values)
        nearest = (step > 0.5).to(step)
        return nearest, torch.log1p(((step - nearest) / _BESIDE) ** 2)

    def inputs(self, coordinate: Tensor, present: Tensor) -> Tensor:
        """-1 or 1."""
        return (2 * coordinate - 1) * present

    def surprise(self, coordinate: Tensor, second: Tensor, outputs: Tensor) -> Tensor:
        """Bernoulli, and the surcharge."""
        return bernoulli(coordinate, outputs) + second

    def expected(self, outputs: Tensor) -> Tensor:
        """The likelier of the two values."""
        return self._natural(outputs > 0)

    def draw(self, outputs: Tensor, uniform: Tensor) -> Tensor:
        """One of the two values."""
        return self._natural(uniform < torch.sigmoid(outputs))

    def _natural(self, upper: Tensor) -> Tensor:
        return torch.where(upper, self.units.center + self.units.scale, self.units.center)
