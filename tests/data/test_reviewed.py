"""Files and frames that were once read wrong, or not refused in one sentence."""

import io
import os
import zipfile
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from evalkit.core.errors import EvalkitError, InputError
from evalkit.data import load
from evalkit.data.series_encoding import SeriesEncoder


def test_a_quote_that_is_never_closed_is_named(tmp_path):
    lines = [f"{i}.5,name{i}" for i in range(50)]
    lines[10] = '10.5,"name10'
    (tmp_path / "q.csv").write_text("a,b\n" + "\n".join(lines) + "\n")
    with pytest.raises(InputError, match="row 11 that is never closed"):
        load(tmp_path / "q.csv")
    (tmp_path / "fine.csv").write_text('a,b\n1.5,x\n2.5,"two\nlines"\n')
    assert len(load(tmp_path / "fine.csv")) == 2


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_a_moment_among_days_keeps_its_hour(order):
    values = [date(2026, 1, 1), datetime(2026, 1, 1, 12)]
    frame = pd.DataFrame({"a": pd.Series([values[i] for i in order], dtype=object), "b": [0.1, 0.2]})
    assert pd.Timestamp("2026-01-01 12:00") in set(load(frame).frame["a"])


def test_a_transparent_grey_of_16_bits_is_white_and_the_others_stay(tmp_path):
    levels = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    Image.fromarray(levels).save(tmp_path / "a.png", transparency=0)
    seen = load(tmp_path / "a.png").pixels[0, :, :, 0]
    assert seen[0, 0] == 65535
    np.testing.assert_array_equal(seen.ravel()[1:], levels.ravel()[1:])


def test_a_channel_may_count_up():
    series = load(pd.DataFrame({"time": np.arange(20.0), "value": np.arange(20.0)}), time="time")
    assert series.channels == ("value",)


@pytest.mark.parametrize("modality", [None, "texts"])
def test_a_text_that_is_no_path_is_refused_without_its_words(modality):
    with pytest.raises(InputError) as refused:
        load("to be or not to be " * 40, modality=modality)
    assert "to be or" not in str(refused.value)


def test_intervals_are_labels():
    frame = pd.DataFrame({"a": pd.cut([1.0, 2.0, 3.0], 2), "b": [1.0, 2.5, 3.0]})
    assert load(frame).frame["a"].nunique() == 2


def hostile_arrays():
    packed = io.BytesIO()
    np.savez(packed, images=np.zeros((2, 3, 3), np.uint8), labels=np.array(1))
    strange = io.BytesIO()
    with zipfile.ZipFile(strange, "w") as archive:
        archive.writestr("images.txt", "no array")
    return {
        "axes-idx3-ubyte": b"\0\0\x08\x64" + b"\0\0\0\x01" * 100 + b"\0",
        "empty-idx3-ubyte": b"\0\0\x08\x03" + b"\0\0\0\0" + b"\xff" * 8,
        "label.npz": packed.getvalue(),
        "member.npz": strange.getvalue(),
    }


@pytest.mark.parametrize("name", hostile_arrays())
def test_hostile_arrays_are_refused(name, tmp_path):
    (tmp_path / name).write_bytes(hostile_arrays()[name])
    with pytest.raises(EvalkitError):
        load(tmp_path / name)


def test_captions_are_not_read_from_outside_the_folder(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("TOP SECRET")
    Image.new("L", (8, 8)).save(folder / "a.png")
    os.symlink(tmp_path / "secret.txt", folder / "a.txt")
    assert load(folder).captions is None


@pytest.mark.parametrize("modality", [None, "texts"])
def test_what_a_packed_file_unpacks_to_is_limited(modality, tmp_path):
    frame = pd.DataFrame({"text": ["a word " * 50] * 100_000})
    frame.to_parquet(tmp_path / "bomb.parquet", compression="zstd")
    with pytest.raises(InputError, match="limit of 1,000,000 bytes"):
        load(tmp_path / "bomb.parquet", modality=modality, limit_bytes=1_000_000)


def test_pixels_of_the_other_byte_order_are_as_bright(tmp_path):
    np.save(tmp_path / "be.npy", np.full((2, 4, 4), 40_000, ">u2"))
    assert (load(tmp_path / "be.npy", modality="images").pixels == 40_000).all()
    with pytest.raises(EvalkitError):
        load([[[1, 2], [3]], [[1, 2], [3, 4]]], modality="images")


def test_hidden_folders_do_not_decide_what_a_folder_is(tmp_path):
    (tmp_path / "a.txt").write_text("some words")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "x.png").write_bytes(b"")
    assert load(tmp_path).schema.modality == "texts"


def test_milliseconds_come_back_whole():
    times = pd.date_range("2026-03-01", periods=30, freq="ms")
    series = load(pd.DataFrame({"time": times, "level": np.sin(np.arange(30.0))}), modality="series")
    encoder = SeriesEncoder(length=5, stride=5).fit(series)
    back = encoder.decode(encoder.transform(series))
    assert (np.diff(back.times) == np.timedelta64(1, "ms")).all()


def test_rows_without_an_entity_are_told_of():
    frame = pd.DataFrame({"time": np.arange(6.0), "who": ["a", "a", None, None, "b", "b"], "level": [0.1, 0.5, 0.2, 0.4, 0.3, 0.9]})
    series = load(frame, time="time", entity="who")
    assert any(problem.rows == 2 and "without a name" in problem.what for problem in series.problems)
