"""The transformer's network for windows of series."""

from collections.abc import Mapping
from typing import Any, Self

from torch import Tensor

from evalkit.backbones.language.column_codes import TableCodes
from evalkit.backbones.language.network import check_plan
from evalkit.backbones.language.series_network import SeriesNetwork
from evalkit.backbones.transformer_lm.decoder import Decoder, Memory
from evalkit.core.state import State


class TransformerSeries(SeriesNetwork):
    """Steps read by a decoder.

    Args:
        codes, length, width: see :class:`SeriesNetwork`.
        layers, heads, dropout: see :class:`Decoder`.
    """

    def __init__(self, codes: TableCodes, *, length: int, width: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__(codes, length, width)
        self.shape = {"layers": layers, "heads": heads, "dropout": dropout}
        self.decoder = Decoder(layers, heads, width, length, dropout)

    @classmethod
    def from_plan(cls, plan: Mapping[str, Any]) -> Self:
        """The network that :meth:`plan` tells of."""
        check_plan(plan)
        sizes = {name: plan[name] for name in ("length", "width", "layers", "heads", "dropout")}
        return cls(TableCodes.from_state(plan["codes"]), **sizes)

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        return {**super().plan(), **self.shape}

    def read(self, embedded: Tensor, memory: Memory | None = None) -> Tensor:
        """See :class:`SeriesNetwork`."""
        read: Tensor = self.decoder(embedded, memory)
        return read

    def new_memory(self, n: int) -> Memory:
        """See :class:`SeriesNetwork`."""
        return self.decoder.new_memory(n)
