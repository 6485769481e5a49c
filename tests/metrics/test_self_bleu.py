"""Self-BLEU: the definition by double loops, NLTK's published value, and texts that repeat each other."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Texts
from evalkit.metrics.self_bleu import SelfBleu, _matched, self_bleu

TOKENS = st.lists(st.lists(st.sampled_from("abcd"), max_size=8), min_size=3, max_size=7)


def by_loops(references, hypothesis):
    """BLEU-4 as NLTK's sentence_bleu computes it with its method1."""
    logs = 0.0
    for n in range(1, 5):
        counts = grams(hypothesis, n)
        most = {gram: max(grams(reference, n)[gram] for reference in references) for gram in counts}
        matched = sum(min(count, most[gram]) for gram, count in counts.items())
        if n == 1 and matched == 0:
            return 0.0
        logs += math.log((matched or 0.1) / max(1, sum(counts.values()))) / 4
    closest = min(map(len, references), key=lambda length: (abs(length - len(hypothesis)), length))
    penalty = 1.0 if len(hypothesis) > closest else math.exp(1 - closest / len(hypothesis))
    return penalty * math.exp(logs)


def grams(text, n):
    return Counter(tuple(text[i : i + n]) for i in range(len(text) - n + 1))


def sayings(seed, n=100, words=40, length=10):
    draw = np.random.default_rng(seed)
    return Texts.of([" ".join(f"w{i}" for i in draw.integers(0, words, length)) for _ in range(n)])


def measured(reference, generated, **settings):
    return SelfBleu(**settings).estimates(reference, generated, seed=0)


@given(tokens=TOKENS)
def test_equals_the_definition_by_loops(tokens):
    expected = [by_loops(tokens[:i] + tokens[i + 1 :], text) for i, text in enumerate(tokens)]
    np.testing.assert_allclose(self_bleu(tokens), expected, rtol=1e-9)


def test_the_example_of_nltk():
    """0.5045666840058485 in the documentation of nltk.translate.bleu_score.sentence_bleu."""
    texts = (
        "It is a guide to action which ensures that the military always obeys the commands of the party",
        "It is a guide to action that ensures that the military will forever heed Party commands",
        "It is the guiding principle which guarantees the military forces always being under the command of the Party",
        "It is the practical guide for the army always to heed the directions of the party",
    )
    assert self_bleu([text.split() for text in texts])[0] == pytest.approx(0.5045666840058485, rel=1e-9)


@given(tokens=TOKENS)
def test_left_out_is_what_leaving_a_text_out_changes(tokens):
    """As long as all are equally long: penalties are taken as they are."""
    tokens = [(text + list("abcdabcd"))[:8] for text in tokens]
    k = len(tokens)
    means = np.array([np.mean(self_bleu(tokens[:i] + tokens[i + 1 :])) for i in range(k)])
    np.testing.assert_allclose(_matched(tokens).left_out(), (k - 1) * (means.mean() - means), atol=1e-9)


@pytest.mark.parametrize(("words", "length"), [(200, 8), (30, 8), (400, 30)])
def test_the_error_is_as_large_as_it_needs_to_be(words, length):
    """The jackknife's is up to a quarter too large here. A standard deviation of 400 is known to 4 %."""
    found = []
    for seed in range(400):
        draw = np.random.default_rng(seed)
        matches = _matched([draw.zipf(1.3, length) % words for _ in range(40)])
        found.append((matches.bleu().mean(), matches.influences().var(ddof=1) / 40, matches.left_out().var(ddof=1) / 40))
    values, variances, wider = np.array(found).T
    assert 0.85 < (variances.mean() / values.var(ddof=1)) ** 0.5 < 1.12
    assert variances.mean() < wider.mean()


def test_of_pairs_of_equal_texts_half_the_variance_is_left():
    """They are found or missed together: 20 pairs vary half as much as 40 texts that would be told from elsewhere."""
    matches = _matched([[f"{word}{i // 2}" for word in "abcdef"] for i in range(40)] + [["x"], ["y"]])
    assert (matches.influences() ** 2).sum() == pytest.approx((matches.left_out() ** 2).sum() / 2, rel=0.1)


def test_repeated_texts_and_words_at_random_are_told_from_real_ones():
    real = sayings(0)
    dull, like, odd = (measured(real, sayings(1, words=words)) for words in (8, 40, 400))
    assert dull["self_bleu"].value > like["self_bleu"].value > odd["self_bleu"].value
    gaps = [one["self_bleu_gap"] for one in (dull, like, odd)]
    assert gaps[1].interval().low == 0
    assert min(gaps[0].interval().low, gaps[2].interval().low) > gaps[1].interval().high


def test_one_text_again_and_again_is_1():
    found = measured(sayings(0), Texts.of(["to be or not to be"] * 30))["self_bleu"]
    assert found.value == pytest.approx(1)
    assert found.direction == "neither"


def test_equally_many_texts_of_both_sides_whatever_their_order():
    real, made = sayings(0, n=60), sayings(1, n=200)
    order = np.random.default_rng(0).permutation(200)
    plain, turned = measured(real, made)["self_bleu"], measured(real, made.take(order))["self_bleu"]
    assert plain.value == pytest.approx(turned.value, rel=1e-12)
    np.testing.assert_allclose(turned.generated, plain.generated[order], atol=1e-12)
    assert (plain.generated != 0).sum() == 60
    assert (measured(real, made, most_texts=20)["self_bleu_gap"].reference != 0).sum() == 20


def test_empty_texts_and_too_few():
    found = measured(Texts.of(["a", "b", ""]), Texts.of(["a", "b", "c"]))
    assert [one.value for one in found.values()] == [0, 0]
    for sides in ((["", "", ""], ["a", "b", "c"]), (["a", "b", "c"], ["a", "", " "])):
        with pytest.raises(InputError, match="two texts with words"):
            measured(*map(Texts.of, sides))
    with pytest.raises(ShapeError, match="3 texts"):
        measured(sayings(0), sayings(1, n=2))
    with pytest.raises(InputError, match="most_texts"):
        measured(sayings(0), sayings(1), most_texts=2)
