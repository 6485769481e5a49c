"""Perplexity: the definition text by text, leaving texts out of the model one by one, and texts that are odd or dull."""

import math

import numpy as np
import pytest

from evalkit.backbones.language.ngram import NGram
from evalkit.core.errors import ShapeError
from evalkit.core.sample import Texts
from evalkit.data.text_encoding import TextEncoder
from evalkit.metrics.perplexity import Perplexity, _beginning, _halves, _of_fitting, ratio

WORDS = ("low", "tide", "comes", "slowly", "over", "grey", "sand", "größer", "than", "before")


def sayings(seed, n=100, words=WORDS):
    """Each word half as frequent as the one before."""
    draw, chances = np.random.default_rng(seed), 0.5 ** np.arange(len(words))
    return Texts.of([" ".join(draw.choice(words, draw.integers(3, 9), p=chances / chances.sum())) for _ in range(n)])


def measured(reference, generated, seed=0):
    return Perplexity().estimates(reference, generated, seed=seed)


def nats(fitted, text):
    """Of one text, and how many bytes it has with its end."""
    encoder = TextEncoder().fit(Texts.of(fitted))
    one = NGram().fit(encoder.transform(Texts.of(fitted))).surprisal(encoder.transform(Texts.of([text])))
    assert len(one) == len(text.encode()) + 1
    return float(one.sum())


def test_equals_the_definition_text_by_text():
    real, made = sayings(0, n=9), sayings(1, n=6, words=("low", "sand", "odd"))
    ours, theirs = real.texts.to_pylist(), made.texts.to_pylist()
    first, second = ([ours[i] for i in half] for half in _halves(ours, 0))
    assert sorted(first + second) == sorted(ours)
    found = measured(real, made)
    of_made = sum(nats(half, text) for half in (first, second) for text in theirs) / 2 / sum(len(t.encode()) + 1 for t in theirs)
    held_out = [nats(first, text) for text in second] + [nats(second, text) for text in first]
    of_real = sum(held_out) / sum(len(text.encode()) + 1 for text in ours)
    assert found["perplexity"].value == pytest.approx(math.exp(of_made), rel=1e-9)
    assert found["perplexity_excess"].value == pytest.approx(of_made - of_real, abs=1e-9)
    assert found["perplexity_gap"].value == pytest.approx(abs(of_made - of_real), abs=1e-9)
    assert f"{math.exp(of_real):.4f} for held-out" in found["perplexity"].method


def test_the_influence_of_a_fitted_text_is_that_of_leaving_it_out():
    """Of groups of one text, the jackknife over eight texts of sixteen; equal texts that are asked have no chance of their own."""
    tokens = TextEncoder().fit(sayings(0)).transform(sayings(0, n=16))
    asked = TextEncoder().fit(sayings(0)).transform(Texts.of(sayings(1, n=1).texts.to_pylist() * 5))
    known = np.arange(8)
    found = _of_fitting(tokens, known, (asked, asked))
    without = np.array([NGram().fit(tokens.take(np.delete(known, i))).surprisal(asked).mean() / 2 for i in known])
    variance = 7 / 8 * ((without - without.mean()) ** 2).sum()
    assert (found[0] ** 2).sum() / 16**2 == pytest.approx(variance, rel=1e-9)
    np.testing.assert_array_equal(np.sign(found[0]), np.sign(without.mean() - without))
    np.testing.assert_array_equal(found[0], found[1])


def test_few_generated_texts_do_not_make_the_reference_seem_to_vary():
    """With the chance of the six that are asked it came out twice as large as with a hundred."""
    few, many = (
        np.mean([measured(sayings(seed, n=60), sayings(50 + seed, n=n))["perplexity"].reference.var() for seed in range(8)])
        for n in (6, 100)
    )
    assert few < 1.5 * many


def test_a_ratio_and_its_influences():
    draw = np.random.default_rng(0)
    sums, sizes = draw.gamma(2, size=400), draw.gamma(5, size=400)
    found = ratio(sums, sizes)
    without = np.array([np.delete(sums, i).sum() / np.delete(sizes, i).sum() for i in range(400)])
    assert found.value == pytest.approx(sums.sum() / sizes.sum())
    np.testing.assert_allclose(found.influences, 399 * (without.mean() - without), rtol=0.02, atol=0.002)
    assert abs(found.influences.mean()) < 1e-12


def test_odd_and_dull_texts_are_told_from_real_ones():
    real = sayings(0)
    odd, like, dull = (measured(real, sayings(1, words=words)) for words in (("wxyz", "qqq"), WORDS, WORDS[:1]))
    assert odd["perplexity_excess"].interval().low > 0 > dull["perplexity_excess"].interval().high
    low, high = like["perplexity_excess"].interval()[1:]
    assert low < 0 < high
    gaps = [one["perplexity_gap"] for one in (odd, like, dull)]
    assert min(gaps[0].interval().low, gaps[2].interval().low) > gaps[1].value
    assert [one.direction for one in like.values()] == ["neither", "neither", "lower"]


def test_the_order_of_texts_does_not_count():
    real, made = sayings(0), sayings(1)
    order = np.random.default_rng(0).permutation(100)
    plain, turned = measured(real, made), measured(real.take(order), made.take(order[::-1]))
    for figure, one in plain.items():
        assert turned[figure].value == pytest.approx(one.value, rel=1e-9)
        np.testing.assert_allclose(turned[figure].reference, one.reference[order], atol=1e-9)


def test_the_model_knows_no_more_than_so_many_bytes(monkeypatch):
    monkeypatch.setattr("evalkit.metrics.perplexity._MOST_FITTED", 100)
    tokens = TextEncoder().fit(sayings(0)).transform(sayings(0))
    rows = _beginning(tokens, np.arange(100), 100)
    assert tokens.lengths[rows].sum() <= 100 < tokens.lengths[: len(rows) + 1].sum()
    assert measured(sayings(0), sayings(1))["perplexity_gap"].variance > 0


def test_portions_change_nothing(monkeypatch):
    whole = measured(sayings(0), sayings(1))["perplexity_excess"]
    monkeypatch.setattr("evalkit.metrics.perplexity._AT_ONCE", 300)
    parts = measured(sayings(0), sayings(1))["perplexity_excess"]
    assert parts.value == whole.value
    np.testing.assert_array_equal(parts.generated, whole.generated)


def test_empty_texts_and_too_few():
    found = measured(sayings(0), Texts.of([""] * 5))["perplexity"]
    assert 1 < found.value < math.inf
    assert math.isfinite(measured(Texts.of([""] * 5), sayings(0))["perplexity_gap"].value)
    with pytest.raises(ShapeError, match="4 texts"):
        measured(sayings(0), sayings(1, n=3))
