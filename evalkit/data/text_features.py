"""Free text as features: how long, which characters, and which three-letter pieces.

Pieces are hashed into a few signed buckets. That finds text of another make (garbled, another language, code), not another meaning.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from evalkit.core.schema import Column
from evalkit.data.rows import Feature

N_BUCKETS = 16
_CLASSES = ("letters", "digits", "capitals", "spaces", "punctuation", "non-ASCII characters")
_CHARACTERS_AT_ONCE = 2_000_000
_MULTIPLIERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)

_ASCII = np.zeros((len(_CLASSES), 129))  # row 128 stands for everything beyond ASCII
for _code in range(128):
    _character = chr(_code)
    _ASCII[:, _code] = (
        _character.isalpha(),
        _character.isdigit(),
        _character.isupper(),
        _character.isspace(),
        _character.isprintable() and not _character.isalnum() and not _character.isspace(),
        False,
    )
_ASCII[5, 128] = 1.0


class FreeTextEncoder(BaseModel):
    """Free text as features; nothing is learned, so every reference gives the same ones. Text cannot be decoded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["text"] = "text"
    column: str

    @classmethod
    def fit(cls, column: Column, frame: pd.DataFrame) -> Self:
        """There is nothing to learn."""
        return cls(column=column.name)

    @property
    def features(self) -> tuple[Feature, ...]:
        """Two lengths, six shares of characters, and the buckets."""
        names = ["log of characters", "log of words", *(f"share of {name}" for name in _CLASSES)]
        names += [f"three-letter pieces {i + 1}" for i in range(N_BUCKETS)]
        return tuple(Feature(column=self.column, name=f"{self.column}: {name}", kind="number") for name in names)

    def encode(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """All features; missing where the text is."""
        place, texts = pd.factorize(frame[self.column].to_numpy(object))
        values = np.full((len(texts) + 1, 2 + len(_CLASSES) + N_BUCKETS), np.nan)  # the last one, place -1, is missing
        for batch in _batches(texts):
            values[batch] = _features(texts[batch].tolist())
        return values[place]

    def decode(self, values: NDArray[np.float64]) -> pd.Series:
        """Missing in every row."""
        return pd.Series([None] * len(values), dtype=object)


def _batches(texts: NDArray[np.object_]) -> Iterator[slice]:
    """Portions of bounded memory."""
    portion = np.cumsum([len(text) for text in texts]) // _CHARACTERS_AT_ONCE
    starts = np.flatnonzero(np.diff(portion, prepend=-1.0))
    return (slice(start, stop) for start, stop in pairwise([*starts, len(texts)]))


def _features(texts: list[str]) -> NDArray[np.float64]:
    """Sums are of whole numbers, hence exact: a text has the same features alone and among others."""
    codes, owner = _code_points(texts)
    lengths = np.array([len(text) for text in texts], dtype=np.float64)
    capped = np.minimum(codes, 128)
    counts = np.column_stack([np.bincount(owner, weights=row[capped], minlength=len(texts)) for row in _ASCII])
    words = np.array([len(text.split()) for text in texts], dtype=np.float64)
    shares = counts / np.maximum(lengths, 1.0)[:, None]
    return np.column_stack([np.log1p(lengths), np.log1p(words), shares, _pieces([text.lower() for text in texts])])


def _code_points(texts: list[str]) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32)
    return codes, np.repeat(np.arange(len(texts)), [len(text) for text in texts])


def _pieces(texts: list[str]) -> NDArray[np.float64]:
    """Signed counts of hashed pieces, divided by their length as a vector, so that long texts do not weigh more, (n, N_BUCKETS)."""
    codes, owner = _code_points([f" {text} " for text in texts])
    wide = codes.astype(np.uint64)
    mixed = (wide[:-2] * _MULTIPLIERS[0]) ^ (wide[1:-1] * _MULTIPLIERS[1]) ^ (wide[2:] * _MULTIPLIERS[2])
    mixed = (mixed ^ (mixed >> np.uint64(29))) * _MULTIPLIERS[1]
    mixed ^= mixed >> np.uint64(32)
    bucket = (mixed & np.uint64(N_BUCKETS - 1)).astype(np.intp)
    sign = np.where((mixed >> np.uint64(8)) & np.uint64(1), 1.0, -1.0)
    inside = owner[:-2] == owner[2:]
    place = (owner[:-2] * N_BUCKETS + bucket)[inside]
    counts = np.bincount(place, weights=sign[inside], minlength=len(texts) * N_BUCKETS).reshape(-1, N_BUCKETS)
    length = np.sqrt((counts * counts).sum(axis=1))
    return np.asarray(counts / np.maximum(length, 1.0)[:, None])
