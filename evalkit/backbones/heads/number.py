"""Numbers: a Gaussian with a learned sigma in the drawn-in coordinate."""

import torch
from torch import Tensor, nn
from torch.special import ndtri

from evalkit.backbones.heads.facts import Facts
from evalkit.backbones.heads.head import Head, Units
from evalkit.backbones.heads.likelihoods import gaussian

NARROWEST = 0.05
WIDEST_INPUT = 6.0


class NumberHead(Head):
    """Each number's mean comes from the network; its sigma is a parameter, at least 5 % of the feature's spread.

    The surprise is that of the value in scales of the feature, so tails are heavy (a Johnson SU density) and a value of 1e300
    has a finite one.
    """

    def __init__(self, facts: Facts, columns: list[int]) -> None:
        super().__init__(columns)
        self.units = Units(facts, columns)
        self.log_sigma = nn.Parameter(torch.full((len(columns),), -0.3))

    def coordinates(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """The drawn-in value and the log-volume of its unit."""
        return self.units.coordinate(values), self.units.log_volume(values)

    def inputs(self, coordinate: Tensor, present: Tensor) -> Tensor:
        """The coordinate, cut far outside the training rows, where a network cannot know what to do."""
        return coordinate.clamp(-WIDEST_INPUT, WIDEST_INPUT) * present

    def surprise(self, coordinate: Tensor, second: Tensor, outputs: Tensor) -> Tensor:
        """Gaussian, in scales of the feature."""
        return gaussian(coordinate, outputs, floored(self.log_sigma)) + second

    def residual(self, coordinate: Tensor, outputs: Tensor) -> Tensor:
        """In sigmas of the feature."""
        return (coordinate - outputs) * torch.exp(-floored(self.log_sigma))

    def expected(self, outputs: Tensor) -> Tensor:
        """The median."""
        return self.units.natural(outputs)

    def draw(self, outputs: Tensor, uniform: Tensor) -> Tensor:
        """Within the range of the training rows."""
        return self.units.natural(outputs + torch.exp(floored(self.log_sigma)) * ndtri(uniform))


def floored(log_sigma: Tensor) -> Tensor:
    """A log-sigma that approaches a floor smoothly, so that equal values do not make a density infinite."""
    return 0.5 * torch.log(torch.exp(2 * log_sigma) + NARROWEST**2)
