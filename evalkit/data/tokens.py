"""Encoded texts: rows of token ids, each with the end of the text behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import ShapeError
from evalkit.core.sample import RowNumbers
from evalkit.data.layouts import TokenLayout, digest
from evalkit.data.spool import room_for

END_OF_TEXT = 256
"""The id behind every text's last token. Ids 0 … 255 are bytes, those above 256 are learned pieces."""


@dataclass(frozen=True, eq=False)
class Tokens:
    """Texts in encoded form: ragged rows in one flat array.

    Attributes:
        ids: (tokens,) int32, row after row; the last of each row is ``END_OF_TEXT``, which stands nowhere else.
        starts: (n + 1,) int64; row i is ``ids[starts[i]:starts[i + 1]]``.
        vocabulary_size: every id is below it.

    >>> tokens = Tokens.of([[72, 105], [33]], vocabulary_size=257)
    >>> len(tokens), tokens.row(0).tolist(), tokens.lengths.tolist()
    (2, [72, 105, 256], [3, 2])
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    vocabulary_size: int

    def __post_init__(self) -> None:
        if self.ids.ndim != 1 or self.starts.ndim != 1 or len(self.starts) < 1 or self.starts[-1] != len(self.ids):
            raise ShapeError(
                f"tokens need flat ids and the n + 1 starts of their rows, got shapes {self.ids.shape} and {self.starts.shape}"
            )

    @classmethod
    def of(cls, rows: Sequence[NDArray[np.int32] | list[int]], vocabulary_size: int) -> Self:
        """Join rows of ids, and put the end of the text behind each."""
        lengths = np.array([len(row) + 1 for row in rows], dtype=np.int64)
        starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
        ids = room_for((int(starts[-1]),), np.int32)
        for row, start in zip(rows, starts, strict=False):
            ids[start : start + len(row)] = row
        ids[starts[1:] - 1] = END_OF_TEXT
        return cls(ids, starts, vocabulary_size)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def layout(self) -> TokenLayout:
        """How many ids there are."""
        return TokenLayout(vocabulary_size=self.vocabulary_size)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens a row, (n,), the end of the text included."""
        return np.diff(self.starts)

    def row(self, i: int) -> NDArray[np.int32]:
        """The ids of one row."""
        return self.ids[self.starts[i] : self.starts[i + 1]]

    def take(self, rows: RowNumbers) -> Self:
        """The given rows."""
        chosen = np.arange(len(self))[rows]
        return type(self).of([self.row(i)[:-1] for i in chosen], self.vocabulary_size)

    def digest(self) -> str:
        """A hash of layout and ids."""
        return digest(self.layout, [self.starts, self.ids])
