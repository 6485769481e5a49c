"""What every language model's network is: an embedding, something that reads, and ``per_row``."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from evalkit.backbones.language.windows import n_windows, stride_of
from evalkit.backbones.network import Network
from evalkit.core.errors import ModelError
from evalkit.core.state import State
from evalkit.data.encoded import Encoded, expect
from evalkit.data.tokens import END_OF_TEXT, Tokens

PADDING = -1
LIMITS: Mapping[str, int] = {"vocabulary": 2**17, "width": 2**16, "context": 2**15, "layers": 1000, "heads": 1000, "length": 2**20}
"""The largest size of each kind; the smallest is 1."""
_MOST_NUMBERS = 2**23


class LanguageNetwork(Network):
    """Predicts each token of a text from those before it; the embedding of the tokens is also what predictions are told with.

    Args:
        counts: (vocabulary,) how often each token stands in the training texts: what is predicted before anything is learned.
        width: of the embedding.
        context: tokens that a prediction sees at most.
        longest: tokens of the longest training text, the end not counted.
    """

    seen: Tensor

    def __init__(self, counts: Tensor, width: int, context: int, longest: int) -> None:
        super().__init__()
        self.width, self.context, self.longest = width, context, longest
        self.embedding = nn.Parameter(torch.randn(len(counts), width) / math.sqrt(4 * width))
        self.bias = nn.Parameter(torch.log((counts + 0.5) / (counts + 0.5).sum()).float())
        self.register_buffer("seen", counts > 0)

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        return {"vocabulary": len(self.bias), "width": self.width, "context": self.context, "longest": self.longest}

    def prepare(self, rows: Encoded) -> Tensor:
        """Tokens as (n, longest row) int64, filled up with ``PADDING``."""
        tokens = expect(rows, Tokens)
        ids = np.full((len(tokens), int(tokens.lengths.max(initial=1))), PADDING, dtype=np.int64)
        ids[np.arange(ids.shape[1]) < tokens.lengths[:, None]] = tokens.ids
        return torch.from_numpy(ids)

    def per_row(self, x: Tensor, eps: Tensor, t: Tensor | None = None) -> Tensor:
        """Surprise of each token in nats, (n, length); 0 beyond a text's end. Their sum is minus its log-likelihood, exactly.

        Args:
            x: prepared rows, (n, length).
            eps: unused; a language model needs no noise.
            t: unused.
        """
        length, context, stride = x.shape[1], self.context, stride_of(self.context)
        ids = x.clamp(min=0)
        inputs = torch.cat([torch.full_like(ids[:, :1], END_OF_TEXT), ids[:, :-1]], dim=1)
        windows = n_windows(length, context)
        if windows == 1:
            return torch.where(x >= 0, self.surprisal(inputs, ids), 0.0)
        behind = context + (windows - 1) * stride - length
        inputs, targets = (pad(each, (0, behind)).unfold(1, context, stride) for each in (inputs, ids))
        at_once = max(_MOST_NUMBERS // (context * max(len(self.bias), 4 * self.width)), 1)
        pieces = []
        for first in range(0, windows, at_once):
            some = slice(first, first + at_once)
            terms = self.surprisal(inputs[:, some].flatten(0, 1), targets[:, some].flatten(0, 1))
            pieces.append(terms.view(x.shape[0], -1, context))
        terms = torch.cat(pieces, dim=1)
        joined = torch.cat([terms[:, 0], terms[:, 1:, context - stride :].flatten(1)], dim=1)[:, :length]
        return torch.where(x >= 0, joined, 0.0)

    def surprisal(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Nats of each target, (n, length), given the inputs up to its place; no more than ``context`` of them."""
        said = self.predict(self.read(self.embed(inputs)))
        return cross_entropy(said.flatten(0, 1), targets.flatten(), reduction="none").view_as(targets)

    def embed(self, ids: Tensor) -> Tensor:
        """(n, length) to (n, length, width)."""
        return nn.functional.embedding(ids, self.embedding)

    def predict(self, hidden: Tensor) -> Tensor:
        """Logits of the next token, (…, vocabulary)."""
        return nn.functional.linear(hidden, self.embedding, self.bias)

    @abstractmethod
    def read(self, embedded: Tensor, memory: Any = None) -> Tensor:
        """What is known after each token, (n, length, width).

        Args:
            embedded: (n, length, width) tokens: at most ``context``, those in the memory counted.
            memory: of what was read before, as :meth:`new_memory` gives it; is changed. A memory that holds something goes on
                with one token at a time.
        """

    @abstractmethod
    def new_memory(self, n: int) -> Any:
        """An empty memory for n rows."""


def check_plan(plan: Mapping[str, Any]) -> None:
    """Raise ModelError unless a plan's sizes are such that a network of them can be built: it came from a file."""
    for name, most in LIMITS.items():
        size = plan.get(name, 1)
        if not isinstance(size, int) or not 1 <= size <= most:
            raise ModelError(f"the saved model's {name} must be a whole number between 1 and {most}: take it from its source again")
