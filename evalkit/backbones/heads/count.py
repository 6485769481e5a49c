"""Counts: a logistic variable in the drawn-in coordinate, cut at the half-way points between whole numbers."""

import torch
from torch import Tensor, nn

from evalkit.backbones.heads.facts import Facts
from evalkit.backbones.heads.head import Head, Units
from evalkit.backbones.heads.likelihoods import interval
from evalkit.backbones.heads.number import WIDEST_INPUT, floored

_WHOLE_LINE = 1e5
_NO_WIDTH = 1e-30


class CountHead(Head):
    """Probabilities of 0, 1, 2, … that add up to 1; narrower than a Poisson or heavier than a negative binomial as needed."""

    def __init__(self, facts: Facts, columns: list[int]) -> None:
        super().__init__(columns)
        self.units = Units(facts, columns)
        self.log_sigma = nn.Parameter(torch.full((len(columns),), -0.9))

    def coordinates(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """The upper end of the count's interval and the interval's width; the interval of 0 has no lower end."""
        upper, lower = self.units.coordinate(values + 0.5), self.units.coordinate(values - 0.5)
        width = torch.where(values <= 0, _WHOLE_LINE, torch.clamp(upper - lower, min=_NO_WIDTH))
        return upper, width

    def inputs(self, coordinate: Tensor, present: Tensor) -> Tensor:
        """As for numbers."""
        return coordinate.clamp(-WIDEST_INPUT, WIDEST_INPUT) * present

    def surprise(self, coordinate: Tensor, second: Tensor, outputs: Tensor) -> Tensor:
        """Minus the log-probability of the interval."""
        return interval(coordinate, second, outputs, floored(self.log_sigma))

    def expected(self, outputs: Tensor) -> Tensor:
        """The median, a whole number."""
        return torch.round(self.units.natural(outputs))

    def draw(self, outputs: Tensor, uniform: Tensor) -> Tensor:
        """Whole numbers within the range of the training rows."""
        return torch.round(self.units.natural(outputs + torch.exp(floored(self.log_sigma)) * torch.logit(uniform)))
