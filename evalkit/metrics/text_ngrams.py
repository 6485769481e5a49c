"""Runs of words in texts, counted text by text."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import SchemaError, ShapeError
from evalkit.core.sample import Texts

Places = NDArray[np.int64]


class NgramCounts(NamedTuple):
    """How often each n-gram stands in each text that holds it.

    Attributes:
        ngram: (entries,) numbers of n-grams from 0 on, ascending.
        text: (entries,) the texts' places, ascending within an n-gram.
        occurrences: (entries,) >= 1.
    """

    ngram: Places
    text: Places
    occurrences: Places


def ngram_counts(tokens: Sequence[Sequence[str]], longest: int) -> list[NgramCounts]:
    """The counts of the 1-grams, 2-grams, … of texts; no n-gram reaches from one text into the next.

    Args:
        tokens: each text's.
        longest: how far, >= 1.

    Returns:
        ``longest`` counts, those of n-grams at place n - 1.

    >>> single, pairs = ngram_counts([["to", "be", "to", "be"], ["be"]], 2)
    >>> single.occurrences.tolist(), single.text.tolist(), pairs.occurrences.tolist()
    ([2, 2, 1], [0, 0, 1], [2, 1])
    """
    known: dict[str, int] = {}
    words = np.array([known.setdefault(token, len(known)) for text in tokens for token in text], dtype=np.int64)
    owner = np.repeat(np.arange(len(tokens)), [len(text) for text in tokens])
    found, number = [], words
    for n in range(1, longest + 1):
        if n > 1:
            inside = owner[n - 1 :] == owner[: len(owner) - n + 1]
            # A run that leaves its text keeps a number of its own, so that places stay what they are.
            longer = number[:-1] * (len(known) + 1) + words[n - 1 :] + 1
            number = np.unique(np.where(inside, longer, -1), return_inverse=True)[1]
        else:
            inside = np.ones(len(words), dtype=np.bool_)
        place = number[inside] * len(tokens) + owner[: len(number)][inside]
        entry, count = np.unique(place, return_counts=True)
        found.append(NgramCounts(entry // len(tokens), entry % len(tokens), count.astype(np.int64)))
    return found


def two_texts(reference: object, generated: object, *, what: str, fewest: int) -> tuple[list[str], list[str]]:
    """Both Samples as strings.

    Args:
        reference: Texts.
        generated: Texts.
        what: the figure that needs them, as its message begins.
        fewest: texts that each must have.

    Raises:
        SchemaError: a Sample is of another modality.
        ShapeError: there are too few texts.

    >>> two_texts(Texts.of(["a"]), Texts.of(["b"]), what="self-BLEU", fewest=2)
    Traceback (most recent call last):
    evalkit.core.errors.ShapeError: self-BLEU needs 2 texts a side, got 1 and 1: draw more
    """
    if not (isinstance(reference, Texts) and isinstance(generated, Texts)):
        raise SchemaError(f"{what} is of texts: give two samples of texts")
    if min(len(reference), len(generated)) < fewest:
        raise ShapeError(f"{what} needs {fewest} texts a side, got {len(reference)} and {len(generated)}: draw more")
    return reference.texts.to_pylist(), generated.texts.to_pylist()
