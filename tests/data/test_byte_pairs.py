from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.data.byte_pairs import _WORDS, FIRST_MERGE, LONGEST_WORD, Pieces, train_merges

LETTERS = st.lists(st.text("ab ", max_size=20).map(str.encode), max_size=6)


def _counted_anew(texts, n_merges):
    """The plain algorithm: count every pair again before each merge."""
    words = Counter(word for text in texts for word in _WORDS.findall(text))
    spelled = {word: list(word) for word in words}
    merges = []
    for new in range(FIRST_MERGE, FIRST_MERGE + n_merges):
        counts = Counter()
        for word, ids in spelled.items():
            for pair in pairwise(ids):
                counts[pair] += words[word]
        if not counts or max(counts.values()) < 2:
            break
        pair = min(counts, key=lambda one: (-counts[one], one))
        merges.append(list(pair))
        for ids in spelled.values():
            i = 0
            while i < len(ids) - 1:
                if (ids[i], ids[i + 1]) == pair:
                    ids[i : i + 2] = [new]
                i += 1
    return merges


@settings(max_examples=100, deadline=None)
@given(LETTERS)
def test_the_same_merges_as_by_counting_anew(texts):
    assert train_merges(texts, 12).tolist() == _counted_anew(texts, 12)


@given(st.binary(max_size=200))
def test_words_cover_every_byte(text):
    words = _WORDS.findall(text)
    assert b"".join(words) == text
    assert all(len(word) <= LONGEST_WORD + 1 for word in words)


@settings(deadline=None)
@given(LETTERS, st.binary(max_size=100))
def test_any_bytes_come_back(texts, other):
    pieces = Pieces(train_merges(texts, 20).tolist())
    for text in [*texts, other]:
        assert b"".join(pieces.table[i] for i in pieces.encode(text)) == text


def test_more_merges_never_make_a_text_longer():
    draw = np.random.Generator(np.random.Philox(2))
    text = b" ".join(draw.choice([b"the", b"then", b"there", b"other"], 300).tolist())
    lengths = [len(Pieces(train_merges([text], n).tolist()).encode(text)) for n in (0, 2, 5, 10)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < len(text) / 3
