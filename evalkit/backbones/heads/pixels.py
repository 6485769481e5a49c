"""Likelihoods of pixels: one term a pixel and channel."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor

from evalkit.backbones.heads.likelihoods import bernoulli, interval

PixelLikelihood = Literal["logistic", "bernoulli"]
LEVELS = 255
_HALF_LEVEL = 1 / LEVELS
_WHOLE_LINE = 1e5
_NARROWEST, _WIDEST = -7.0, 2.0


class PixelHead(ABC):
    """The likelihood of pixels from 0 to 1, given a network's outputs for each.

    Attributes:
        n_outputs: how many outputs a pixel and channel needs.
    """

    n_outputs: ClassVar[int]

    @abstractmethod
    def surprise(self, pixels: Tensor, outputs: Tensor) -> Tensor:
        """Minus the log-likelihood in nats of pixels (n, c, h, w) for outputs (…, n, c * n_outputs, h, w), (…, n, c, h, w)."""

    @abstractmethod
    def expected(self, outputs: Tensor) -> Tensor:
        """The most typical pixels, (…, c, h, w), from 0 to 1."""

    @abstractmethod
    def smooth(self, outputs: Tensor) -> Tensor:
        """The same before they are rounded to levels, so that they move with the outputs."""


class LogisticHead(PixelHead):
    """A logistic variable cut into the 256 levels of an 8-bit image, with a center and a width of its own for each pixel.

    Probabilities of the 256 levels add up to one, so nats an image can be compared between models; all that lies beyond black and
    white belongs to them, so a background that is always black costs nothing. Images with finer levels are rounded.

    Source: Salimans et al., "PixelCNN++", ICLR 2017, section 2.1, with one component.
    """

    n_outputs = 2

    def surprise(self, pixels: Tensor, outputs: Tensor) -> Tensor:
        """See :class:`PixelHead`."""
        center, log_width = outputs.chunk(2, dim=-3)
        level = torch.round(pixels * LEVELS)
        middle = 2 * level / LEVELS - 1
        black, white = level <= 0, level >= LEVELS
        side = 1 - 2 * white.to(middle)
        reach = 2 * _HALF_LEVEL + _WHOLE_LINE * (black | white).to(middle)
        return interval(side * middle + _HALF_LEVEL, reach, side * center, log_width.clamp(_NARROWEST, _WIDEST))

    def expected(self, outputs: Tensor) -> Tensor:
        """The medians."""
        return torch.round(self.smooth(outputs) * LEVELS) / LEVELS

    def smooth(self, outputs: Tensor) -> Tensor:
        """The centers."""
        center, _ = outputs.chunk(2, dim=-3)
        return (center.clamp(-1.0, 1.0) + 1) / 2


class BernoulliHead(PixelHead):
    """The cross-entropy with black and white; of a grey pixel, in the proportion in which it lies between them.

    For images of two levels it is a likelihood. For grey ones it is the loss that many libraries report: it compares models that
    are trained on it too, but is no probability of an image, and grey costs something even where it is foreseen exactly.
    """

    n_outputs = 1

    def surprise(self, pixels: Tensor, outputs: Tensor) -> Tensor:
        """See :class:`PixelHead`."""
        return bernoulli(pixels, outputs)

    def expected(self, outputs: Tensor) -> Tensor:
        """The shares of white."""
        return self.smooth(outputs)

    def smooth(self, outputs: Tensor) -> Tensor:
        """See :meth:`expected`."""
        return torch.sigmoid(outputs)


PIXEL_HEADS: Mapping[PixelLikelihood, type[PixelHead]] = {"logistic": LogisticHead, "bernoulli": BernoulliHead}
