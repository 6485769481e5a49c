"""Texts by what a small language model, trained on the reference, knows while it reads them."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from evalkit.backbones.language.held_out import hold_out
from evalkit.backbones.language.loss import NextToken
from evalkit.backbones.network import rebuilt
from evalkit.backbones.recurrent_lm.network import RecurrentNetwork
from evalkit.backbones.threads import one_thread
from evalkit.backbones.training import Schedule, arrays_of, train
from evalkit.core.sample import Texts
from evalkit.core.seeds import derive_seed, generator
from evalkit.core.state import ReadState, State
from evalkit.data.text_encoding import TextEncoder
from evalkit.data.tokens import END_OF_TEXT, Tokens
from evalkit.features.base import Features, digest_of, features_of, sample_for
from evalkit.features.scaling import Scale, scale_of, scales_from_array, scales_to_array

Array = NDArray[np.float64]
Places = NDArray[np.int64]

_NAME = "language_states"
_CONTEXT, _BATCH = 32, 32
_MOST_CHARACTERS, _LONGEST_LEARNED = 500_000, 20_000
_PIECE, _MOST_PIECES, _AT_ONCE = 128, 32, 64
_FEW_TEXTS = 20
_NARROWEST = 1e-3  # states lie between -1 and 1: one that the reference hardly moves is not stretched


@dataclass(frozen=True)
class LanguageStates:
    """Texts by the states of a small recurrent language model that is trained on the reference, and by its surprise.

    Three blocks of the same weight: the mean of its states over a text's tokens; the state at the text's end; and the nats a token
    that the text and its end cost it. Tokens are frequent pieces of words. Unlike pieces of a few letters they see in which order
    words stand. They see what the reference taught: of a few hundred texts that is which words follow each other, not what they
    mean. Texts that it was trained on surprise it less than new ones: train it on rows that no figure is computed on.

    It learns from 500,000 characters at most, and from 20,000 of a text. A text is read in pieces of 128 tokens, each by itself; of
    one with more than 32 pieces it reads 32, evenly spaced.

    Source: Jozefowicz et al., "Exploring the limits of language modeling", 2016, for the model; the features are evalkit's own.

    Attributes:
        width: of the states.
        vocabulary: tokens at most, above 257.
        steps: of training at most, each with 32 windows of 32 tokens; it ends earlier when what is held out no longer gains.
        learning_rate: the highest.

    >>> texts = Texts.of(["to be or not to be", "that is the question", "whether 'tis nobler in the mind"])
    >>> LanguageStates(steps=2).fit(texts, seed=0).extract(texts).values.shape
    (3, 130)
    """

    width: int = 64
    vocabulary: int = 1024
    steps: int = 400
    learning_rate: float = 1e-2

    def fit(self, reference: Texts, *, seed: int) -> "FittedLanguageStates":
        """Train the model, on one thread, so that the same rows and seed give the same weights.

        Raises:
            SchemaError: they are no texts.
            ShapeError: there is no row.
            InputError: the vocabulary is out of its range.
        """
        texts = _some(sample_for(_NAME, Texts, reference, least=1), seed)
        encoder = TextEncoder("bpe", self.vocabulary).fit(texts)
        tokens = encoder.transform(texts)
        training, held_out = hold_out(tokens, seed, _NAME) if len(tokens) >= _FEW_TEXTS else (tokens, tokens)
        # Texts that it was trained on surprise it less: where there are enough others, scales are theirs.
        measured = held_out if len(held_out) >= _FEW_TEXTS else tokens
        with one_thread():
            network = self._trained(training, held_out, seed)
            scales = tuple(_scale(column) for column in _read(network, measured).T)
        weights = arrays_of(network.state_dict())
        digest = digest_of(_NAME, self, encoder.to_state()["merges"], *weights.values(), scales)
        return FittedLanguageStates(encoder, network, scales, digest)

    def _trained(self, training: Tokens, held_out: Tokens, seed: int) -> RecurrentNetwork:
        counts = torch.from_numpy(np.bincount(training.ids, minlength=training.vocabulary_size))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, _NAME, "weights"))
            network = RecurrentNetwork(
                counts, width=self.width, context=_CONTEXT, longest=_CONTEXT, kind="gru", layers=1, dropout=0.0
            )
        objective = NextToken(training, held_out, _CONTEXT, _BATCH, seed, dropout=False)
        schedule = Schedule(
            self.steps, self.learning_rate, (0.9, 0.99), warmup=30, weight_decay=0.1, clip=1.0, ema=0.98, patience=2
        )
        train(network, objective, schedule, stage="training a language model")
        return network.double()


@dataclass(frozen=True, eq=False)
class FittedLanguageStates:
    """See :class:`LanguageStates`.

    Attributes:
        encoder: from texts to tokens.
        network: in float64.
        scales: of every feature.
        digest: of settings, tokens, weights and scales.
    """

    encoder: TextEncoder
    network: RecurrentNetwork
    scales: tuple[Scale, ...]
    digest: str
    name: str = _NAME

    def extract(self, sample: Texts) -> Features:
        """Features of texts, (n, 2 * width + 2). An empty text is its end alone.

        Computed in float64 on one thread: a row has the same features in any batch.

        Raises:
            SchemaError: they are no texts.
        """
        tokens = self.encoder.transform(sample_for(_NAME, Texts, sample))
        with one_thread():
            read = _read(self.network, tokens)
        width = self.network.width
        weight = np.sqrt(np.repeat([width, 2], [2 * width, 2]))
        points = [scale.points(column) for scale, column in zip(self.scales, read.T, strict=True)]
        return features_of(np.column_stack(points) / weight, _NAME, self.digest)

    def to_state(self) -> State:
        """What was learned."""
        network = {"plan": self.network.plan(), "weights": arrays_of(self.network.state_dict())}
        return {"encoder": self.encoder.to_state(), **network, "scales": scales_to_array(self.scales), "digest": self.digest}

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """What :meth:`to_state` gave.

        Raises:
            KeyError, TypeError, ValueError, RuntimeError, ModelError: it is another state.
        """
        encoder = TextEncoder.from_state(state["encoder"])
        network = rebuilt(lambda: RecurrentNetwork.from_plan(state["plan"]).double(), state["weights"]).eval()
        if state["plan"]["vocabulary"] != encoder.vocabulary_size:
            raise ValueError("the network has another vocabulary")
        return cls(encoder, network, scales_from_array(state["scales"], 2 * network.width + 2), state["digest"])


def _some(texts: Texts, seed: int) -> Texts:
    """Rows in an order drawn by the seed, each cut, until there are characters enough; one row at least."""
    order = generator(seed, _NAME, "rows").permutation(len(texts))
    written = texts.texts.to_pylist()
    chosen = [written[i][:_LONGEST_LEARNED] for i in order[:_MOST_CHARACTERS]]
    n = int((np.cumsum([len(text) for text in chosen]) <= _MOST_CHARACTERS).sum())
    return Texts.of(chosen[: max(n, 1)])


def _scale(values: Array) -> Scale:
    scale = scale_of(values)
    return replace(scale, width=max(scale.width, _NARROWEST))


def _read(network: RecurrentNetwork, tokens: Tokens) -> Array:
    """Mean state, last state, nats a token, and nats of the text's end, (n, 2 * width + 2)."""
    owner, starts, lengths = _pieces(tokens)
    ids = tokens.ids.astype(np.int64)
    before = np.concatenate([[END_OF_TEXT], ids[:-1]])
    sums, last = np.zeros((len(tokens), network.width + 1)), np.zeros((len(tokens), network.width + 1))
    order = np.argsort(lengths, kind="stable")
    for first in range(0, len(order), _AT_ONCE):
        some = order[first : first + _AT_ONCE]
        steps = np.arange(lengths[some].max())
        inside = steps < lengths[some, None]
        places = np.where(inside, starts[some, None] + steps, 0)
        with torch.no_grad():
            hidden = network.read(network.embed(torch.from_numpy(before[places])))
            said, told = network.predict(hidden).flatten(0, 1), torch.from_numpy(ids[places].ravel())
            nats = cross_entropy(said, told, reduction="none").view(places.shape)
        known = np.concatenate([hidden.numpy(), nats.numpy()[:, :, None]], axis=2)
        np.add.at(sums, owner[some], (known * inside[:, :, None]).sum(axis=1))
        ends = starts[some] + lengths[some] == tokens.starts[owner[some] + 1]
        last[owner[some][ends]] = known[ends, lengths[some][ends] - 1]
    means = sums / np.bincount(owner, weights=lengths, minlength=len(tokens))[:, None]
    return np.column_stack([means[:, :-1], last[:, :-1], means[:, -1], last[:, -1]])


def _pieces(tokens: Tokens) -> tuple[Places, Places, Places]:
    """Which text each piece is of, where it starts, and its length; a text's last one ends where the text does."""
    owner, starts = [], []
    for i, (start, stop) in enumerate(zip(tokens.starts[:-1], tokens.starts[1:], strict=True)):
        begins = np.arange(start, stop, _PIECE)
        if len(begins) > _MOST_PIECES:
            begins = begins[np.linspace(0, len(begins) - 1, _MOST_PIECES).astype(np.int64)]
        starts.append(begins)
        owner.append(np.full(len(begins), i))
    whose = np.concatenate([np.zeros(0, dtype=np.int64), *owner])
    where = np.concatenate([np.zeros(0, dtype=np.int64), *starts])
    return whose, where, np.minimum(where + _PIECE, tokens.starts[whose + 1]) - where
