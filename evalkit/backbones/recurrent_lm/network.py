"""The recurrent networks for texts and series."""

from collections.abc import Mapping
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn

from evalkit.backbones.language.column_codes import TableCodes
from evalkit.backbones.language.network import LanguageNetwork, check_plan
from evalkit.backbones.language.series_network import SeriesNetwork
from evalkit.core.state import State

Kind = Literal["lstm", "gru"]
CELLS: Mapping[Kind, type[nn.LSTM] | type[nn.GRU]] = {"lstm": nn.LSTM, "gru": nn.GRU}


class Memory:
    """The state after the last token that was read.

    Attributes:
        state: as torch's cells take and give it; None before the first token.
    """

    def __init__(self) -> None:
        self.state: Any = None


class Cells(nn.Module):
    """Recurrent layers.

    Args:
        kind: which cells.
        layers: how many of them.
        width: of what they read and know.
        dropout: share of each layer's output that is dropped in training, the last layer's excepted.
    """

    def __init__(self, kind: Kind, layers: int, width: int, dropout: float) -> None:
        super().__init__()
        self.cells = CELLS[kind](width, width, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)

    def forward(self, embedded: Tensor, memory: Memory | None = None) -> Tensor:
        """(n, length, width) to the same; see :meth:`LanguageNetwork.read`."""
        hidden: Tensor
        hidden, state = self.cells(embedded, memory.state if memory else None)
        if memory is not None:
            memory.state = state
        return hidden


class RecurrentNetwork(LanguageNetwork):
    """Tokens, recurrent layers, and tokens again.

    Args:
        counts, width, context, longest: see :class:`LanguageNetwork`.
        kind, layers, dropout: see :class:`Cells`.
    """

    def __init__(self, counts: Tensor, *, width: int, context: int, longest: int, kind: Kind, layers: int, dropout: float) -> None:
        super().__init__(counts, width, context, longest)
        self.shape = {"kind": kind, "layers": layers, "dropout": dropout}
        self.cells = Cells(kind, layers, width, dropout)

    @classmethod
    def from_plan(cls, plan: Mapping[str, Any]) -> Self:
        """The network that :meth:`plan` tells of."""
        check_plan(plan)
        sizes = {name: plan[name] for name in ("width", "context", "longest", "kind", "layers", "dropout")}
        return cls(torch.zeros(plan["vocabulary"]), **sizes)

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        return {**super().plan(), **self.shape}

    def read(self, embedded: Tensor, memory: Memory | None = None) -> Tensor:
        """See :class:`LanguageNetwork`."""
        read: Tensor = self.cells(embedded, memory)
        return read

    def new_memory(self, n: int) -> Memory:
        """See :class:`LanguageNetwork`."""
        return Memory()


class RecurrentSeries(SeriesNetwork):
    """Steps read by recurrent layers.

    Args:
        codes, length, width: see :class:`SeriesNetwork`.
        kind, layers, dropout: see :class:`Cells`.
    """

    def __init__(self, codes: TableCodes, *, length: int, width: int, kind: Kind, layers: int, dropout: float) -> None:
        super().__init__(codes, length, width)
        self.shape = {"kind": kind, "layers": layers, "dropout": dropout}
        self.cells = Cells(kind, layers, width, dropout)

    @classmethod
    def from_plan(cls, plan: Mapping[str, Any]) -> Self:
        """The network that :meth:`plan` tells of."""
        check_plan(plan)
        sizes = {name: plan[name] for name in ("length", "width", "kind", "layers", "dropout")}
        return cls(TableCodes.from_state(plan["codes"]), **sizes)

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        return {**super().plan(), **self.shape}

    def read(self, embedded: Tensor, memory: Memory | None = None) -> Tensor:
        """See :class:`SeriesNetwork`."""
        read: Tensor = self.cells(embedded, memory)
        return read

    def new_memory(self, n: int) -> Memory:
        """See :class:`SeriesNetwork`."""
        return Memory()
