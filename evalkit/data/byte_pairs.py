"""Byte-pair encoding: frequent neighbours become one piece. No byte is unknown, and every text comes back as it was.

Source: Sennrich, Haddow and Birch 2016, "Neural machine translation of rare words with subword units", arXiv:1508.07909; over
bytes as in Radford et al. 2019, "Language models are unsupervised multitask learners".
"""

import heapq
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from evalkit.data.tokens import END_OF_TEXT

FIRST_MERGE = END_OF_TEXT + 1
LONGEST_WORD = 32
"""In bytes; it bounds the work where nothing separates words."""
_GAP = -1
_MOST_KNOWN = 200_000  # words whose ids are kept for the next time
# A word takes the space before it along; bytes beyond ASCII count as letters, so that most words of any script stay whole.
_WORDS = re.compile(rb" ?[A-Za-z\x80-\xff]{1,%d}| ?[0-9]{1,3}| ?[^\sA-Za-z0-9\x80-\xff]{1,%d}|\s{1,%d}" % ((LONGEST_WORD,) * 3))


def train_merges(texts: Iterable[bytes], n_merges: int) -> NDArray[np.int32]:
    """Learn which neighbours to merge, the most frequent first; on a tie those with the lowest ids.

    Args:
        texts: UTF-8; merges never cross the borders of words.
        n_merges: how many at most; there are fewer when no pair is left that occurs twice.

    Returns:
        (merges, 2) int32: the i-th pair becomes the id ``FIRST_MERGE + i``.

    >>> train_merges([b"low lower lowest"], 2).tolist()
    [[108, 111], [257, 119]]
    """
    words = Counter(word for text in texts for word in _WORDS.findall(text))
    corpus = _Corpus(words)
    merges: list[tuple[int, int]] = []
    while len(merges) < n_merges and (pair := corpus.most_frequent()) is not None:
        corpus.merge(pair, FIRST_MERGE + len(merges))
        merges.append(pair)
    return np.array(merges, dtype=np.int32).reshape(-1, 2)


class _Corpus:
    """Every distinct word once, in one flat array with gaps between words, and how often each pair of neighbours occurs."""

    def __init__(self, words: Counter[bytes]) -> None:
        parts = [np.array([_GAP], dtype=np.int64)]
        for word in words:
            parts += [np.frombuffer(word, dtype=np.uint8).astype(np.int64), parts[0]]
        self._ids = np.concatenate(parts)
        self._weights = np.concatenate([[0], *(np.full(len(word) + 1, count) for word, count in words.items())]).astype(np.int64)
        self._counts: dict[tuple[int, int], int] = {}
        self._heap: list[tuple[int, int, int]] = []
        self._count(np.arange(len(self._ids) - 1), sign=1)

    def most_frequent(self) -> tuple[int, int] | None:
        """The pair that occurs most often; None when none occurs twice."""
        while self._heap:
            negative, first, second = heapq.heappop(self._heap)
            # Every change pushes the pair anew, so that an entry which is no longer true can be passed over.
            if self._counts.get((first, second), 0) == -negative:
                return (first, second) if negative <= -2 else None
        return None

    def merge(self, pair: tuple[int, int], new: int) -> None:
        """Put the new id wherever the pair stands."""
        left = _without_overlap(np.flatnonzero((self._ids[:-1] == pair[0]) & (self._ids[1:] == pair[1])), pair)
        self._count(np.unique(np.concatenate([left - 1, left, left + 1])), sign=-1)
        keep = np.ones(len(self._ids), dtype=bool)
        keep[left + 1] = False
        self._ids[left] = new
        self._ids, self._weights = self._ids[keep], self._weights[keep]
        merged = left - np.arange(len(left))
        self._count(np.unique(np.concatenate([merged - 1, merged])), sign=1)

    def _count(self, left: NDArray[np.intp], *, sign: int) -> None:
        """Count the pairs that begin at these places in or out."""
        first, second = self._ids[left], self._ids[left + 1]
        real = (first != _GAP) & (second != _GAP)
        code, place = np.unique((first[real] << 32) | second[real], return_inverse=True)
        changes = np.bincount(place, weights=self._weights[left][real], minlength=len(code)).astype(np.int64)
        for one, change in zip(code.tolist(), changes.tolist(), strict=True):
            pair = (one >> 32, one & 0xFFFFFFFF)
            total = self._counts.get(pair, 0) + sign * change
            self._counts[pair] = total
            heapq.heappush(self._heap, (-total, *pair))


def _without_overlap(left: NDArray[np.intp], pair: tuple[int, int]) -> NDArray[np.intp]:
    """In a run such as aaa the pair aa stands once, at its beginning."""
    if pair[0] != pair[1] or not len(left):
        return left
    begins = np.diff(left, prepend=left[0] - 2) != 1
    offset = np.arange(len(left)) - np.maximum.accumulate(np.where(begins, np.arange(len(left)), 0))
    every_other: NDArray[np.intp] = left[offset % 2 == 0]
    return every_other


class Pieces:
    """What merges mean: from bytes to ids and back.

    Args:
        merges: (merges, 2), as :func:`train_merges` gives them.

    >>> pieces = Pieces([[108, 111], [257, 119]])
    >>> pieces.encode(b"low low").tolist(), b"".join(pieces.table[i] for i in pieces.encode(b"low low"))
    ([258, 32, 258], b'low low')
    """

    def __init__(self, merges: Sequence[Sequence[int]]) -> None:
        self._rank = {(first, second): FIRST_MERGE + i for i, (first, second) in enumerate(merges)}
        self.table = [bytes([i]) for i in range(256)] + [b""]  # the end of a text says nothing
        for first, second in merges:
            self.table.append(self.table[first] + self.table[second])
        self._known: dict[bytes, array[int]] = {}

    def encode(self, text: bytes) -> "array[int]":
        """The ids of a text, without the end."""
        known = self._known
        ids = array("i")
        for word in _WORDS.finditer(text):
            spelled = word.group()
            if (found := known.get(spelled)) is None:
                if len(known) >= _MOST_KNOWN:
                    known.clear()
                found = known[spelled] = array("i", self._merged(spelled))
            ids += found
        return ids

    def _merged(self, word: bytes) -> list[int]:
        """Apply the earliest learned merge first, until none applies."""
        ids = list(word)
        while len(ids) > 1:
            new, at = min((self._rank.get((ids[i], ids[i + 1]), 2**31), i) for i in range(len(ids) - 1))
            if new == 2**31:
                break
            ids[at : at + 2] = [new]
        return ids
