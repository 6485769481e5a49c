"""The n-gram baseline: what counting alone makes of a text."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.data.tokens import END_OF_TEXT, Tokens

ORDER = 5
_MOST_TOKENS = 5_000_000
_USUAL_DISCOUNTS = np.array([0.0, 0.5, 1.0, 1.5])

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class _Grams:
    """What one order needs to know: its grams, and what their histories were followed by.

    Attributes:
        codes: each gram as its history's number × vocabulary + last id, ascending; a gram's number is its place here.
        counts: of each gram: occurrences, or, below the highest order, different ids in front of it.
        totals: of each history: the sum of the counts of its grams.
        spare: of each history: the share of its probability that is left to the next lower order.
        discounts: what is taken off a count of 0, 1, 2, and 3 or more.
    """

    codes: Ids
    counts: Ids
    totals: NDArray[np.float64]
    spare: NDArray[np.float64]
    discounts: NDArray[np.float64]


class NGram:
    """Interpolated modified Kneser-Ney: a gram's discounted count, and what that leaves goes to the gram without its first id.

    A text's first token follows the end of the text before, and no gram reaches further back than that. The lowest order goes
    over into equal probabilities, so every id has one.

    Source: Chen and Goodman, "An empirical study of smoothing techniques for language modeling", 1999, section 3.

    >>> model = NGram().fit(Tokens.of([[7, 8, 9], [7, 8, 7]], vocabulary_size=300))
    >>> [round(nats, 1) for nats in model.surprisal(Tokens.of([[7, 8, 1]], vocabulary_size=300)).tolist()]
    [0.5, 0.4, 8.5, 1.8]
    """

    def __init__(self) -> None:
        self._grams: list[_Grams] = []
        self._size = 0

    def fit(self, tokens: Tokens) -> Self:
        """Count; of very many tokens the first five million."""
        tokens = _beginning(tokens)
        self._size, self._grams = tokens.vocabulary_size, []
        stream, depth = _stream(tokens)
        numbers, follows = [np.zeros(len(stream), dtype=np.int64)], []
        for order in range(1, ORDER + 1):
            places = np.flatnonzero(depth >= order - 1)
            if not len(places):
                break
            codes = numbers[-1][places - 1] * self._size + stream[places]
            known, first, inverse, counts = np.unique(codes, return_index=True, return_inverse=True, return_counts=True)
            number = np.full(len(stream), -1, dtype=np.int64)
            number[places] = inverse
            if order == 1:
                number[0] = np.searchsorted(known, END_OF_TEXT)
            numbers.append(number)
            follows.append((known, places[first], counts.astype(np.int64)))
        for order, (known, _, counts) in enumerate(follows, 1):
            n_histories = len(follows[order - 2][0]) if order > 1 else 1
            if order < len(follows):
                in_front = np.bincount(numbers[order][follows[order][1]], minlength=len(known))
                weights = np.where(in_front > 0, in_front, counts)
            else:
                weights = counts
            self._grams.append(_grams_of(known, weights, known // self._size, n_histories))
        return self

    def surprisal(self, tokens: Tokens) -> NDArray[np.float64]:
        """Nats of every token, (tokens,), in the order of ``tokens.ids``."""
        stream, depth = _stream(tokens)
        places = np.arange(1, len(stream))
        history = np.zeros(len(places), dtype=np.int64)
        chance = np.full(len(places), 1 / self._size)
        number = np.full((ORDER + 1, len(stream)), -1, dtype=np.int64)
        number[0] = 0
        for order, grams in enumerate(self._grams, 1):
            history = np.where(depth[places] >= order - 1, number[order - 1][places - 1], -1)
            found = _find(grams.codes, history * self._size + stream[places])
            found = np.where(history >= 0, found, -1)
            number[order][places] = found
            if order == 1:
                number[1][0] = _find(grams.codes, np.array([END_OF_TEXT]))[0]
            count = np.where(found >= 0, grams.counts[found], 0)
            total = np.where(history >= 0, grams.totals[history], 0.0)
            kept = count - grams.discounts[np.minimum(count, 3)]
            chance = np.where(total > 0, kept / np.maximum(total, 1) + grams.spare[history] * chance, chance)
        return np.asarray(-np.log(chance))


def _grams_of(codes: Ids, counts: Ids, history: Ids, n_histories: int) -> _Grams:
    """Counts with the discounts that suit them."""
    with_count = [int((counts == k).sum()) for k in range(1, 5)]
    discounts = _USUAL_DISCOUNTS.copy()
    if all(with_count):
        one, two, three, four = with_count
        slope = one / (one + 2 * two)
        fitted = np.array([0.0, 1 - 2 * slope * two / one, 2 - 3 * slope * three / two, 3 - 4 * slope * four / three])
        discounts = np.clip(fitted, [0, 0.1, 0.1, 0.1], [0, 0.95, 1.9, 2.85])
    totals = np.bincount(history, weights=counts, minlength=n_histories).astype(np.float64)
    taken = np.bincount(history, weights=discounts[np.minimum(counts, 3)], minlength=n_histories)
    return _Grams(codes, counts, totals, taken / np.maximum(totals, 1), discounts)


def _find(codes: Ids, wanted: Ids) -> Ids:
    """The place of each wanted code, -1 where there is none."""
    place = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
    return np.where(codes[place] == wanted, place, -1)


def _stream(tokens: Tokens) -> tuple[Ids, Ids]:
    """All ids behind one end of a text, and how many ids of its own text, that end included, each has in front of it."""
    stream = np.concatenate([[END_OF_TEXT], tokens.ids]).astype(np.int64)
    within = np.arange(len(tokens.ids)) - np.repeat(tokens.starts[:-1], tokens.lengths)
    return stream, np.concatenate([[-1], within + 1])


def _beginning(tokens: Tokens) -> Tokens:
    if len(tokens.ids) <= _MOST_TOKENS:
        return tokens
    ids = tokens.ids[:_MOST_TOKENS].copy()
    ids[-1] = END_OF_TEXT
    n_rows = int(np.searchsorted(tokens.starts, _MOST_TOKENS))
    return Tokens(ids, np.append(tokens.starts[:n_rows], _MOST_TOKENS), tokens.vocabulary_size)
