"""Slices: what a generator lacks is named, and equal laws are not."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError
from evalkit.core.evidence import Evidence, Failure
from evalkit.core.sample import Images, Series, Texts
from evalkit.run.evaluate import evaluate
from evalkit.run.slices import possible_slices

COLOURS = ["red", "blue", "green", "grey"]
CENTRES = {"red": (0, 0), "blue": (6, 0), "green": (0, 6), "grey": (6, 6)}


def table(seed, n=400, shares=(0.15, 0.3, 0.3, 0.25)):
    """A cluster a colour."""
    draw = np.random.default_rng(seed)
    colour = draw.choice(COLOURS, n, p=shares)
    places = np.array([CENTRES[one] for one in colour]) + draw.normal(0, 0.5, (n, 2))
    return pd.DataFrame({"x": places[:, 0], "y": places[:, 1], "colour": colour, "round": draw.random(n) < 0.5})


def sliced(real, generated, by, **named):
    return evaluate(real, generated, metrics=[], closer=False, slices=by, **named)


WITHOUT_RED = (0.0, 0.35, 0.35, 0.3)


@pytest.fixture(scope="module")
def by_colour():
    return sliced(table(0, n=800), {"all": table(1), "no red": table(2, shares=WITHOUT_RED)}, "colour")


def test_a_lost_label_is_named_first_and_with_its_shares(by_colour):
    slices = by_colour.slices
    assert len(slices.found) == 8
    first, *_ = slices.of("no red")
    assert (first.slice, first.what, first.generated_rows) == ("colour = red", "dropped", 0)
    assert first.real_share == pytest.approx(0.15, abs=0.04)
    assert first.low <= first.difference <= first.high < 0
    assert isinstance(first.within, Failure)
    assert "0 rows on a side are too few" in first.within.reason
    assert not any(each.what for each in slices.of("all"))
    for each in slices.of("all"):
        assert isinstance(each.within, Evidence)
        assert each.within.low <= 0 <= each.within.high


def test_shares_add_up_and_are_those_of_the_rows_that_were_compared(by_colour):
    for name in ("all", "no red"):
        own = by_colour.slices.of(name)
        assert sum(each.real_share for each in own) == pytest.approx(1)
        assert sum(each.generated_rows for each in own) == 400
        assert sum(each.real_rows for each in own) == by_colour.reference.rows == 600


def test_a_lost_cluster_is_named_and_shown_by_a_row_of_it():
    result = sliced(table(0, n=800), {"all": table(1), "no red": table(2, shares=WITHOUT_RED)}, "clusters")
    own = result.slices.of("no red")
    dropped = [each for each in own if each.what == "dropped"]
    assert dropped
    shown = {centre.slice: dict(centre.shown.cells) for centre in result.slices.centres}
    assert shown.keys() == {each.slice for each in own}
    assert all(shown[each.slice]["colour"] == "red" for each in dropped)
    assert all(each.generated_rows == 0 for each in dropped)
    # The row is called what it is called in the data.
    centre = result.slices.centres[0].shown
    assert dict(centre.cells)["x"] == f"{table(0, n=800)['x'][centre.row]:.8g}"
    assert not any(each.what for each in result.slices.of("all"))


@pytest.mark.parametrize("by", ["colour", "clusters"])
def test_equal_laws_differ_in_no_slice(by):
    """Binomial(20, 0.05) is 3 or less but for 2 in 100."""
    wrong = sum(
        any(each.what for each in sliced(table(seed, n=300), {"new": table(1000 + seed, n=200)}, by, seed=seed).slices.found)
        for seed in range(20)
    )
    assert wrong <= 3


def test_a_distorted_slice_shows_within_it():
    drawn = table(1)
    drawn.loc[drawn["colour"] == "blue", "y"] += 4
    own = {each.slice: each for each in sliced(table(0, n=800), {"drawn": drawn}, "colour").slices.found}
    assert own["colour = blue"].within.low > 0
    assert own["colour = green"].within.low <= 0
    assert not own["colour = blue"].what


def test_rare_labels_are_counted_and_named_and_new_ones_are_slices():
    real, drawn = table(0, n=800), table(1)
    real.loc[:2, "colour"] = "rare"
    drawn.loc[:39, "colour"] = "never seen"
    result = sliced(real, {"drawn": drawn}, "colour")
    assert "1 slice has too few rows to say anything of it: colour = rare." in result.cautions
    invented = result.slices.of("drawn")[0]
    assert (invented.slice, invented.what, invented.real_rows) == ("colour = never seen", "invented", 0)
    real.loc[:50, "colour"] = None
    assert "colour missing" in {each.slice for each in sliced(real, {"drawn": drawn}, "colour").slices.found}


def test_yes_and_no_are_labels():
    found = sliced(table(0), {"drawn": table(1).assign(round=True)}, "round").slices.of("drawn")
    assert [(each.slice, each.what) for each in found] == [("round = false", "dropped"), ("round = true", "too many")]


def pictures(seed, n=200, dark=True):
    draw = np.random.default_rng(seed)
    bright = draw.random(n) < (0.5 if dark else 1)
    pixels = draw.integers(0, 60, (n, 8, 8, 1)) + np.where(bright, 190, 0)[:, None, None, None]
    return Images.of(pixels.astype(np.uint8), captions=tuple(np.where(bright, "bright", "dark")))


def test_images_are_sliced_by_caption_and_clusters_are_shown_as_pictures():
    real, generated = pictures(0, n=300), {"all": pictures(1), "bright only": pictures(2, dark=False)}
    found = sliced(real, generated, "caption").slices.of("bright only")
    assert (found[0].slice, found[0].what) == ("caption = dark", "dropped")
    by_cluster = sliced(real, generated, "clusters").slices
    assert by_cluster.of("bright only")[0].what == "dropped"
    assert all(centre.shown.kind == "picture" for centre in by_cluster.centres)


def sayings(seed, n=200, words=("red green blue", "one two three")):
    draw = np.random.default_rng(seed)
    return Texts.of([" ".join(draw.permutation(draw.choice(words).split() * 3)) for _ in range(n)])


def waves(seed, n=40, calm=True):
    draw = np.random.default_rng(seed)
    sizes = np.where(draw.random(n) < (0.4 if calm else 0), 0.05, 1.0)
    return Series.of([size * np.sin(np.arange(64) / 3 + draw.uniform(0, 6))[:, None] for size in sizes], ("level",))


@pytest.mark.parametrize(
    ("real", "good", "bad"),
    [
        (sayings(0, n=300), sayings(1), sayings(2, words=("red green blue",))),
        (waves(0, n=800), waves(1, n=300), waves(2, n=300, calm=False)),
    ],
    ids=["texts", "series"],
)
def test_clusters_of_texts_and_series_are_compared(real, good, bad):
    slices = sliced(real, {"good": good, "bad": bad}, "clusters").slices
    assert slices.of("bad")[0].what == "dropped"
    assert not any(each.what for each in slices.of("good"))


def test_windows_of_a_series_do_not_count_as_independent():
    """Long calm and loud stretches, shared out at random: the windows of one alone would make any difference significant."""

    def recordings(seed, n=12):
        draw = np.random.default_rng(seed)
        sizes = np.where(draw.random(n) < 0.5, 0.1, 1.0)
        return Series.of(
            [size * np.sin(np.arange(640) / 3)[:, None] + draw.normal(0, 0.01, (640, 1)) for size in sizes], ("level",)
        )

    wrong = sum(
        any(each.what for each in sliced(recordings(seed), {"new": recordings(100 + seed)}, "clusters").slices.found)
        for seed in range(10)
    )
    assert wrong <= 2


def test_one_seed_gives_one_result(by_colour):
    again = sliced(table(0, n=800), {"all": table(1), "no red": table(2, shares=WITHOUT_RED)}, "colour")
    assert again == by_colour


@pytest.mark.parametrize("seed", [0, 1])
def test_clusters_are_of_rows_that_no_share_is_counted_on(seed):
    result = sliced(table(0, n=800), {"all": table(1)}, "clusters", seed=seed)
    assert 2 <= len(result.slices.centres) <= 8
    assert sum(each.real_rows for each in result.slices.found) == 600


def test_what_cannot_be_put_into_slices_is_said_and_the_figures_stay():
    """A single window has no interval."""
    result = evaluate(waves(0, n=240), {"one": waves(1, n=1), "many": waves(2)}, metrics=["kid"], closer=False, slices="clusters")
    assert result.slices is None
    assert any(sentence.startswith("Slices were not compared: shares of rows in groups need two") for sentence in result.cautions)
    assert "kid" in result.of("many")


@pytest.mark.parametrize(
    ("by", "words"), [("x", "table has no column of labels 'x' to slice by"), ("nothing", "choose from clusters, colour, round")]
)
def test_what_cannot_be_sliced_by_is_refused(by, words):
    assert possible_slices(pictures(0)) == ["clusters", "caption"]
    with pytest.raises(InputError, match=words):
        sliced(table(0), {"drawn": table(1)}, by)
    with pytest.raises(InputError, match="bare has no captions to slice by: choose from clusters"):
        bare = Images.of(pictures(1).pixels, name="bare")
        sliced(pictures(0), {"bare": bare}, "caption")
    with pytest.raises(InputError, match=r"clusters are learned from 50 rows or more .* got 30, 30 of them different"):
        sliced(table(0, n=30), {"drawn": table(1)}, "clusters")
