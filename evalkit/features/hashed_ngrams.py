"""Texts by their pieces of a few letters, their length and their characters."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from evalkit.core.sample import Texts
from evalkit.core.schema import Column
from evalkit.core.seeds import generator
from evalkit.core.state import ReadState, State
from evalkit.data.text_features import N_BUCKETS, FreeTextEncoder
from evalkit.features.base import Features, digest_of, features_of, kept, sample_for
from evalkit.features.ngrams import ngram_weights
from evalkit.features.principal import principal_components
from evalkit.features.scaling import Scale, scale_of, scales_from_array, scales_to_array

Array = NDArray[np.float64]

_NAME = "hashed_ngrams"
_BUCKETS = 4096
_SURFACE = 8
_FURTHEST = 1e-12


@dataclass(frozen=True)
class HashedNgrams:
    """Texts by which pieces of one to four letters they are made of.

    Three blocks of the same weight: the reference's principal components of hashed pieces; how much of a text's pieces lies outside
    of these; and length, words and kinds of characters. They see another language, garbled or repeated text, another subject as far
    as it has other words. They do not see meaning: the same words in another order are nearly the same text.

    Attributes:
        components: principal components at most.
        most_rows: reference rows, drawn at random, from which they are learned.

    >>> texts = Texts.of(["to be or not to be", "that is the question", "whether 'tis nobler in the mind"])
    >>> HashedNgrams().fit(texts, seed=0).extract(texts).values.shape
    (3, 11)
    """

    components: int = 64
    most_rows: int = 2000

    def fit(self, reference: Texts, *, seed: int) -> "FittedHashedNgrams":
        """Learn components and scales.

        Raises:
            SchemaError: they are no texts.
            ShapeError: there is no row.
        """
        texts = sample_for(_NAME, Texts, reference, least=1)
        if len(texts) > self.most_rows:
            texts = texts.take(np.sort(generator(seed, _NAME, "rows").choice(len(texts), self.most_rows, replace=False)))
        written = texts.texts.to_pylist()
        weights = ngram_weights(written, _BUCKETS)
        mean, directions = principal_components(weights.toarray(), self.components)
        pieces, rest = _pieces(weights, mean, directions)
        surface = _surface(written)
        scales = tuple(scale_of(column) for column in surface.T)
        learned = (mean, directions, _deviation(pieces), scale_of(rest), scales)
        return FittedHashedNgrams(*learned, digest_of(_NAME, self, *learned))


@dataclass(frozen=True, eq=False)
class FittedHashedNgrams:
    """See :class:`HashedNgrams`.

    Attributes:
        mean, directions: of the weights of pieces, (buckets,) and (k, buckets).
        deviation: the components' standard deviation, all together.
        rest: scale of what lies outside.
        surface: scales of length, words and kinds of characters.
        digest: of all.
    """

    mean: Array
    directions: Array
    deviation: float
    rest: Scale
    surface: tuple[Scale, ...]
    digest: str
    name: str = _NAME

    def extract(self, sample: Texts) -> Features:
        """Features of texts, (n, k + 9).

        Raises:
            SchemaError: they are no texts.
        """
        written = sample_for(_NAME, Texts, sample).texts.to_pylist()
        pieces, rest = _pieces(ngram_weights(written, _BUCKETS), self.mean, self.directions)
        columns = _surface(written).T
        surface = [scale.points(column) / np.sqrt(len(columns)) for scale, column in zip(self.surface, columns, strict=True)]
        return features_of(np.column_stack([pieces / self.deviation, self.rest.points(rest), *surface]), _NAME, self.digest)

    def to_state(self) -> State:
        """What was learned."""
        scales = scales_to_array([self.rest, *self.surface])
        arrays = {"mean": self.mean, "directions": self.directions, "deviation": np.array([self.deviation]), "scales": scales}
        return {**arrays, "digest": self.digest}

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """What :meth:`to_state` gave.

        Raises:
            KeyError, TypeError, ValueError: it is another state.
        """
        rest, *surface = scales_from_array(state["scales"], 1 + _SURFACE)
        deviation = float(kept(state, "deviation", 1)[0])
        return cls(
            kept(state, "mean", _BUCKETS),
            kept(state, "directions", None, _BUCKETS),
            deviation,
            rest,
            tuple(surface),
            state["digest"],
        )


def _pieces(weights: sparse.csr_array, mean: Array, directions: Array) -> tuple[Array, Array]:
    """Components, and the distance from the space that they span."""
    components = weights @ directions.T - mean @ directions.T
    # Rows of weights have length 1.
    squared = 1.0 - 2.0 * (weights @ mean) + mean @ mean - (components**2).sum(axis=1)
    return components, np.sqrt(np.where(squared > _FURTHEST, squared, 0.0))


def _deviation(components: Array) -> float:
    return float(np.sqrt(components.var(axis=0).sum())) or 1.0


def _surface(texts: list[str]) -> Array:
    """Log characters, log words, and six shares of characters, (n, 8)."""
    encoder = FreeTextEncoder.fit(Column(name="text", kind="text"), pd.DataFrame())
    return encoder.encode(pd.DataFrame({"text": np.array(texts, dtype=object)}))[:, :-N_BUCKETS]
