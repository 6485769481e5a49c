"""Counts of n-grams by plain loops."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.errors import SchemaError, ShapeError
from evalkit.core.sample import Images, Texts
from evalkit.metrics.text_ngrams import ngram_counts, two_texts


def counted(tokens, n):
    return [Counter(tuple(text[i : i + n]) for i in range(len(text) - n + 1)) for text in tokens]


@given(tokens=st.lists(st.lists(st.sampled_from("abc"), max_size=6), min_size=1, max_size=6))
def test_equals_counters(tokens):
    for n, found in enumerate(ngram_counts(tokens, 4), 1):
        expected = counted(tokens, n)
        for i, counter in enumerate(expected):
            assert sorted(found.occurrences[found.text == i]) == sorted(counter.values())
        shared = Counter(gram for counter in expected for gram in counter)
        assert sorted(np.unique(found.ngram, return_counts=True)[1]) == sorted(shared.values())


def test_ngrams_are_told_apart():
    pairs = ngram_counts([["a", "b", "a"], ["b", "a"], ["a", "b"]], 2)[1]
    assert [set(pairs.ngram[pairs.text == i]) for i in range(3)] == [{0, 1}, {1}, {0}] or [
        set(pairs.ngram[pairs.text == i]) for i in range(3)
    ] == [{1, 2}, {2}, {1}]


def test_what_is_no_pair_of_texts_is_refused():
    with pytest.raises(ShapeError, match="3 texts a side"):
        two_texts(Texts.of(["a"] * 3), Texts.of(["a"] * 2), what="it", fewest=3)
    with pytest.raises(SchemaError, match="of texts"):
        two_texts(Texts.of(["a"]), Images.of(np.zeros((1, 8, 8, 1), dtype=np.uint8)), what="it", fewest=1)
