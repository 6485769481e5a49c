"""The transformer's network for tables: each column is a token, predicted from the columns before it."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtr
from torch import Tensor, nn

from evalkit.backbones.language.code_head import MOST_LEVELS, CodeHead
from evalkit.backbones.language.column_codes import TableCodes
from evalkit.backbones.language.drawing import Drawing
from evalkit.backbones.language.network import check_plan
from evalkit.backbones.language.row_network import RowNetwork
from evalkit.backbones.transformer_lm.decoder import Decoder
from evalkit.core.seeds import normal_by_row
from evalkit.core.state import State
from evalkit.data.encoded import Encoded, expect
from evalkit.data.rows import Rows, TableLayout

_TO_DRAW = -1
_WAYS = 64


class TableTransformer(RowNetwork):
    """Predicts each column's code from the columns before it; see :class:`CodeHead`.

    Args:
        codes: the columns' vocabularies.
        width, layers, heads, dropout: see :class:`~evalkit.backbones.transformer_lm.decoder.Decoder`.
    """

    order: Tensor
    back: Tensor

    def __init__(self, codes: TableCodes, *, width: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.codes, order = codes, _order(codes)
        self.register_buffer("order", torch.tensor(order), persistent=False)
        self.register_buffer("back", torch.tensor(np.argsort(order)), persistent=False)
        self.shape = {"width": width, "layers": layers, "heads": heads, "dropout": dropout}
        self.head = CodeHead([codes.columns[i] for i in order], width)
        self.place = nn.Parameter(torch.randn(len(order), width))
        self.decoder = Decoder(layers, heads, width, len(order), dropout)

    @classmethod
    def from_plan(cls, plan: Mapping[str, Any]) -> Self:
        """The network that :meth:`plan` tells of."""
        check_plan(plan)
        return cls(TableCodes.from_state(plan["codes"]), **{name: plan[name] for name in ("width", "layers", "heads", "dropout")})

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        return {"codes": self.codes.to_state(), **self.shape}

    def begin_with_lines(self, rows: Rows) -> None:
        """See :class:`RowNetwork`."""
        told = self.head.told(self.prepare(rows)[:, self.order, 0].long())
        self.head.begin_with_lines(told, told.new_zeros(len(rows), 0))

    def prepare(self, rows: Encoded) -> Tensor:
        """See :meth:`TableCodes.encode`."""
        return torch.from_numpy(self.codes.encode(expect(rows, Rows).values))

    def per_row(self, x: Tensor, eps: Tensor, t: Tensor | None = None) -> Tensor:
        """Nats of each column given those before it, (n, f): a density in scales of the column where that is a number.

        Args:
            x: prepared rows, (n, f, 2).
            eps: unused.
            t: unused.
        """
        codes, beside = self._ordered(x)
        return (self.head.nats(self.logits(codes), codes) + beside).index_select(1, self.back)

    def independent(self, x: Tensor) -> Tensor:
        """See :class:`RowNetwork`."""
        codes, beside = self._ordered(x)
        return (self.head.independent(codes) + beside).index_select(1, self.back)

    def logits(self, codes: Tensor) -> Tensor:
        """(n, f) codes to (n, f, most codes), the columns in the network's order."""
        told = self.head.told(codes)
        return self.head.logits(self.decoder(self._embedded(told)), told)

    def draw(self, uniform: Tensor, drawing: Drawing) -> Tensor:
        """Codes of new rows, (n, f), for uniform numbers (n, f)."""
        return self._drawn(uniform, drawing, torch.full(uniform.shape, _TO_DRAW), self.head.seen)[0]

    def fill(self, values: NDArray[np.float64], rows: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
        """Rows (n, f) with what is missing drawn given all that is there; ``rows`` are their numbers, (n,).

        Columns are drawn one after the other, so what is there in later ones decides among 64 ways to fill a row: one is taken with
        the probability that it gives to them.
        """
        n, f = values.shape
        codes = torch.from_numpy(self.codes.encode(values)[..., 0]).long()
        given = torch.where(torch.from_numpy(np.isnan(values)), _TO_DRAW, codes)
        numbers = ndtr(normal_by_row(seed, rows, _WAYS * f + f + 1, "transformer_lm", "fill"))
        uniform = torch.from_numpy(numbers[:, : _WAYS * f].reshape(n * _WAYS, f))
        ways, nats = self._drawn(uniform, Drawing(), given.repeat_interleave(_WAYS, dim=0), self._present())
        chance = torch.softmax(-nats.view(n, _WAYS), dim=1).cumsum(dim=1)
        taken = (chance <= torch.from_numpy(numbers[:, -1:])).sum(dim=1).clamp(max=_WAYS - 1)
        chosen = ways.view(n, _WAYS, f)[torch.arange(n), taken].numpy()
        filled = self.codes.decode(chosen, numbers[:, _WAYS * f : -1])
        return np.where(np.isnan(values), filled, values)

    def _drawn(self, uniform: Tensor, drawing: Drawing, given: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
        """Codes (n, f), drawn where ``given`` says so, and the nats of those given, (n,)."""
        told, memory = self.head.nothing(len(uniform)), self.decoder.new_memory(len(uniform))
        codes, nats = torch.zeros(uniform.shape, dtype=torch.int64), torch.zeros(len(uniform), dtype=told.dtype)
        uniform, given = uniform[:, self.order], given[:, self.order]
        for i in range(uniform.shape[1]):
            hidden = self.decoder(self._embedded(told)[:, i : i + 1], memory)
            said = self.head.logits(hidden, told, slice(i, i + 1))[:, 0]
            drawn = drawing.choose(said.masked_fill(~allowed[i], -torch.inf), uniform[:, i])
            there = given[:, i] != _TO_DRAW
            codes[:, i] = torch.where(there, given[:, i], drawn)
            told_nats = -torch.log_softmax(said, dim=1).gather(1, codes[:, i : i + 1])[:, 0]
            nats += torch.where(there, told_nats, 0.0)
            self.head.tell(told, i, codes[:, i])
        return codes[:, self.back], nats

    def _present(self) -> Tensor:
        """Codes that training had, without that of a missing value where there are others."""
        present = self.head.seen.clone()
        for i, column in enumerate(self.order.tolist()):
            present[i, len(self.codes.columns[column].counts) - 1] = False
        return torch.where(present.any(dim=1, keepdim=True), present, self.head.seen)

    def draw_rows(self, n: int, drawing: Drawing, seed: int, layout: TableLayout) -> Rows:
        """See :class:`RowNetwork`."""
        f = len(layout.features)
        uniform = ndtr(normal_by_row(seed, np.arange(n), 2 * f, "transformer_lm", "sample"))
        codes = self.draw(torch.from_numpy(uniform[:, :f]), drawing).numpy()
        return Rows(self.codes.decode(codes, uniform[:, f:]), layout.features)

    def _ordered(self, x: Tensor) -> tuple[Tensor, Tensor]:
        ordered = x.index_select(1, self.order)
        return ordered[..., 0].long(), ordered[..., 1]

    def _embedded(self, told: Tensor) -> Tensor:
        """Tokens, (n, f, width): at each place what the column before says, and which column is to be predicted."""
        return nn.functional.pad(self.head.embedded(told)[:, :-1], (0, 0, 1, 0)) + self.place


def _order(codes: TableCodes) -> list[int]:
    """Categories of few levels come first: what they say about a number is a shift of it, the way back takes more rows to learn."""
    late = [column.kind != "category" or len(column.counts) - 2 > MOST_LEVELS for column in codes.columns]
    return sorted(range(len(late)), key=lambda i: late[i])
