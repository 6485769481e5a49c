"""The transformer's network for images: each pixel is a token, predicted from those above and to the left."""

import math
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtr
from torch import Tensor, nn

from evalkit.backbones.language.drawing import Drawing
from evalkit.backbones.language.network import check_plan
from evalkit.backbones.language.row_network import RowNetwork
from evalkit.backbones.transformer_lm.decoder import Decoder
from evalkit.core.errors import InputError, ShapeError
from evalkit.core.seeds import normal_by_row
from evalkit.core.state import State
from evalkit.data.encoded import Encoded, expect
from evalkit.data.layouts import PixelLayout
from evalkit.data.pixels import Pixels

_VALUES, _LEVELS = 256, 16
_MOST_TOKENS = 4096
_ROWS_AT_ONCE = 64


class ImageTransformer(RowNetwork):
    """Predicts each pixel and channel's level of 16 from all before it, line by line; nearest neighbours are seen directly.

    The 16 values of 8 bits in a level are as likely as they are frequent in the training images, so probabilities of images of
    8 bits add up to one; finer ones are rounded. It begins with how often each level stands at each place.

    Args:
        layout: channels, height and width; at most 4,096 values an image.
        levels: (values an image, 16) training images with each level.
        values: (256,) training pixels with each value.
        width, layers, heads, dropout: see :class:`~evalkit.backbones.transformer_lm.decoder.Decoder`.
    """

    usual: Tensor
    inside: Tensor

    def __init__(
        self,
        layout: PixelLayout,
        levels: NDArray[np.int64],
        values: NDArray[np.int64],
        *,
        width: int,
        layers: int,
        heads: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.layout, self.levels, self.values = layout, levels, values
        self.shape = {"width": width, "layers": layers, "heads": heads, "dropout": dropout}
        length, line = layout.channels * layout.height * layout.width, layout.channels * layout.width
        if not 1 <= length <= _MOST_TOKENS:
            raise InputError(f"a transformer reads images of at most {_MOST_TOKENS:,} values, got {length:,}: make them smaller")
        if levels.shape != (length, _LEVELS) or values.shape != (_VALUES,):
            raise ShapeError(f"counts of levels need shape ({length}, {_LEVELS}), got {levels.shape} and {values.shape} of values")
        smooth = levels + 16 * (levels.sum(axis=0) + 0.5) / (levels.sum() + 0.5 * _LEVELS)
        self.register_buffer("usual", torch.tensor(np.log(smooth / smooth.sum(axis=1, keepdims=True))), persistent=False)
        within = (values + 0.5).reshape(_LEVELS, -1)
        self.register_buffer("inside", torch.tensor(-np.log(within / within.sum(axis=1, keepdims=True))), persistent=False)
        self.away = sorted({1, layout.channels, 2 * layout.channels, line - layout.channels, line, line + layout.channels} - {0})
        self.near = nn.Parameter(torch.randn(len(self.away), _LEVELS + 1, width) / math.sqrt(len(self.away)))
        self.place = nn.Parameter(0.3 * torch.randn(layout.height, 1, 1, width))
        self.column = nn.Parameter(0.3 * torch.randn(layout.width, layout.channels, width))
        self.leave = nn.Parameter(torch.zeros(_LEVELS, width))
        self.decoder = Decoder(layers, heads, width, length, dropout)

    @classmethod
    def for_rows(cls, rows: Pixels, **shape: Any) -> Self:
        """A network with its first weights from torch's generator."""
        eight = _eight_bits(rows)
        levels = np.stack([(eight // _LEVELS == level).sum(axis=0) for level in range(_LEVELS)], axis=1)
        return cls(rows.layout, levels.astype(np.int64), np.bincount(eight.ravel(), minlength=_VALUES), **shape)

    @classmethod
    def from_plan(cls, layout: PixelLayout, plan: Mapping[str, Any]) -> Self:
        """The network that :meth:`plan` tells of."""
        check_plan(plan)
        return cls(layout, plan["levels"], plan["values"], **{name: plan[name] for name in ("width", "layers", "heads", "dropout")})

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        return {"levels": self.levels, "values": self.values, **self.shape}

    def begin_with_lines(self, rows: Encoded) -> None:
        """Nothing: of images it begins with how often each level stands at each place."""

    def prepare(self, rows: Encoded) -> Tensor:
        """Values of 8 bits, line by line and channel by channel within a pixel, (n, values) int64."""
        return torch.from_numpy(_eight_bits(expect(rows, Pixels)))

    def per_row(self, x: Tensor, eps: Tensor, t: Tensor | None = None) -> Tensor:
        """Nats of each channel's pixels given those before, (n, channels * height * width).

        Args:
            x: prepared images, (n, values).
            eps: unused.
            t: unused.
        """
        values = x.long()
        return self._terms(values, self._logits(self.decoder(self._near(values // _LEVELS) + self._places()), self.usual))

    def independent(self, x: Tensor) -> Tensor:
        """See :class:`RowNetwork`."""
        return self._terms(x.long(), self.usual.expand(x.shape[0], -1, -1))

    def draw_rows(self, n: int, drawing: Drawing, seed: int, layout: PixelLayout) -> Pixels:
        """See :class:`RowNetwork`."""
        parts = [np.arange(first, min(first + _ROWS_AT_ONCE, n)) for first in range(0, n, _ROWS_AT_ONCE)]
        length = len(self.usual)
        uniform = [torch.from_numpy(ndtr(normal_by_row(seed, part, 2 * length, "transformer_lm", "images"))) for part in parts]
        values = torch.cat([self._draw(numbers[:, :length], numbers[:, length:], drawing) for numbers in uniform]).numpy()
        images = values.reshape(n, layout.height, layout.width, layout.channels).transpose(0, 3, 1, 2)
        return Pixels(np.ascontiguousarray(images / 255).astype(np.float32))

    def _draw(self, uniform: Tensor, inside: Tensor, drawing: Drawing) -> Tensor:
        """Values of new images, (n, values)."""
        n, length = uniform.shape
        longest = self.away[-1]
        levels = torch.full((n, longest + length), _LEVELS, dtype=torch.int64)
        values, memory, places = torch.zeros((n, length), dtype=torch.int64), self.decoder.new_memory(n), self._places()
        within = torch.from_numpy(self.values.reshape(_LEVELS, -1)).double().cumsum(dim=1)
        for i in range(length):
            near = sum(self.near[k][levels[:, longest + i - away]] for k, away in enumerate(self.away))
            hidden = self.decoder((near + places[i])[:, None], memory)
            said = self._logits(hidden, self.usual[i : i + 1])[:, 0].masked_fill(self._never(), -torch.inf)
            levels[:, longest + i] = drawing.choose(said, uniform[:, i])
            share = within[levels[:, longest + i]]
            low = (share <= inside[:, i : i + 1] * share[:, -1:]).sum(dim=1).clamp(max=_LEVELS - 1)
            values[:, i] = levels[:, longest + i] * _LEVELS + low
        return values

    def _near(self, levels: Tensor) -> Tensor:
        """What the nearest pixels before each place say, (n, values, width)."""
        longest, length = self.away[-1], levels.shape[1]
        padded = nn.functional.pad(levels, (longest, 0), value=_LEVELS)
        near = [
            nn.functional.embedding(padded[:, longest - away : longest - away + length], self.near[k])
            for k, away in enumerate(self.away)
        ]
        return torch.stack(near).sum(dim=0)

    def _places(self) -> Tensor:
        """Which pixel and channel is to be predicted, (values, width)."""
        return (self.place + self.column).flatten(0, 2)

    def _logits(self, hidden: Tensor, usual: Tensor) -> Tensor:
        return nn.functional.linear(hidden, self.leave) + usual.to(hidden)

    def _never(self) -> Tensor:
        """Levels that no training image had."""
        return torch.from_numpy(self.levels.sum(axis=0) == 0)

    def _terms(self, values: Tensor, logits: Tensor) -> Tensor:
        levels = values // _LEVELS
        nats = -torch.log_softmax(logits, dim=-1).gather(-1, levels.unsqueeze(-1)).squeeze(-1)
        nats = nats + self.inside.to(nats)[levels, values % _LEVELS]
        layout = self.layout
        return nats.view(-1, layout.height, layout.width, layout.channels).permute(0, 3, 1, 2).flatten(1)


def _eight_bits(rows: Pixels) -> NDArray[np.int64]:
    """(n, values) from 0 to 255, line by line, the channels of a pixel together."""
    eight = np.round(rows.values * 255).astype(np.int64).clip(0, _VALUES - 1)
    return np.ascontiguousarray(eight.transpose(0, 2, 3, 1)).reshape(len(rows), int(np.prod(rows.values.shape[1:])))
