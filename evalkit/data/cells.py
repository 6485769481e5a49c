"""Cells: one column as it stood in the source, as one of a few plain Arrow types.

Whatever the source was, a column arrives here as text, yes/no, whole numbers, floats or time stamps, with one notion of
"missing". Everything that is said about cells is said of each cell alone, so that a row read alone means what it means in its file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from evalkit.core.errors import InputError
from evalkit.core.sample import Problem
from evalkit.core.schema import Kind

MISSING_WORDS = ("", "-", "?", "na", "n/a", "#n/a", "#na", "nan", "null", "none", "<na>", "nat")
LONGEST_CELL = 1_000_000
MOST_COLUMNS = 5_000

_WHOLE_WITH_POINT = r"^([+-]?\d+)\.0+$"
_LARGEST_EXACT = 2.0**53
_TICKS_A_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


@dataclass(frozen=True)
class RawTable:
    """What a source holds before anybody has said what it means.

    Attributes:
        name: what the user calls it.
        cells: plain cells by column name, all of one length.
        problems: what was noticed while reading.
        declared: kinds that the source itself declares: a pandas or Arrow column of categories is one, whatever its labels are.
        named: whether the source named its columns; arrays do not.
        sparse_keys: whether a source leaves out what is missing, as JSON does.
    """

    name: str
    cells: dict[str, pa.Array]
    problems: tuple[Problem, ...] = ()
    declared: Mapping[str, Kind] = field(default_factory=dict)
    named: bool = True
    sparse_keys: bool = False

    def __len__(self) -> int:
        return len(next(iter(self.cells.values()))) if self.cells else 0


def shown(name: object) -> str:
    """A column's or file's name for a message: quoted, on one line, not too long.

    >>> shown("amount")
    "'amount'"
    """
    text = str(name)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def plain(array: pa.Array | pa.ChunkedArray, column: str) -> pa.Array:
    """Bring a column to large_string, bool, an integer type, float64, timestamp or null.

    Text is trimmed and the usual words for a missing value become missing. NaN becomes missing. Time zones become UTC.

    Raises:
        InputError: nested or binary values, or a cell of more than a million characters.

    >>> plain(pa.array([" a ", "N/A", None]), "x").to_pylist()
    ['a', None, None]
    """
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    kind = array.type
    if pa.types.is_dictionary(kind):
        return plain(array.dictionary.take(array.indices), column)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _plain_text(array.cast(pa.large_string()), column)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        array = array.cast(pa.float64(), safe=False)
        return pc.if_else(pc.is_nan(array), pa.scalar(None, pa.float64()), array)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind):
        return array
    return _plain_time(array, column)


def _plain_time(array: pa.Array, column: str) -> pa.Array:
    kind = array.type
    if pa.types.is_timestamp(kind):
        return array
    if pa.types.is_date(kind):
        return array.cast(pa.timestamp("ms"), safe=False)
    if pa.types.is_duration(kind):
        return pc.divide(array.cast(pa.int64()).cast(pa.float64(), safe=False), _TICKS_A_SECOND[kind.unit])
    if pa.types.is_time(kind):
        return array.cast(pa.large_string())
    row = first_row(array.is_valid())
    raise InputError(
        f"column {shown(column)} holds nested or binary values, first in row {row}: "
        "give every part a column of its own, or leave it out"
    )


def _plain_text(array: pa.Array, column: str) -> pa.Array:
    too_long = pc.fill_null(pc.greater(pc.utf8_length(array), LONGEST_CELL), False)
    if (row := first_row(too_long)) is not None:
        raise InputError(
            f"column {shown(column)} holds more than {LONGEST_CELL:,} characters in one cell, in row {row}: shorten it, or check "
            "for a quote that is never closed"
        )
    return tidy(array)


def tidy(array: pa.Array) -> pa.Array:
    """Text without white space at its ends, and missing where a word says so."""
    array = pc.utf8_trim_whitespace(array)
    missing = pc.is_in(pc.utf8_lower(array), value_set=pa.array(MISSING_WORDS, pa.large_string()))
    return pc.if_else(missing, pa.scalar(None, pa.large_string()), array)


def first_row(mask: pa.Array | NDArray[np.bool_]) -> int | None:
    """The first true row as a person counts them, from 1; None when there is none.

    >>> first_row(np.array([False, True])), first_row(np.array([False]))
    (2, None)
    """
    mask = mask if isinstance(mask, np.ndarray) else mask.to_numpy(zero_copy_only=False)
    return int(mask.argmax()) + 1 if mask.any() else None


def is_text(cells: pa.Array) -> bool:
    """Whether the cells are text."""
    return bool(pa.types.is_large_string(cells.type))


def text_of(cells: pa.Array) -> pa.Array:
    """Any plain cells as text: whole numbers without a point, so that 1, 1.0 and "1" are one label later.

    >>> text_of(pa.array([1.0, 2.5, None])).to_pylist()
    ['1', '2.5', None]
    """
    if is_text(cells):
        return cells
    if pa.types.is_boolean(cells.type):
        return pc.if_else(cells, pa.scalar("True", pa.large_string()), pa.scalar("False", pa.large_string()))
    if pa.types.is_floating(cells.type):
        return _by_distinct(cells, number_text)
    if pa.types.is_timestamp(cells.type):
        return _by_distinct(cells, moment_text)
    return cells.cast(pa.large_string())


def _by_distinct(cells: pa.Array, text: Callable[[Any], str]) -> pa.Array:
    encoded = cells.dictionary_encode()
    return pa.array([text(value) for value in encoded.dictionary.to_pylist()], pa.large_string()).take(encoded.indices)


def labels_of(cells: pa.Array) -> pa.Array:
    """Any plain cells as labels: as text, where a whole number written with a point ("3.0") is the whole number ("3").

    >>> labels_of(pa.array(["3.0", "3", "03"], pa.large_string())).to_pylist()
    ['3', '3', '03']
    """
    return pc.replace_substring_regex(text_of(cells), _WHOLE_WITH_POINT, r"\1")


def number_text(value: float) -> str:
    """The shortest text that reads back as the number, without a point where it is whole."""
    return str(int(value)) if value.is_integer() and abs(value) < _LARGEST_EXACT else repr(value)


def moment_text(value: Any) -> str:
    """A date or a moment in ISO 8601, in UTC when it has a zone."""
    moment = pd.Timestamp(value)
    return str((moment if moment.tzinfo is None else moment.tz_convert("UTC").tz_localize(None)).isoformat())


def objects(text: pa.Array) -> NDArray[np.object_]:
    """Text as an object array of str and None; equal cells share one str, which keeps large tables small.

    >>> objects(pa.array(["a", None])).tolist()
    ['a', None]
    """
    encoded = text.dictionary_encode()
    words = np.array([*encoded.dictionary.to_pylist(), None], dtype=object)
    rows: NDArray[np.intp] = encoded.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)
    return words[rows]
