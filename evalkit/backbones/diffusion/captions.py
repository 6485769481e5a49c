"""A small text encoder: captions, read byte by byte, as one vector each."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from evalkit.backbones.blocks.attention import SelfAttention

MOST_BYTES = 64
_N_SYMBOLS = 257


def as_bytes(captions: Sequence[str]) -> Tensor:
    """Captions without regard to case and outer blanks as symbols 1 … 256, (n, 64), 0 beyond the end; cut after 64 bytes.

    >>> as_bytes(["Ab"])[0, :3].tolist()
    [98, 99, 0]
    """
    rows = [list(caption.strip().casefold().encode()[:MOST_BYTES]) for caption in captions]
    return torch.tensor([[byte + 1 for byte in row] + [0] * (MOST_BYTES - len(row)) for row in rows]).reshape(-1, MOST_BYTES)


class CaptionEncoder(nn.Module):
    """Bytes and their places, two rounds of attention, then the mean over the bytes. No caption has a vector of its own.

    Args:
        width: of the vector; a byte's is half as wide.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = width // 2
        self.symbols, self.places = nn.Embedding(_N_SYMBOLS, inner), nn.Parameter(0.1 * torch.randn(MOST_BYTES, inner))
        self.attention = nn.ModuleList(SelfAttention(inner, heads=math.gcd(inner, 4)) for _ in range(2))
        self.between, self.leave = nn.Linear(inner, inner), nn.Linear(inner, width)
        self.nothing = nn.Parameter(torch.zeros(width))

    def forward(self, symbols: Tensor) -> Tensor:
        """(n, 64) symbols to (n, width)."""
        there = symbols > 0
        said = there.any(dim=1)
        looked_at = there | ~said[:, None]
        x = self.symbols(symbols) + self.places
        x = self.attention[0](x, looked_at)
        x = self.attention[1](x + self.between(silu(x)), looked_at)
        mean = (x * there[..., None]).sum(dim=1) / there.sum(dim=1, keepdim=True).clamp(min=1)
        return torch.where(said[:, None], self.leave(silu(mean)), self.nothing)
