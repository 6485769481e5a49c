"""From cells to the storage of a kind, each cell by itself."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from evalkit.core.errors import InputError, SchemaError
from evalkit.core.sample import Problem
from evalkit.core.schema import Column, Kind
from evalkit.data.cells import first_row, is_text, labels_of, objects, shown, text_of
from evalkit.data.dates import read_moments

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_INFINITE = r"^[+-]?(?i:inf|infinity)$"
NUMBER_OR_INFINITE = f"{NUMBER}|{_INFINITE}"
TRUE_WORDS = ("true", "yes", "t", "y", "ja", "on")
FALSE_WORDS = ("false", "no", "f", "n", "nein", "off")

_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_Typed = tuple[pd.Series, list[Problem]]


def typed(cells: pa.Array, column: Column) -> _Typed:
    """A column's cells in the storage of its kind, and what was noticed.

    Args:
        cells: plain cells, see :mod:`evalkit.data.cells`.
        column: what they are to be.

    Raises:
        SchemaError: a cell is not of the kind; the sentence names column and row.
        InputError: a number is infinite.

    >>> typed(pa.array(["1.5", None], pa.large_string()), Column(name="x", kind="number"))[0].tolist()
    [1.5, nan]
    """
    return _READERS[column.kind](cells, column)


def numbers(cells: pa.Array, column: Column) -> NDArray[np.float64]:
    """The cells as float64, NaN where missing."""
    if is_text(cells):
        _refuse(pc.invert(pc.match_substring_regex(cells, NUMBER_OR_INFINITE)), cells, column, "a number")
        cells = pc.replace_substring_regex(cells, r"^\+", "")
    elif pa.types.is_timestamp(cells.type):
        _refuse(cells.is_valid(), cells, column, "a number")
        cells = pa.nulls(len(cells), pa.float64())
    if pa.types.is_boolean(cells.type):
        cells = cells.cast(pa.uint8())
    values = np.asarray(cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)) + 0.0  # -0.0 is 0.0
    if (row := first_row(np.isinf(values))) is not None:
        raise InputError(
            f"column {shown(column.name)} holds an infinite number (inf, or one beyond 1e308) in row {row}: "
            "replace it or leave it empty"
        )
    return values


def _numbers(cells: pa.Array, column: Column) -> _Typed:
    return pd.Series(numbers(cells, column)), []


def _counts(cells: pa.Array, column: Column) -> _Typed:
    values = numbers(cells, column)
    odd = int(((values < 0) | (values != np.floor(values)))[~np.isnan(values)].sum())
    what = "is not a whole number >= 0, although the column counts something: treated as missing by the detectors"
    return pd.Series(values), [Problem(what=what, column=column.name, rows=odd)] if odd else []


def _booleans(cells: pa.Array, column: Column) -> _Typed:
    if pa.types.is_boolean(cells.type):
        return _numbers(cells, column)
    words = pc.utf8_lower(text_of(cells))
    numeric = pc.match_substring_regex(words, NUMBER)
    values = pc.if_else(numeric, pc.replace_substring_regex(words, r"^\+", ""), pa.scalar(None, words.type)).cast(pa.float64())
    true = pc.or_(pc.is_in(words, value_set=pa.array(TRUE_WORDS, words.type)), pc.equal(values, 1.0).fill_null(False))
    false = pc.or_(pc.is_in(words, value_set=pa.array(FALSE_WORDS, words.type)), pc.equal(values, 0.0).fill_null(False))
    _refuse(pc.invert(pc.or_(true, false)), cells, column, "yes or no (or 1 or 0, true or false)")
    return pd.Series(np.where(_mask(cells.is_null()), np.nan, _mask(true).astype(np.float64))), []


def _labels(cells: pa.Array, column: Column) -> _Typed:
    return pd.Series(objects(labels_of(cells)), dtype=object), []


def _texts(cells: pa.Array, column: Column) -> _Typed:
    return pd.Series(objects(text_of(cells)), dtype=object), []


def _datetimes(cells: pa.Array, column: Column) -> _Typed:
    needs = "a date or a moment such as 2026-12-31 or 2026-12-31T23:59"
    if is_text(cells):
        found = read_moments(cells, day_first=column.day_first)
        _refuse(pa.array(~found.readable), cells, column, needs)
        moments, outside = found.moments, found.outside
    else:
        if not pa.types.is_timestamp(cells.type):
            _refuse(cells.is_valid(), cells, column, needs)
            cells = cells.cast(pa.int64(), safe=False).cast(pa.timestamp("ns"))
        moments, outside = _stamps(cells)
    n_outside = int(outside.sum())
    what = "is a date before 1678 or after 2261: treated as missing"
    return pd.Series(moments), [Problem(what=what, column=column.name, rows=n_outside)] if n_outside else []


def _stamps(cells: pa.Array) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    factor = _UNITS[cells.type.unit]
    ticks = cells.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    missing = _mask(cells.is_null())
    outside = np.abs(ticks) > (2**63 - 1) // factor
    nanoseconds = np.where(outside, 0, ticks) * factor
    return np.where(missing | outside, np.datetime64("NaT", "ns"), nanoseconds.astype("datetime64[ns]")), outside


def _mask(flags: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(flags.to_numpy(zero_copy_only=False))


def _refuse(bad: pa.Array, cells: pa.Array, column: Column, needs: str) -> None:
    bad = pc.and_(pc.fill_null(bad, False), cells.is_valid())
    if (row := first_row(bad)) is not None:
        raise SchemaError(
            f"column {shown(column.name)} needs {needs} in every row and holds something else in row {row}: "
            "correct it, or leave it empty"
        )


_READERS: dict[Kind, Callable[[pa.Array, Column], _Typed]] = {
    "number": _numbers,
    "count": _counts,
    "boolean": _booleans,
    "category": _labels,
    "identifier": _labels,
    "text": _texts,
    "datetime": _datetimes,
}
