"""What is written is read again as it was."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ek
from evalkit.core.errors import InputError
from evalkit.core.sample import Images, Series, Texts
from evalkit.data import load
from evalkit.run.outputs import BETWEEN_TEXTS, FORMS, check_output, write_sample

TABLE = load(pd.DataFrame({"a": [1.5, 2.25, 1e300], "b": ["x", "<b>", "x"], "c": [True, False, True]}))
TEXTS = Texts.of(["to be\nor not", "", ' "so", he said\r\n', "größer 🦊", "1.5"])
GREY = Images.of(np.arange(3 * 20, dtype=np.uint8).reshape(3, 4, 5, 1), captions=("a, b", "", "größer"))
COLOUR = Images.of(np.arange(12 * 4 * 5 * 3, dtype=np.uint32).astype(np.uint8).reshape(12, 4, 5, 3))
DEEP = Images.of((np.arange(2 * 20, dtype=np.uint16) * 1600).reshape(2, 4, 5, 1))
WAVES = Series.of([np.array([[0.5, np.nan], [1.5, 2.0], [2.5, -3.0]]), np.array([[7.0, 8.0]])], channels=("level", "flow"))


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_table(tmp_path, ending):
    write_sample(TABLE, tmp_path / f"t{ending}")
    pd.testing.assert_frame_equal(load(tmp_path / f"t{ending}", schema=TABLE.schema).frame, TABLE.frame)


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_texts_to_the_last_character(tmp_path, ending):
    write_sample(TEXTS, tmp_path / f"t{ending}")
    assert load(tmp_path / f"t{ending}", modality="texts").texts.to_pylist() == TEXTS.texts.to_pylist()


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), min_size=1, max_size=4))
def test_any_texts(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("texts") / "t.jsonl"
    write_sample(Texts.of(texts), path)
    assert load(path, modality="texts").texts.to_pylist() == texts


def test_a_txt_file_is_one_text_or_has_form_feeds_between_texts(tmp_path):
    write_sample(TEXTS.take(np.array([0])), tmp_path / "one.txt")
    assert ek.load(tmp_path / "one.txt", modality="texts").texts.to_pylist() == ["to be\nor not"]
    write_sample(TEXTS, tmp_path / "all.txt")
    assert (tmp_path / "all.txt").read_bytes().decode().split(BETWEEN_TEXTS) == TEXTS.texts.to_pylist()


@pytest.mark.parametrize("images", [GREY, COLOUR, DEEP], ids=["grey", "colour", "16 bits"])
@pytest.mark.parametrize("name", ["drawn", "drawn.npz"])
def test_images_to_the_last_pixel(tmp_path, images, name):
    write_sample(images, tmp_path / name)
    again = ek.load(tmp_path / name)
    assert again.pixels.dtype == images.pixels.dtype
    np.testing.assert_array_equal(again.pixels, images.pixels)
    assert again.captions == images.captions


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_series_with_their_entities(tmp_path, ending):
    write_sample(WAVES, tmp_path / f"s{ending}")
    again = load(tmp_path / f"s{ending}", entity="entity")
    assert (again.channels, again.entities) == (WAVES.channels, WAVES.entities)
    np.testing.assert_array_equal(again.values, WAVES.values)
    np.testing.assert_array_equal(again.times, WAVES.times)
    np.testing.assert_array_equal(again.starts, WAVES.starts)


def sound(n=1, rate=8000):
    waves = [np.sin(np.arange(400) / (9 + i))[:, None] for i in range(n)]
    series = Series.of(waves, channels=("channel_1",))
    return replace(series, times=series.times / rate)


def test_a_recording_is_heard_again(tmp_path):
    write_sample(sound(), tmp_path / "s.wav")
    again = ek.load(tmp_path / "s.wav")
    np.testing.assert_allclose(again.values, sound().values, atol=2**-14)
    np.testing.assert_allclose(again.times, sound().times)


@pytest.mark.parametrize("series", [sound(2), sound(rate=1), WAVES.take(np.array([0]))], ids=["two", "no sound", "missing"])
def test_what_is_no_recording_is_refused(tmp_path, series):
    with pytest.raises(InputError, match=r"a \.wav file holds"):
        write_sample(series, tmp_path / "s.wav")


def test_the_same_sample_gives_the_same_bytes(tmp_path):
    for sample, name in ((TABLE, "t.parquet"), (TEXTS, "t.jsonl"), (GREY, "i.npz"), (WAVES, "s.csv")):
        for folder in ("one", "two"):
            write_sample(sample, tmp_path / folder / name)
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize(
    ("sample", "name"), [(TABLE, "a.txt"), (TEXTS, "a.png"), (TEXTS, "a"), (GREY, "a.csv"), (WAVES, "a.npz"), (WAVES, "a")]
)
def test_an_ending_that_does_not_fit_is_refused_and_the_fitting_ones_are_named(tmp_path, sample, name):
    with pytest.raises(InputError, match="cannot be written") as refused:
        write_sample(sample, tmp_path / name)
    assert all(ending in str(refused.value) for ending in FORMS[sample.schema.modality] if ending)
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_not_mixed_with_images(tmp_path):
    (tmp_path / "mine").mkdir()
    write_sample(GREY, tmp_path / "mine")
    with pytest.raises(InputError, match="new folder or an empty one"):
        write_sample(GREY, tmp_path / "mine")
    assert len(list((tmp_path / "mine").glob("*.png"))) == 3


def test_deep_colours_go_into_arrays_only(tmp_path):
    deep = Images.of(np.zeros((1, 4, 5, 3), dtype=np.uint16))
    with pytest.raises(InputError, match="npz"):
        write_sample(deep, tmp_path / "drawn")
    assert not (tmp_path / "drawn").exists()
    write_sample(deep, tmp_path / "drawn.npz")


def test_a_folder_in_the_way_of_a_file(tmp_path):
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        check_output(tmp_path / "a.csv")
