"""Rows that repeat each other: counted exactly, in any modality, and chance repeats are none."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.sample import Images, Series, Texts
from evalkit.core.schema import Column, Schema
from evalkit.data import load
from evalkit.discriminator.giveaways.repeats import repeats_giveaway


def images(codes):
    return Images.of(np.asarray(codes, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), dtype=np.uint8))


def tables(codes):
    return load(pd.DataFrame({"a": np.asarray(codes) / 7, "b": ["x" if code % 2 else None for code in codes]}))


SAMPLES = {
    "table": tables,
    "images": images,
    "texts": lambda codes: Texts.of(f"text {code}" for code in codes),
    "series": lambda codes: Series.of([np.full((5, 1), float(code)) for code in codes], channels=("level",)),
}


@pytest.mark.parametrize("modality", SAMPLES)
def test_a_generator_of_few_rows_is_named(modality):
    sample = SAMPLES[modality]
    one = repeats_giveaway(sample(range(60)), sample([code % 20 for code in range(40)] + list(range(20, 40))), seed=0)
    assert one is not None
    assert (one.what, one.column, one.reference) == ("repeated rows", "rows", 0.0)
    assert one.figure == pytest.approx(40 / 60)
    assert one.low < one.figure < one.high <= 1.0
    assert one.p_value <= 0.001
    assert "67 % of 60 generated" in one.sentence


@pytest.mark.parametrize("modality", SAMPLES)
def test_no_repeats_are_no_clue(modality):
    sample = SAMPLES[modality]
    assert repeats_giveaway(sample(range(30)), sample(range(20, 60)), seed=0) is None


def test_too_few_repeats_are_named_as_well():
    """Real data that repeat, and a generator that cannot."""
    one = repeats_giveaway(SAMPLES["texts"]([i // 2 for i in range(100)]), SAMPLES["texts"](range(100, 200)), seed=0)
    assert (one.figure, one.reference) == (0.0, 1.0)
    assert one.p_value < 0.001


def test_as_many_rows_of_both_are_compared():
    """Of more rows more repeat by chance."""
    draw = np.random.default_rng(0)
    one = repeats_giveaway(SAMPLES["texts"](draw.integers(500, size=100)), SAMPLES["texts"](draw.integers(500, size=5000)), seed=0)
    assert "of 100 generated texts" in one.sentence
    assert one.p_value > 0.05


def test_the_level_is_kept():
    """Rows of few possible values repeat by chance; of 120 more than 14 would be one case in a thousand."""
    rejected = 0
    for seed in range(120):
        draw = np.random.default_rng(seed)
        real, drawn = (SAMPLES["texts"](draw.geometric(0.05, size=60)) for _ in range(2))
        found = repeats_giveaway(real, drawn, seed=seed)
        rejected += found is not None and found.p_value <= 0.05
    assert rejected <= 14


def test_of_two_rows_a_deal_is_counted_by_hand():
    """Rows a a | b c: of the six deals of four rows two put both a to one side."""
    one = repeats_giveaway(SAMPLES["texts"]([5, 6]), SAMPLES["texts"]([7, 7]), seed=0)
    assert one.p_value == pytest.approx(1 / 3, abs=0.03)


def test_an_identifier_makes_no_rows_different():
    schema = Schema(modality="table", columns=(Column(name="id", kind="identifier"), Column(name="a", kind="number")))
    real, drawn = (
        load(pd.DataFrame({"id": [f"{name}{i}" for i in range(50)], "a": values}), schema=schema)
        for name, values in (("r", np.arange(50) / 3), ("g", np.repeat(np.arange(5) / 3, 10)))
    )
    assert repeats_giveaway(real, drawn, seed=0).figure == 1.0
    alone = Schema(modality="table", columns=(Column(name="id", kind="identifier"),))
    assert repeats_giveaway(*(load(side.frame[["id"]], schema=alone) for side in (real, drawn)), seed=0) is None


def test_many_groups_of_repeats_are_dealt_in_blocks():
    codes = [i // 2 for i in range(4000)]
    one = repeats_giveaway(SAMPLES["texts"](codes), SAMPLES["texts"](range(10**5, 10**5 + 4000)), seed=0)
    assert one.p_value < 0.001
