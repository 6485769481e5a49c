import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from tests.benchmarks.planted_breaks import (
    AMOUNT,
    BREAKS,
    LABEL,
    LARGE,
    MODE,
    SMALL,
    WHOLE,
    Break,
    blurred,
    copied_rows,
    judged,
    rounded,
    shifted,
    without_digits,
    without_label,
)


@pytest.fixture
def drawn():
    draw = np.random.default_rng(0)
    return pd.DataFrame({MODE: draw.choice([LABEL, "online"], 200), AMOUNT: draw.gamma(2, 30, 200).round(2)})


def made(how, drawn, size, reference=None):
    return how(drawn, drawn if reference is None else reference, size, np.random.default_rng(1))


def test_rows_are_broken_as_far_as_they_are_meant_to_be(drawn):
    labels = (drawn[MODE] == LABEL).sum()
    assert (made(without_label, drawn, 0.5)[MODE] == LABEL).sum() == pytest.approx(labels / 2, abs=1)
    assert (made(without_label, drawn, 1.0)[MODE] == LABEL).sum() == 0
    copied = made(copied_rows, drawn, 0.1, reference=drawn.assign(**{AMOUNT: -1.0}))
    assert len(copied) == 200
    assert (copied[AMOUNT] == -1).sum() == 20
    assert (made(rounded, drawn, 1.0)[AMOUNT] % 1 == 0).all()
    moved = made(shifted, drawn, 0.75)[AMOUNT] - drawn[AMOUNT]
    assert moved.to_numpy() == pytest.approx(0.75 * drawn[AMOUNT].std(), abs=0.01)


def test_images_are_broken_as_they_are_meant_to_be():
    pixels = np.random.default_rng(0).integers(0, 256, (50, 6, 6, 1), dtype=np.uint8)
    names = np.arange(50) % 10
    kept = without_digits(pixels, pixels, 2, np.random.default_rng(0), names=names)
    assert (kept[names >= 2] == pixels[names >= 2]).all()
    allowed = {image.tobytes() for image in pixels[names >= 2]}
    assert {image.tobytes() for image in kept} <= allowed
    assert blurred(pixels, pixels, 1.0, np.random.default_rng(0)).std() < 0.5 * pixels.std()


def test_a_board_names_and_ranks_what_was_planted(drawn):
    planted = Break("shifted column", shifted, (0.5, 1.5), figure="column_shapes", clue=("column", AMOUNT))
    real = pd.concat([drawn.sample(frac=1, replace=True, random_state=seed) for seed in (0, 1)], ignore_index=True)
    generated = {WHOLE: drawn} | {
        f"{planted.name}, {at}": made(shifted, drawn, size) for at, size in zip((SMALL, LARGE), planted.sizes, strict=True)
    }
    found = judged(planted, ek.evaluate(real, generated, metrics=["column_shapes"]))
    assert found["figure_names"]
    assert found["figure_ranks"]
    assert found["values"] == sorted(found["values"], reverse=True)


def test_a_board_does_not_name_what_was_not_planted(drawn):
    planted = Break("shifted column", shifted, (0.5, 1.5), figure="column_shapes")
    names = [WHOLE, *(f"{planted.name}, {at}" for at in (SMALL, LARGE))]
    found = judged(planted, ek.evaluate(drawn, dict.fromkeys(names, drawn), metrics=["column_shapes"], closer=False))
    assert not found["figure_names"]
    assert not found["figure_ranks"]


def test_every_break_has_something_that_is_meant_to_name_it():
    assert all(each.figure or each.clue for breaks in BREAKS.values() for each in breaks)
