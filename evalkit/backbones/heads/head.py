"""What every likelihood head offers, and the units in which numbers and counts are modelled."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from evalkit.backbones.heads.facts import FURTHEST, Facts


class Head(nn.Module, ABC):
    """The likelihood of all features of one kind, (…, c) at once. Its parameters may be of any float type; its units are float64.

    Attributes:
        columns: which of the table's features these are.
        widths: how many figures a network sees, and says, about each.
    """

    columns: Tensor

    def __init__(self, columns: list[int], widths: list[int] | None = None) -> None:
        super().__init__()
        self.register_buffer("columns", torch.tensor(columns, dtype=torch.long), persistent=False)
        self.widths = widths or [1] * len(columns)

    def owners(self) -> Tensor:
        """Which of the table's features each of the inputs tells about, (sum of the widths,)."""
        return torch.repeat_interleave(self.columns, torch.tensor(self.widths))

    @abstractmethod
    def coordinates(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Natural values (n, c) float64 as the coordinate that is modelled and a second figure that the likelihood needs."""

    @abstractmethod
    def inputs(self, coordinate: Tensor, present: Tensor) -> Tensor:
        """What a network sees, (n, sum of the widths): 0 where ``present``, (n, c), is 0."""

    @abstractmethod
    def surprise(self, coordinate: Tensor, second: Tensor, outputs: Tensor) -> Tensor:
        """Minus the log-likelihood in nats, (…, c); ``outputs`` may have leading axes of draws."""

    def residual(self, coordinate: Tensor, outputs: Tensor) -> Tensor:
        """How far a value lies from its mean in sigmas, (n, c); 0 where that says nothing."""
        return torch.zeros_like(coordinate)

    @abstractmethod
    def expected(self, outputs: Tensor) -> Tensor:
        """The most typical value in natural units, (…, c)."""

    @abstractmethod
    def draw(self, outputs: Tensor, uniform: Tensor) -> Tensor:
        """Random values in natural units, one for each uniform number in (0, 1)."""


class Units(nn.Module):
    """Natural values to modelled coordinates and back; see :class:`~evalkit.backbones.heads.facts.Facts`."""

    center: Tensor
    scale: Tensor
    mean: Tensor
    spread: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, facts: Facts, columns: list[int]) -> None:
        super().__init__()
        for name in ("center", "scale", "mean", "spread", "low", "high"):
            self.register_buffer(name, torch.tensor(getattr(facts, name)[columns]), persistent=False)

    def steps(self, values: Tensor) -> Tensor:
        """Distance from the center in scales."""
        return ((values - self.center) / self.scale).clamp(-FURTHEST, FURTHEST)

    def coordinate(self, values: Tensor) -> Tensor:
        """The modelled coordinate: about 0 ± 1 in the bulk, growing like a logarithm far from it."""
        return (torch.asinh(self.steps(values)) - self.mean) / self.spread

    def log_volume(self, values: Tensor) -> Tensor:
        """Log of the steps that one unit of the coordinate stands for: turns its density into one of :meth:`steps`."""
        return torch.log(self.spread) + 0.5 * torch.log1p(self.steps(values) ** 2)

    def natural(self, coordinate: Tensor) -> Tensor:
        """The way back, kept within the range of the training rows."""
        steps = torch.sinh((coordinate.double() * self.spread + self.mean).clamp(-230.0, 230.0))
        return torch.minimum(torch.maximum(steps * self.scale + self.center, self.low), self.high)
