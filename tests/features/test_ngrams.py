"""Hashed pieces against a count by hand."""

from collections import Counter

import numpy as np
import pytest

from evalkit.features.ngrams import ngram_weights

TEXTS = ["banana", "", "To be, or not to be", "日本語 🙂", "a" * 50, "banana"]


def by_hand(text: str) -> list[float]:
    padded = f" {text} "
    counts = Counter(padded[i : i + n] for n in range(1, 5) for i in range(len(padded) - n + 1))
    logs = np.log1p(np.array(list(counts.values()), dtype=float))
    return sorted(logs / np.sqrt((logs**2).sum()))


def test_as_counted_by_hand() -> None:
    weights = ngram_weights(TEXTS, 2**30)  # so many buckets that hardly two pieces share one
    for text, start, stop in zip(TEXTS, weights.indptr, weights.indptr[1:], strict=False):
        np.testing.assert_allclose(sorted(weights.data[start:stop]), by_hand(text), rtol=1e-12)
    first, last = weights.indptr[1], weights.indptr[5]
    np.testing.assert_array_equal(weights.indices[:first], weights.indices[last:])


@pytest.mark.parametrize("i", range(len(TEXTS)))
def test_a_text_alone_as_among_others(i: int) -> None:
    among = ngram_weights(TEXTS, 256).toarray()[i]
    assert (ngram_weights([TEXTS[i]], 256).toarray()[0] == among).all()
    many = ["x" * 700_000, *TEXTS]  # more than one portion
    assert (ngram_weights(many, 256).toarray()[i + 1] == among).all()


def test_pieces_spread_over_the_buckets() -> None:
    text = "".join(chr(int(code)) for code in np.random.default_rng(0).integers(97, 123, 20_000))
    weights = ngram_weights([text], 256).toarray()[0]
    assert (weights > 0).all()
    assert weights.max() < 1.5 * np.median(weights)


def test_no_texts() -> None:
    assert ngram_weights([], 16).shape == (0, 16)
