from base64 import b64decode
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from evalkit.core.sample import Images, Series, Texts
from evalkit.data import load
from evalkit.data.series_encoding import SeriesEncoder
from evalkit.run.showing import LARGEST_PICTURE, LONGEST_CELL, LONGEST_TEXT, MOST_CELLS, shown_rows


def test_cells_are_written_as_text_and_cut():
    frame = pd.DataFrame({"a": [1.0, np.nan], "b": ["x" * 500, "y" * 400], "when": pd.to_datetime(["2024-01-01", "2024-01-02"])})
    one, other = shown_rows(load(frame), [0, 1], [7, 9])
    assert (one.row, one.kind, other.row) == (7, "cells", 9)
    assert dict(one.cells)["a"] == "1"
    assert dict(other.cells)["a"] == "missing"
    assert len(dict(one.cells)["b"]) == LONGEST_CELL
    wide = load(pd.DataFrame(np.zeros((2, 50)), columns=[f"c{i}" for i in range(50)]))
    assert len(shown_rows(wide, [0], [0])[0].cells) == MOST_CELLS


def test_cells_are_shown_as_their_source_wrote_them_and_flags_in_words():
    frame = pd.DataFrame({"paid": ["yes", "no"] * 20, "price": ["3.50", "12.00"] * 20, "size": [1.5, 2.0] * 20})
    (shown,) = shown_rows(load(frame), [1], [1])
    assert dict(shown.cells) == {"paid": "no", "price": "12.00", "size": "2"}
    flags = pd.DataFrame({"flag": [True, False] * 20, "size": np.arange(40.0)})
    assert [dict(row.cells)["flag"] for row in shown_rows(load(flags), [0, 1], [0, 1])] == ["yes", "no"]


def test_long_texts_are_cut_with_a_sign():
    short, long = shown_rows(Texts.of(["to be", "x" * 5000]), [0, 1], [0, 1])
    assert short.text == "to be"
    assert long.text == "x" * LONGEST_TEXT + "…"


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_images_become_small_png_files(kind):
    pixels = np.full((1, 600, 300, 1), np.iinfo(kind).max, dtype=kind)
    (shown,) = shown_rows(Images.of(pixels), [0], [3])
    image = Image.open(BytesIO(b64decode(shown.picture)))
    assert max(image.size) == LARGEST_PICTURE
    assert image.getextrema() == (255, 255)


def test_a_window_keeps_its_channels_and_its_gaps():
    series = Series.of([np.array([[1.0, 2.0], [np.nan, 4.0]])], channels=("level", "flow"))
    windows = SeriesEncoder(2).fit(series).transform(series)
    (shown,) = shown_rows(series, [0], [0], windows)
    assert shown.channels == ("level", "flow")
    assert shown.steps == ((1.0, 2.0), (None, 4.0))
