"""Features with a single value in the training rows: nothing to learn, yet another value is news."""

import math

import torch
from torch import Tensor

from evalkit.backbones.heads.facts import Facts
from evalkit.backbones.heads.head import Head, Units

_EQUAL = 1e-9


class ConstantHead(Head):
    """All but 1 / (rows + 2) of the probability lies on the value; the rest lies around it, the thinner the further away.

    The network neither sees these features nor says anything about them.
    """

    def __init__(self, facts: Facts, columns: list[int]) -> None:
        super().__init__(columns, [0] * len(columns))
        self.units = Units(facts, columns)
        self.log_unseen, self.log_seen = math.log(facts.unseen), math.log1p(-facts.unseen)

    def coordinates(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Whether the value differs, and the surprise at where it lies if it does: a density (1 + distance)^-2 / 2."""
        away = self.units.steps(values).abs()
        return (away > _EQUAL).to(values), math.log(2.0) + 2 * torch.log1p(away)

    def inputs(self, coordinate: Tensor, present: Tensor) -> Tensor:
        """Nothing."""
        return coordinate[:, :0]

    def surprise(self, coordinate: Tensor, second: Tensor, outputs: Tensor) -> Tensor:
        """That of the value, or of another one."""
        surprise = torch.where(coordinate > 0, second - self.log_unseen, -self.log_seen)
        return surprise.expand(*outputs.shape[:-1], -1)

    def expected(self, outputs: Tensor) -> Tensor:
        """The value."""
        return self.units.center.expand(*outputs.shape[:-1], -1)

    def draw(self, outputs: Tensor, uniform: Tensor) -> Tensor:
        """The value."""
        return self.expected(outputs)
