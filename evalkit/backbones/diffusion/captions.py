"""Captions: the kinds of images that they name, and a small text encoder that reads them byte by byte."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtr
from torch import Tensor, nn
from torch.nn.functional import silu

from evalkit.backbones.blocks.attention import SelfAttention
from evalkit.core.errors import ModelError
from evalkit.core.seeds import normal_by_row

MOST_BYTES = 64
_N_SYMBOLS = 257
_MOST_SUBJECTS, _IMAGES_A_SUBJECT = 100, 10


def as_bytes(captions: Sequence[str]) -> Tensor:
    """Captions without regard to case and outer blanks as symbols 1 … 256, (n, 64), 0 beyond the end; cut after 64 bytes.

    >>> as_bytes(["Ab"])[0, :3].tolist()
    [98, 99, 0]
    """
    rows = [list(caption.strip().casefold().encode()[:MOST_BYTES]) for caption in captions]
    return torch.tensor([[byte + 1 for byte in row] + [0] * (MOST_BYTES - len(row)) for row in rows]).reshape(-1, MOST_BYTES)


@dataclass(frozen=True)
class Subjects:
    """What there is to be drawn, where captions are names of a few kinds: so many different ones, each as often as in training.

    A new image without a wish has a subject first and is drawn under its caption: it is then of a kind, and every kind comes as
    often as it was there.

    Attributes:
        captions: the different ones, none where they are too many or too rare to be kinds.
        shares: how often each was there.
    """

    captions: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()

    @classmethod
    def of(cls, captions: Sequence[str]) -> Self:
        """Of training captions; of at most 100 kinds with ten images each on average.

        >>> Subjects.of(["cat"] * 15 + ["dog"] * 5)
        Subjects(captions=('cat', 'dog'), shares=(0.75, 0.25))
        >>> Subjects.of(["a red cat", "a dog on a roof"])
        Subjects(captions=(), shares=())
        """
        counts = sorted(Counter(captions).items())
        if len(counts) > min(_MOST_SUBJECTS, len(captions) // _IMAGES_A_SUBJECT):
            return cls()
        return cls(tuple(name for name, _ in counts), tuple(n / len(captions) for _, n in counts))

    @classmethod
    def from_state(cls, state: Any) -> Self:
        """What was saved, as pairs of a caption and its share; models of the first version kept none.

        Raises:
            ModelError: they are not captions with shares that add up to 1.
        """
        pairs = [(str(name), float(share)) for name, share in state]
        if pairs and not (all(0 < share <= 1 for _, share in pairs) and math.isclose(sum(share for _, share in pairs), 1.0)):
            raise ModelError("the captions' shares in the saved model do not add up to 1: fit it anew")
        return cls(tuple(name for name, _ in pairs), tuple(share for _, share in pairs))

    def to_state(self) -> list[list[str | float]]:
        """Pairs of a caption and its share."""
        return [[name, share] for name, share in zip(self.captions, self.shares, strict=True)]

    def chosen(self, rows: NDArray[np.int64], seed: int) -> tuple[str, ...] | None:
        """The caption of each new row by its number; None where there are no subjects."""
        return self.at(normal_by_row(seed, rows, 1, "diffusion", "subject")[:, 0]) if self.captions else None

    def at(self, noise: NDArray[np.float64]) -> tuple[str, ...] | None:
        """The caption for each number of standard normal noise, (n,); None where there are no subjects."""
        if not self.captions:
            return None
        places = np.searchsorted(np.cumsum(self.shares)[:-1], ndtr(noise), side="right")
        return tuple(self.captions[place] for place in places)


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
