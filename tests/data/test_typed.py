import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from evalkit.core.errors import SchemaError
from evalkit.core.schema import Column
from evalkit.data.typed import typed

STAMPS = pa.array([None, datetime.datetime(2026, 1, 2)], pa.timestamp("s"))
TEXT = pa.large_string()


def _typed(cells, kind):
    return typed(cells, Column(name="x", kind=kind))


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["+1", "-2.50", ".5", "5.", "1e-3", None], [1.0, -2.5, 0.5, 5.0, 0.001, np.nan]),
        ([1, None, 2**62], [1.0, np.nan, 2.0**62]),
        ([True, False, None], [1.0, 0.0, np.nan]),
        ([None, None], [np.nan, np.nan]),
    ],
)
def test_numbers(cells, values):
    array = pa.array(cells, TEXT) if isinstance(cells[0], str) else pa.array(cells)
    np.testing.assert_array_equal(_typed(array, "number")[0], values)


@pytest.mark.parametrize(
    "cells",
    [["Yes", "no", "TRUE", "f", "1.0", "-0", None], [1, 0, 1, 0, 1, 0, None], [True, False, True, False, True, False, None]],
)
def test_booleans(cells):
    array = pa.array(cells, TEXT) if isinstance(cells[0], str) else pa.array(cells)
    np.testing.assert_array_equal(_typed(array, "boolean")[0], [1, 0, 1, 0, 1, 0, np.nan])


def test_counts_that_are_none_are_kept_and_said():
    values, problems = _typed(pa.array([1.0, 2.5, -1.0, None]), "count")
    np.testing.assert_array_equal(values, [1.0, 2.5, -1.0, np.nan])
    assert problems[0].rows == 2


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_stamps_of_every_unit(unit):
    values, problems = _typed(STAMPS.cast(pa.timestamp(unit)), "datetime")
    assert values.tolist() == [pd.NaT, pd.Timestamp("2026-01-02")]
    assert not problems


def test_stamps_beyond_nanoseconds_are_missing_and_said():
    values, problems = _typed(
        pa.array([datetime.datetime(9999, 12, 31), datetime.datetime(2026, 1, 1)], pa.timestamp("s")), "datetime"
    )
    assert values.isna().tolist() == [True, False]
    assert problems[0].rows == 1


@pytest.mark.parametrize(
    ("cells", "kind", "row"),
    [
        (pa.array(["1", None, "0x10"], TEXT), "number", 3),
        (pa.array(["1", "1_000"], TEXT), "count", 2),
        (STAMPS, "number", 2),
        (STAMPS, "boolean", 2),
        (pa.array([0, 1, 2]), "boolean", 3),
        (pa.array([None, 3]), "datetime", 2),
        (pa.array(["2026-01-01", "soon"], TEXT), "datetime", 2),
    ],
)
def test_cells_of_another_kind_are_refused_with_their_row(cells, kind, row):
    with pytest.raises(SchemaError, match=rf"'x' needs .* in row {row}:"):
        _typed(cells, kind)


def test_empty_time_stamps_are_missing_numbers():
    cells = pa.array([None, None], pa.timestamp("ns"))
    assert np.isnan(typed(cells, Column(name="x", kind="number"))[0]).all()
