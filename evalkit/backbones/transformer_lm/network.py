"""The transformer's network for texts."""

from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

from evalkit.backbones.language.network import LanguageNetwork, check_plan
from evalkit.backbones.transformer_lm.decoder import Decoder, Memory
from evalkit.core.state import State

_BEFORE = 3


class TransformerNetwork(LanguageNetwork):
    """Tokens, a decoder, and tokens again.

    A token enters the decoder together with the three before it: what the shortest contexts say need not be found by attention,
    which takes long to learn to look at its neighbours.

    Args:
        counts, width, context, longest: see :class:`LanguageNetwork`.
        layers, heads, dropout: see :class:`Decoder`.
    """

    def __init__(self, counts: Tensor, *, width: int, context: int, longest: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__(counts, width, context, longest)
        self.shape = {"layers": layers, "heads": heads, "dropout": dropout}
        self.before = nn.Linear(_BEFORE * width, width, bias=False)
        self.decoder = Decoder(layers, heads, width, context, dropout)

    @classmethod
    def from_plan(cls, plan: Mapping[str, Any]) -> Self:
        """The network that :meth:`plan` tells of."""
        check_plan(plan)
        sizes = {name: plan[name] for name in ("width", "context", "longest", "layers", "heads", "dropout")}
        return cls(torch.zeros(plan["vocabulary"]), **sizes)

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        return {**super().plan(), **self.shape}

    def read(self, embedded: Tensor, memory: Memory | None = None) -> Tensor:
        """See :class:`LanguageNetwork`."""
        read: Tensor = self.decoder(self.entering(embedded, memory), memory)
        return read

    def entering(self, embedded: Tensor, memory: Memory | None = None) -> Tensor:
        """What the decoder reads, (n, length, width): each token with the three before it."""
        known = embedded.new_zeros(embedded.shape[0], _BEFORE, self.width)
        if memory is not None:
            known = known if memory.before is None else memory.before
        joined = torch.cat([known, embedded], dim=1)
        if memory is not None:
            memory.before = joined[:, -_BEFORE:]
        length = embedded.shape[1]
        neighbours = torch.cat([joined[:, i : i + length] for i in range(_BEFORE)], dim=2)
        entering: Tensor = embedded + self.before(neighbours)
        return entering

    def new_memory(self, n: int) -> Memory:
        """See :class:`LanguageNetwork`."""
        return self.decoder.new_memory(n)
