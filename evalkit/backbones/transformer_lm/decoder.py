"""The decoder: blocks of causal attention and a gated layer, each on normalised input."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, rms_norm, scaled_dot_product_attention, silu

_SLOWEST = 10_000.0


class Memory:
    """Keys and values of the tokens that were read, so that the next one costs one token and not all of them.

    Attributes:
        length: tokens read so far.
        before: the last tokens as they came in, for a network that needs them.
        kept: keys and values of each block, (n, heads, context, head size) each; what lies beyond ``length`` means nothing.
    """

    def __init__(self, kept: Iterable[tuple[Tensor, Tensor]]) -> None:
        self.length, self.kept = 0, list(kept)
        self.before: Tensor | None = None


class Decoder(nn.Module):
    """Reads a row of embedded tokens from left to right; what comes later has no influence.

    Sources: Vaswani et al., "Attention is all you need", 2017; Su et al., "RoFormer" (rotary positions), 2021; Zhang and Sennrich,
    "Root mean square layer normalization", 2019; Shazeer, "GLU variants improve Transformer", 2020.

    Args:
        layers: blocks.
        heads: of attention; they divide ``width`` into even parts.
        width: of the tokens.
        context: tokens at most.
        dropout: share of each block's output that is dropped in training.
    """

    cosine: Tensor
    sine: Tensor

    def __init__(self, layers: int, heads: int, width: int, context: int, dropout: float) -> None:
        super().__init__()
        self.context, self.heads, self.head_size = context, heads, width // heads
        self.blocks = nn.ModuleList(Block(heads, width, layers, dropout) for _ in range(layers))
        self.norm = nn.Parameter(torch.ones(width))
        speeds = _SLOWEST ** (-torch.arange(self.head_size // 2, dtype=torch.float64) / (self.head_size // 2))
        angles = torch.arange(context, dtype=torch.float64)[:, None] * speeds
        self.register_buffer("cosine", torch.cos(angles), persistent=False)
        self.register_buffer("sine", torch.sin(angles), persistent=False)

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """(n, length, width) to the same; see :meth:`LanguageNetwork.read`."""
        turn = self._turn(x, memory.length if memory else 0)
        for i, block in enumerate(self.blocks):
            x = block(x, turn, memory, i)
        if memory is not None:
            memory.length += x.shape[1]
        return rms_norm(x, self.norm.shape, self.norm)

    def attention(self, x: Tensor) -> Tensor:
        """How much each token looks at each, (layers, heads, n, length, length): rows add up to 1."""
        turn = self._turn(x, 0)
        looks = []
        for block in self.blocks:
            if isinstance(block, Block):
                looks.append(block.looks(x, turn))
            x = block(x, turn)
        return torch.stack(looks).transpose(1, 2)

    def new_memory(self, n: int) -> Memory:
        """An empty one."""
        shape = (n, self.heads, self.context, self.head_size)
        return Memory((self.norm.new_zeros(shape), self.norm.new_zeros(shape)) for _ in self.blocks)

    def _turn(self, x: Tensor, first: int) -> tuple[Tensor, Tensor]:
        last = first + x.shape[1]
        return self.cosine[first:last].to(x), self.sine[first:last].to(x)


class Block(nn.Module):
    """Attention, then a gated layer; each adds to what came in. Both begin as nothing, so depth does not hurt the start."""

    def __init__(self, heads: int, width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        inner = 8 * math.ceil(width / 3)
        self.first_norm, self.second_norm = nn.Parameter(torch.ones(width)), nn.Parameter(torch.ones(width))
        self.ask = nn.Linear(width, 3 * width, bias=False)
        self.answer = nn.Linear(width, width, bias=False)
        self.enter = nn.Linear(width, 2 * inner, bias=False)
        self.leave = nn.Linear(inner, width, bias=False)
        with torch.no_grad():
            self.answer.weight.zero_()
            self.leave.weight.zero_()

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], memory: Memory | None = None, number: int = 0) -> Tensor:
        """(n, length, width) to the same."""
        query, key, value = self._project(x, turn)
        starts = memory is None or memory.length == 0
        if memory is not None:
            key, value = _remembered(memory, number, key, value)
        found = scaled_dot_product_attention(query, key, value, is_causal=starts)
        x = x + self._drop(self.answer(found.transpose(1, 2).flatten(2)))
        gate, content = self.enter(rms_norm(x, self.second_norm.shape, self.second_norm)).chunk(2, dim=-1)
        left: Tensor = x + self._drop(self.leave(silu(gate) * content))
        return left

    def looks(self, x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        """Attention's weights, (n, heads, length, length)."""
        query, key, _ = self._project(x, turn)
        weights = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1])
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        return torch.softmax(weights.masked_fill(later, -math.inf), dim=-1)

    def _project(self, x: Tensor, turn: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, (n, heads, length, head size)."""
        asked = self.ask(rms_norm(x, self.first_norm.shape, self.first_norm))
        query, key, value = asked.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        return _turned(query, turn), _turned(key, turn), value

    def _drop(self, x: Tensor) -> Tensor:
        return dropout(x, self.dropout, self.training) if self.dropout else x


def _turned(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary positions: pairs of figures turn with the place, so that products depend on distance only."""
    cosine, sine = turn
    left, right = x.chunk(2, dim=-1)
    return torch.cat([left * cosine - right * sine, right * cosine + left * sine], dim=-1)


def _remembered(memory: Memory, number: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Add a block's keys and values to its memory, and give all there are."""
    keys, values = memory.kept[number]
    end = memory.length + key.shape[2]
    keys[:, :, memory.length : end], values[:, :, memory.length : end] = key, value
    return keys[:, :, :end], values[:, :, :end]
