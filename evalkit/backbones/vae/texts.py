"""The VAE's network for texts."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, embedding, linear, pad, silu
from torch.special import ndtr

from evalkit.backbones.blocks.perceptron import Perceptron
from evalkit.backbones.vae.network import Choices, Recipe, VAENetwork
from evalkit.backbones.vae.prior import MixturePrior, suitable_components
from evalkit.core.errors import ShapeError
from evalkit.core.seeds import generator
from evalkit.core.state import State
from evalkit.data.encoded import Encoded, expect
from evalkit.data.layouts import TokenLayout
from evalkit.data.tokens import END_OF_TEXT, Tokens

PADDING = -1
_LONGEST_PIECE = 256
_TAPS, _DILATION = 4, 4
REACH = _TAPS + (_TAPS - 1) * _DILATION


class TextNetwork(VAENetwork):
    """A code for each piece of up to 256 tokens, and each token's probability given the code and the sixteen tokens before it.

    The decoder sees no further back, so that what holds a piece together has to go through the code. Longer texts are several
    pieces, which nothing ties together; their terms stand one behind the other.

    Args:
        layout: gives the size of the vocabulary.
        latent_size: width of the code.
        width: of tokens' embeddings and of hidden layers.
        components: of the prior, beside the standard normal.
        counts: (vocabulary,) how often each token stands in the training texts; only those that do are drawn.
        length: tokens of a piece.
    """

    layout: TokenLayout
    recipe = Recipe(
        latent_size=16,
        draws=4,
        batch=32,
        passes=30,
        fewest=500,
        most=3000,
        learning_rate=2e-3,
        free_nats=0.25,
        look_draws=2,
        look_every=100,
    )
    counts: Tensor

    def __init__(self, layout: TokenLayout, latent_size: int, width: int, components: int, counts: Tensor, length: int) -> None:
        super().__init__(layout, latent_size, width)
        if not 1 <= length <= _LONGEST_PIECE:
            raise ShapeError(f"a piece has 1 to {_LONGEST_PIECE} tokens, got {length}")
        self.length = length
        self.register_buffer("counts", counts.float())
        self.embedding = nn.Parameter(0.1 * torch.randn(len(counts), width))
        self.encoder = PieceEncoder(width, 2 * latent_size)
        self.decoder = PieceDecoder(width, latent_size)
        self.prior = MixturePrior(components, latent_size)
        self.weights = nn.Parameter(torch.zeros(components + 1))

    @classmethod
    def for_rows(cls, rows: Tokens, choices: Choices) -> Self:
        """See :class:`VAENetwork`."""
        latent_size, width = choices.latent_size or cls.recipe.latent_size, choices.width or cls.recipe.width
        counts = torch.from_numpy(np.bincount(rows.ids, minlength=rows.vocabulary_size))
        length = min(int(rows.lengths.max()), _LONGEST_PIECE)
        return cls(rows.layout, latent_size, width, suitable_components(len(rows)), counts, length)

    @classmethod
    def from_plan(cls, layout: TokenLayout, plan: Mapping[str, Any]) -> Self:
        """See :class:`VAENetwork`."""
        counts = torch.zeros(layout.vocabulary_size)
        return cls(layout, plan["latent_size"], plan["width"], plan["components"], counts, plan["length"])

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        sizes = {"latent_size": self.latent_size, "width": self.width, "components": len(self.weights) - 1}
        return {**sizes, "length": self.length}

    def prepare(self, rows: Encoded) -> Tensor:
        """Tokens as (n, pieces of the longest, length) int64, filled up with ``PADDING``."""
        tokens = expect(rows, Tokens)
        n_pieces = -(-int(tokens.lengths.max(initial=1)) // self.length)
        ids = np.full((len(tokens), n_pieces * self.length), PADDING, dtype=np.int64)
        ids[np.arange(ids.shape[1]) < tokens.lengths[:, None]] = tokens.ids
        return torch.from_numpy(ids).view(len(tokens), n_pieces, self.length)

    def examples(self, rows: Encoded) -> Tensor:
        """Each piece is one."""
        pieces = self.prepare(rows).flatten(0, 1)
        return pieces[pieces[:, 0] != PADDING].unsqueeze(1)

    def per_row(self, x: Tensor, eps: Tensor, t: Tensor | None = None) -> Tensor:
        """See :meth:`VAENetwork.per_row`: the tokens' terms, 0 beyond a text's end, and last what all pieces' codes cost."""
        pieces = [super(TextNetwork, self).per_row(piece, eps) * _there(piece)[:, :1] for piece in x.unbind(dim=1)]
        cost = torch.stack([terms[:, -1] for terms in pieces]).sum(dim=0)
        return torch.cat([*(terms[:, :-1] for terms in pieces), cost.unsqueeze(-1)], dim=-1)

    def shared_terms(self, x: Tensor, eps: Tensor) -> Tensor:
        """See :meth:`VAENetwork.shared_terms`: a piece's code among the piece's tokens."""
        return torch.cat([super(TextNetwork, self).shared_terms(piece, eps) * _there(piece) for piece in x.unbind(dim=1)], dim=-1)

    def inputs(self, x: Tensor) -> Tensor:
        """Pieces' embeddings, and 1 where there is a token, (n, length, width + 1)."""
        there = _there(x).to(self.embedding).unsqueeze(-1)
        return torch.cat([embedding(x.clamp(min=0), self.embedding) * there, there], dim=-1)

    @property
    def chunk(self) -> int:
        """Few: each token has a probability for each of the vocabulary."""
        return 16

    def codes(self, x: Tensor) -> Tensor:
        """A long text's code is that of its first piece."""
        return super().codes(x[:, 0])

    def surprise(self, x: Tensor, code: Tensor) -> Tensor:
        """One term a token; draw by draw, since a vocabulary is wide."""
        before = pad(x[:, :-1], (1, 0), value=END_OF_TEXT)
        return torch.stack([self._surprise(x, before, one) for one in code.unbind(dim=0)])

    def by_term(self, x: Tensor, figures: Tensor) -> Tensor:
        """An input belongs to a token."""
        return figures.sum(dim=-1)

    def components(self) -> tuple[Tensor, Tensor]:
        """See :class:`MixturePrior`."""
        return self.prior.components()

    def move_components(self, code: Tensor, belongs: Tensor) -> None:
        """See :meth:`MixturePrior.move_to`."""
        self.prior.move_to(code, belongs)

    def expected(self, code: Tensor) -> Tokens:
        """Drawn with the same numbers for every code, so that texts differ by their codes alone.

        The likeliest tokens, one by one, would say the commonest word again and again.
        """
        noise = generator(0, "vae", "expected text").normal(size=(1, self.length))
        return self.draw(code, torch.tensor(noise).expand(len(code), -1))

    @property
    def n_noise(self) -> int:
        """One for each token."""
        return self.length

    def draw(self, code: Tensor, noise: Tensor) -> Tokens:
        """Token for token until the text ends or a piece is full; tokens that no training text had are left out."""
        uniform: Tensor = ndtr(noise)
        seen = torch.where(self.counts > 0, 0.0, -torch.inf)
        written = torch.full((len(code), REACH), PADDING)
        written[:, -1] = END_OF_TEXT
        for step in range(self.length):
            below = torch.cumsum(torch.softmax(self.logits(written[:, -REACH:], code)[:, -1] + seen, dim=-1), dim=-1)
            token = (uniform[:, step : step + 1] * below[:, -1:] > below).sum(dim=-1, keepdim=True)
            written = torch.cat([written, token], dim=1)
        return Tokens.of([_until_end(row) for row in written[:, REACH:].numpy()], self.layout.vocabulary_size)

    def logits(self, before: Tensor, code: Tensor) -> Tensor:
        """Of the token behind each of those given, (n, length, vocabulary), for codes that broadcast to (n, latent)."""
        there = _there(before).to(self.embedding).unsqueeze(-1)
        known = self.decoder(embedding(before.clamp(min=0), self.embedding) * there, there, code)
        logits: Tensor = linear(known, self.embedding, torch.log(self.counts.to(known) + 0.5))
        return logits

    def _surprise(self, x: Tensor, before: Tensor, code: Tensor) -> Tensor:
        nats = cross_entropy(self.logits(before, code).flatten(0, 1), x.clamp(min=0).flatten(), reduction="none").view_as(x)
        return torch.where(_there(x), nats, 0.0)


class PieceEncoder(nn.Module):
    """What stands in a piece, five neighbouring tokens at a time, (n, length, width + 1) to (n, n_outputs)."""

    def __init__(self, width: int, n_outputs: int) -> None:
        super().__init__()
        self.look, self.tell = nn.Conv1d(width + 1, width, 5, padding=2), Perceptron(width, width, n_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """The mean over the tokens that are there."""
        there = inputs[..., -1:]
        found = silu(self.look(inputs.transpose(1, 2))).transpose(1, 2) * there
        told: Tensor = self.tell(found.sum(dim=1) / there.sum(dim=1).clamp(min=1.0))
        return told


class PieceDecoder(nn.Module):
    """What comes after each token, given ``REACH`` of them and the code."""

    def __init__(self, width: int, latent_size: int) -> None:
        super().__init__()
        self.near, self.far = nn.Conv1d(width, width, _TAPS), nn.Conv1d(width, width, _TAPS, dilation=_DILATION)
        self.steer, self.leave = nn.Linear(latent_size, width), Perceptron(width, width, width)

    def forward(self, embedded: Tensor, there: Tensor, code: Tensor) -> Tensor:
        """(n, length, width) embeddings, 0 where no token is ``there``, (n, length, 1), to (n, length, width)."""
        near = self.near(pad(embedded.transpose(1, 2), (_TAPS - 1, 0))).transpose(1, 2)
        hidden = silu(near + self.steer(code).unsqueeze(-2)) * there
        far = self.far(pad(hidden.transpose(1, 2), (_DILATION * (_TAPS - 1), 0))).transpose(1, 2)
        known: Tensor = self.leave(hidden + silu(far))
        return known


def _there(x: Tensor) -> Tensor:
    """Where a token is."""
    return x != PADDING


def _until_end(ids: NDArray[np.int64]) -> NDArray[np.int32]:
    """A row without the end of the text and what comes after."""
    ends = np.flatnonzero(ids == END_OF_TEXT)
    return ids[: ends[0] if len(ends) else None].astype(np.int32)
