import datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from evalkit.core.errors import InputError
from evalkit.data.cells import labels_of, objects, plain, shown, text_of

STAMP = datetime.datetime(2026, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("array", "kind", "cells"),
    [
        (pa.array([" a ", "", "N/A", "?", None, "b"]), "large_string", ["a", None, None, None, None, "b"]),
        (pa.array(["x", None, "x"]).dictionary_encode(), "large_string", ["x", None, "x"]),
        (pa.array(["x"], pa.string_view()), "large_string", ["x"]),
        (pa.array([1.5, float("nan"), None], pa.float32()), "double", [1.5, None, None]),
        (pa.array([Decimal("1.25"), None]), "double", [1.25, None]),
        (pa.array([1, None], pa.int8()), "int8", [1, None]),
        (pa.array([True, None]), "bool", [True, None]),
        (pa.array([None, None]), "null", [None, None]),
        (pa.array([STAMP.date()]), "timestamp[ms]", [datetime.datetime(2026, 1, 2)]),
        (pa.array([datetime.timedelta(seconds=90)]), "double", [90.0]),
        (pa.array([STAMP.time()], pa.time32("s")), "large_string", ["03:04:05"]),
    ],
)
def test_plain(array, kind, cells):
    for form in (array, pa.chunked_array([array])):
        found = plain(form, "x")
        assert str(found.type) == kind
        assert found.to_pylist() == cells


@pytest.mark.parametrize("array", [pa.array([None, [1]]), pa.array([None, {"a": 1}]), pa.array([None, b"secret"])])
def test_nested_and_binary_values_are_refused(array):
    with pytest.raises(InputError, match=r"'x' holds nested or binary values, first in row 2") as caught:
        plain(array, "x")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("array", "texts"),
    [
        (pa.array([1, None]), ["1", None]),
        (pa.array([1.0, 0.1, 1e300, None]), ["1", "0.1", "1e+300", None]),
        (pa.array([True, False, None]), ["True", "False", None]),
        (pa.array([STAMP, None], pa.timestamp("us")), ["2026-01-02T03:04:05", None]),
        (pa.array([pd.Timestamp(STAMP, tz="Europe/Vienna")], pa.timestamp("ns", "Europe/Vienna")), ["2026-01-02T02:04:05"]),
    ],
)
def test_text_of(array, texts):
    assert text_of(array).to_pylist() == texts


def test_whole_numbers_are_one_label():
    assert labels_of(pa.array(["3.0", "3.00", "-3.0", "3.50", "a.0"], pa.large_string())).to_pylist() == [
        "3",
        "3",
        "-3",
        "3.50",
        "a.0",
    ]


def test_objects_share_equal_text():
    found = objects(pa.array(["word", None, "word"], pa.large_string()))
    assert found[0] is found[2]
    assert found[1] is None


def test_long_names_are_cut():
    assert len(shown("x" * 1000)) < 70
