"""Drawing texts token by token, each row with random numbers of its own."""

from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtr
from torch import Tensor

from evalkit.backbones.language.network import LanguageNetwork
from evalkit.backbones.language.windows import window_start
from evalkit.core.errors import InputError
from evalkit.core.seeds import normal_by_row
from evalkit.data.tokens import END_OF_TEXT


class Choice(TypedDict, total=False):
    """The attributes of a :class:`Drawing`, each with its usual value when it is not given."""

    temperature: float
    top_k: int | None
    top_p: float


@dataclass(frozen=True)
class Drawing:
    """How the next token is chosen.

    Attributes:
        temperature: 1 draws as the model predicts, less makes the likely likelier, 0 always takes the likeliest.
        top_k: only among so many of the likeliest; None: all.
        top_p: only among the likeliest that together have this probability.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 100:
            raise InputError(f"temperature must be between 0 and 100, got {self.temperature}: change the setting")
        if self.top_k is not None and self.top_k < 1:
            raise InputError(f"top_k must be at least 1, got {self.top_k}: change the setting")
        if not 0 < self.top_p <= 1:
            raise InputError(f"top_p must be above 0 and at most 1, got {self.top_p}: change the setting")

    def choose(self, logits: Tensor, uniform: Tensor) -> Tensor:
        """One id a row, (n,), for logits (n, vocabulary) and uniform numbers in (0, 1).

        >>> Drawing(temperature=0).choose(torch.tensor([[0.0, 2.0, 1.0]]), torch.tensor([0.9])).tolist()
        [1]
        """
        if self.temperature == 0:
            return logits.argmax(dim=1)
        chance, order = torch.softmax(logits / self.temperature, dim=1).sort(dim=1, descending=True, stable=True)
        if self.top_k is not None:
            chance[:, self.top_k :] = 0.0
        before = chance.cumsum(dim=1) - chance
        chance = torch.where(before < self.top_p, chance, 0.0)
        reached = chance.cumsum(dim=1)
        place = (reached <= uniform[:, None] * reached[:, -1:]).sum(dim=1, keepdim=True)
        last = (chance > 0).sum(dim=1, keepdim=True) - 1
        return order.gather(1, torch.minimum(place, last))[:, 0]


def draw(
    network: LanguageNetwork,
    prompt: NDArray[np.int64],
    rows: NDArray[np.int64],
    n_tokens: int,
    drawing: Drawing,
    seed: int,
    *,
    remember: bool = True,
) -> NDArray[np.int32]:
    """Go on behind a prompt until the end of the text.

    Every token is drawn from the same window from which scoring predicts it, and among tokens of the training texts only.

    Args:
        network: in evaluation mode.
        prompt: (length,) ids that all rows begin with.
        rows: their numbers, (n,): what a row draws depends on seed, number and place only.
        n_tokens: at most.
        drawing: how.
        seed: of the draws.
        remember: keep what was read, which is faster and changes nothing.

    Returns:
        (n, at most n_tokens) ids without the prompt; from its end on a row holds ``END_OF_TEXT``.
    """
    first = len(prompt) + 1
    ids = torch.full((len(rows), first + n_tokens), END_OF_TEXT, dtype=torch.int64)
    ids[:, 1:first] = torch.from_numpy(prompt)
    open_rows = torch.ones(len(rows), dtype=torch.bool)
    memory, began = None, -1
    for end in range(first, first + n_tokens):
        start = window_start(end - 1, network.context)
        if memory is None or start != began:
            memory, began, unread = _memory(network, len(rows), remember), start, start
        said = network.predict(network.read(network.embed(ids[:, unread:end]), memory)[:, -1])
        unread = end if remember else start
        uniform = torch.from_numpy(ndtr(normal_by_row(seed, rows, 1, "language", "draw", end)))[:, 0]
        chosen = drawing.choose(said.masked_fill(~network.seen, -torch.inf), uniform)
        ids[:, end] = torch.where(open_rows, chosen, END_OF_TEXT)
        open_rows &= chosen != END_OF_TEXT
        if not open_rows.any():
            break
    return ids[:, first : end + 1].to(torch.int32).numpy()


def _memory(network: LanguageNetwork, n: int, remember: bool) -> Any:
    return network.new_memory(n) if remember else None
