from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evalkit.core.sample import Images, Series, Texts
from evalkit.data import load
from evalkit.run.previews import MOST_KEPT, N_DRAWN, Previews

FRAME = pd.DataFrame({"a": [1.5, 2.5, 3.5], "b": ["x", "<b>", "x"], "when": pd.to_datetime(["2026-01-01", "2026-01-02", None])})
TEXTS = Texts.of(["to be\nor", "", "größer"])
IMAGES = Images.of(np.arange(5 * 16, dtype=np.uint8).reshape(5, 4, 4, 1), captions=("a", "b", "c", "d", "e"))


@pytest.fixture
def previews(tmp_path):
    return Previews(tmp_path / "previews")


def test_nothing_is_kept_at_first(previews):
    assert previews.steps() == []
    assert previews.real() is previews.final() is previews.at(5) is previews.missed() is None


def test_a_table_comes_back_as_it_was_drawn(previews):
    previews.keep(50, load(FRAME))
    pd.testing.assert_frame_equal(previews.at(50).frame, load(FRAME).frame)
    assert previews.steps() == [50]


def test_texts_come_back(previews):
    previews.keep(50, TEXTS)
    assert previews.at(50).texts.to_pylist() == TEXTS.texts.to_pylist()


def test_images_come_back(previews):
    previews.keep_final(IMAGES)
    np.testing.assert_array_equal(previews.final().pixels, IMAGES.pixels)
    assert previews.final().captions == IMAGES.captions


def test_series_of_several_windows_come_back(previews):
    series = Series.of([np.array([[0.5], [1.5]]), np.array([[2.5]])], channels=("level",))
    nameless = series.schema.model_copy(update={"columns": (series.schema.columns[0], *series.schema.columns[2:])})
    previews.keep(50, replace(series, schema=nameless))
    assert previews.at(50).entities == ("1", "2")
    np.testing.assert_array_equal(previews.at(50).values, series.values)


def test_real_rows_are_as_many_as_are_drawn_and_always_the_same(tmp_path):
    sample = load(pd.DataFrame({"a": np.arange(100) + 0.5}))
    kept = []
    for name in ("one", "two"):
        Previews(tmp_path / name).keep_real(sample, seed=3)
        kept.append(Previews(tmp_path / name).real().frame["a"].tolist())
    assert kept[0] == kept[1]
    assert len(set(kept[0])) == N_DRAWN["table"]


def test_real_series_are_windows_as_long_as_those_that_are_drawn(previews):
    series = Series.of([np.arange(300.0)[:, None], np.arange(100.0)[:, None]], channels=("level",))
    previews.keep_real(series, seed=0)
    real = previews.real()
    assert len(real) == N_DRAWN["series"]
    assert all(len(real.steps(i)) == 64 for i in range(len(real)))
    assert all((np.diff(real.steps(i)[:, 0]) == 1).all() for i in range(len(real)))


def test_of_too_many_the_first_and_the_last_stay(previews):
    for step in range(1, 3 * MOST_KEPT):
        previews.keep(step, load(FRAME))
    steps = previews.steps()
    assert len(steps) <= MOST_KEPT
    assert (steps[0], steps[-1]) == (1, 3 * MOST_KEPT - 1)
    assert {path.name.partition(".")[0] for path in previews.folder.iterdir()} == {f"{step:09d}" for step in steps}
