"""Giveaways in texts: each planted break is named by the giveaway meant for it; equal laws give nothing."""

import numpy as np
import pytest
from scipy.stats import hypergeom

from evalkit.core.sample import Texts
from evalkit.discriminator.giveaways import find_giveaways
from evalkit.discriminator.giveaways.texts import text_giveaways

WORDS = ("low", "tide", "comes", "slowly", "over", "grey", "sand", "größer", "than", "before", "and", "the", "sea")


def sayings(seed, n=200):
    draw = np.random.default_rng(seed)
    return [
        ". ".join(" ".join(draw.choice(WORDS, draw.integers(3, 7))) for _ in range(draw.integers(1, 4))) + "." for _ in range(n)
    ]


def some(texts, draw, change, chance=0.3):
    return [change(text) if draw.random() < chance else text for text in texts]


def exclaiming(texts, draw):
    return some(texts, draw, lambda text: text.replace(".", "!"))


def fond_of_a_phrase(texts, draw):
    return some(texts, draw, lambda text: "sea tide " + text)


def cut_short(texts, draw):
    return [text[:40] for text in texts]


def stuck(texts, draw):
    return some(texts, draw, lambda text: f"{text}\n{text}\n")


def smiling(texts, draw):
    return some(texts, draw, lambda text: text + draw.choice(["☺", "🙂", "😀"]))


def plain_letters(texts, draw):
    return [text.replace("ö", "o").replace("ß", "ss") for text in texts]


BREAKS = {
    exclaiming: ("character n-gram", "!'"),
    fond_of_a_phrase: ("word n-gram", "'sea tide'"),
    cut_short: ("length", "at most 40 characters"),
    stuck: ("repeated lines", "a line twice"),
    smiling: ("new characters", "'☺'"),
    plain_letters: ("lost characters", "('ß', 'ö')"),
}


@pytest.mark.parametrize("broken", BREAKS, ids=lambda one: one.__name__)
def test_a_planted_break_is_named(broken):
    generated = Texts.of(broken(sayings(1), np.random.default_rng(2)))
    what, named = BREAKS[broken]
    found = [one for one in find_giveaways(Texts.of(sayings(0)), generated, seed=0) if one.what == what and named in one.sentence]
    assert found
    first = found[0]
    assert first.p_value < 0.01
    assert first.low <= first.figure <= first.high
    assert first.sentence.startswith("'text' ")
    assert (first.figure < first.reference) == (broken is plain_letters)


def test_equal_laws_give_nothing():
    found = [
        find_giveaways(Texts.of(sayings(2 * i, n=100)), Texts.of(sayings(2 * i + 1, n=100)), seed=i)[0].p_value <= 0.05
        for i in range(16)
    ]
    assert np.mean(found) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 16)


def test_figures_are_shares_of_the_half_that_was_not_chosen_on_and_p_values_are_fishers():
    real, made = ["the end."] * 40, ["the end!"] * 30 + ["the end."] * 30
    found = next(
        one
        for one in text_giveaways(Texts.of(real), Texts.of(made), seed=0)
        if one.what == "character n-gram" and "!" in one.sentence
    )
    exclaimed = round(found.figure * 30)
    assert found.figure == pytest.approx(exclaimed / 30)
    assert found.reference == 0
    law = hypergeom(50, exclaimed, 30).pmf(np.arange(31))
    assert found.p_value == pytest.approx(law[law <= law[exclaimed] * (1 + 1e-7)].sum())


def test_runs_that_stand_in_the_same_texts_are_told_once():
    real, made = sayings(0), fond_of_a_phrase(sayings(1), np.random.default_rng(2))
    named = [one for one in text_giveaways(Texts.of(real), Texts.of([f"{text} Yours truly" for text in made]), seed=0)]
    assert len([one for one in named if "Yours" in one.sentence or "truly" in one.sentence]) == 1
    assert len([one for one in named if one.what == "word n-gram"]) <= 10
    assert len([one for one in named if one.what == "character n-gram"]) <= 10


def test_signs_from_data_are_quoted():
    made = [f"{text}\u202e\x07" for text in sayings(1)]
    found = find_giveaways(Texts.of(sayings(0)), Texts.of(made), seed=0)
    assert not any("\u202e" in one.sentence or "\x07" in one.sentence for one in found)
    assert "'\\u202e'" in next(one for one in found if one.what == "new characters").sentence


def test_odd_texts():
    empty, long = Texts.of([""] * 20), Texts.of(["word " * 2000] * 20)
    assert find_giveaways(empty, empty, seed=0) == ()
    found = find_giveaways(empty, long, seed=0)
    assert {one.what for one in found} == {"character n-gram", "word n-gram", "length", "new characters", "repeated rows"}
    assert all(one.figure in (0, 1) and one.reference in (0, 1) for one in found)
    assert {one.what for one in found if one.p_value >= 0.01} == {"repeated rows"}
    assert found == find_giveaways(empty, long, seed=0)
