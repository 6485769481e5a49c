"""The network of language models for windows of series: each step is a token, each channel has codes of its own."""

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtr
from torch import Tensor, nn

from evalkit.backbones.heads import Facts
from evalkit.backbones.language.code_head import CodeHead
from evalkit.backbones.language.column_codes import TableCodes
from evalkit.backbones.language.drawing import Drawing
from evalkit.backbones.language.row_network import RowNetwork
from evalkit.core.seeds import normal_by_row
from evalkit.core.state import State
from evalkit.data.encoded import Encoded, expect
from evalkit.data.layouts import WindowLayout
from evalkit.data.rows import Feature, Rows
from evalkit.data.windows import Windows

_LAGS = 4

Floats = NDArray[np.float64]


class SeriesNetwork(RowNetwork):
    """Predicts each step's channels from the steps before it and from the channels before it in the same step.

    It begins as a linear autoregression: straight lines through the last four steps and the channels before.

    Args:
        codes: the channels' vocabularies.
        length: steps a window.
        width: of the network.
    """

    def __init__(self, codes: TableCodes, length: int, width: int) -> None:
        super().__init__()
        self.codes, self.length, self.width = codes, length, width
        self.head = CodeHead(codes.columns, width)
        self.start = nn.Parameter(torch.randn(width))
        self.past = nn.Parameter(torch.zeros(_LAGS * len(self.head.senders), len(self.head.senders)))

    @abstractmethod
    def read(self, embedded: Tensor, memory: Any = None) -> Tensor:
        """What is known after each step, (n, length, width); see :meth:`LanguageNetwork.read`."""

    @abstractmethod
    def new_memory(self, n: int) -> Any:
        """An empty memory for n windows."""

    @staticmethod
    def codes_of(windows: Windows) -> TableCodes:
        """The vocabularies of the channels, from all windows' steps."""
        steps = windows.values.reshape(-1, len(windows.channels))
        features = tuple(Feature(column=name, name=name, kind="number") for name in windows.channels)
        return TableCodes.fit(features, steps, Facts.fit(Rows(steps, features)))

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        return {"codes": self.codes.to_state(), "length": self.length, "width": self.width}

    def begin_with_lines(self, rows: Windows) -> None:
        """See :class:`RowNetwork`."""
        told = self._told(self.prepare(rows)[..., 0].long())
        with torch.no_grad():
            self.past.copy_(self.head.begin_with_lines(told.flatten(0, 1), self._lags(told).flatten(0, 1)))

    def prepare(self, rows: Encoded) -> Tensor:
        """Windows as (n, length, channels, 2): see :meth:`TableCodes.encode`."""
        values = expect(rows, Windows).values
        encoded = self.codes.encode(values.reshape(-1, values.shape[2]))
        return torch.from_numpy(encoded.reshape(*values.shape, 2))

    def per_row(self, x: Tensor, eps: Tensor, t: Tensor | None = None) -> Tensor:
        """Nats of each step and channel given those before, (n, length * channels): densities in scales of the channels.

        Args:
            x: prepared windows, (n, length, channels, 2).
            eps: unused.
            t: unused.
        """
        codes = x[..., 0].long()
        told = self._told(codes)
        content = self._content(told)
        start = self.start.expand(x.shape[0], 1, -1)
        hidden = self.read(torch.cat([start, content[:, :-1]], dim=1)).flatten(0, 1)
        beside = (self._lags(told) @ self.past).flatten(0, 1)
        each = hidden.unsqueeze(1).expand(-1, codes.shape[2], -1)
        logits = self.head.logits(each, told.flatten(0, 1), beside=beside)
        return self.head.nats(logits, codes.flatten(0, 1)).view_as(codes).flatten(1) + x[..., 1].flatten(1)

    def independent(self, x: Tensor) -> Tensor:
        """See :class:`RowNetwork`."""
        codes = x[..., 0].long()
        return self.head.independent(codes.flatten(0, 1)).view_as(codes).flatten(1) + x[..., 1].flatten(1)

    def draw_rows(self, n: int, drawing: Drawing, seed: int, layout: WindowLayout) -> Windows:
        """See :class:`RowNetwork`; windows from nowhere."""
        c = len(layout.channels)
        uniform = ndtr(normal_by_row(seed, np.arange(n), 2 * self.length * c, "language", "sample"))
        chosen, inside = np.split(uniform.reshape(n, 2 * self.length, c), 2, axis=1)
        values = self.go_on(np.zeros((n, 0, c)), chosen, inside, drawing)
        return Windows(values, layout.channels, np.arange(n), np.zeros(n, dtype=np.int64))

    def go_on(self, known: Floats, chosen: Floats, inside: Floats, drawing: Drawing | None = None) -> Floats:
        """Steps behind those that are known, (n, new, channels), in the channels' units.

        Args:
            known: (n, before, channels), perhaps none; with the new ones at most a window.
            chosen: uniform numbers that choose the codes, (n, new, channels).
            inside: uniform numbers that choose a place inside a bin, likewise.
            drawing: how codes are chosen.
        """
        c = known.shape[2]
        before = self.codes.encode(known.reshape(-1, c))[..., 0].reshape(known.shape)
        codes = self._draw(torch.from_numpy(before).long(), torch.from_numpy(chosen), drawing or Drawing()).numpy()
        return self.codes.decode(codes.reshape(-1, c), inside.reshape(-1, c)).reshape(chosen.shape)

    def _draw(self, known: Tensor, uniform: Tensor, drawing: Drawing) -> Tensor:
        """Codes of new steps, (n, new, channels), behind known ones, (n, before, channels), for uniform numbers."""
        n, memory, before = len(uniform), self.new_memory(len(uniform)), self._told(known)
        entering = torch.cat([self.start.expand(n, 1, -1), self._content(before)], dim=1)
        steps = [self.head.nothing(n)] * _LAGS + list(before.unbind(1))
        codes = torch.zeros(uniform.shape, dtype=torch.int64)
        for step in range(uniform.shape[1]):
            hidden, told = self.read(entering, memory)[:, -1:], self.head.nothing(n)
            beside = torch.cat([self.head.sent(one) for one in steps[-_LAGS:]], dim=1) @ self.past
            for i in range(uniform.shape[2]):
                said = self.head.logits(hidden, told, slice(i, i + 1), beside)[:, 0]
                codes[:, step, i] = drawing.choose(said.masked_fill(~self.head.seen[i], -torch.inf), uniform[:, step, i])
                self.head.tell(told, i, codes[:, step, i])
            steps.append(told)
            entering = self._content(told[:, None])
        return codes

    def _content(self, told: Tensor) -> Tensor:
        """Steps as the network reads them, (n, steps, width)."""
        return self.head.embedded(told.flatten(0, 1)).sum(dim=1).view(told.shape[0], told.shape[1], self.width)

    def _told(self, codes: Tensor) -> Tensor:
        """What the codes say, (n, steps, channels, figures)."""
        told = self.head.told(codes.flatten(0, 1))
        return told.view(*codes.shape[:2], *told.shape[1:])

    def _lags(self, told: Tensor) -> Tensor:
        """What each step's straight lines get from the four steps before, (n, length, 4 s); 0 before a window's begin."""
        sent = self.head.sent(told.flatten(0, 1)).view(told.shape[0], self.length, len(self.head.senders))
        padded = nn.functional.pad(sent, (0, 0, _LAGS, 0))
        return torch.cat([padded[:, i : i + self.length] for i in range(_LAGS)], dim=2)
