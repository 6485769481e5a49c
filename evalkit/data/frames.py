"""From tables in memory to raw cells."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from evalkit.core.errors import InputError, SchemaError, ShapeError
from evalkit.core.sample import Problem
from evalkit.core.schema import Kind
from evalkit.data.cells import MOST_COLUMNS, RawTable, first_row, moment_text, number_text, plain, shown


def from_pandas(frame: pd.DataFrame, name: str) -> RawTable:
    """Cells of a DataFrame; its index is left aside."""
    if frame.columns.nlevels > 1:
        raise SchemaError("the frame's columns have several levels: join them into one name a column")
    cells = [(str(title), frame.iloc[:, i]) for i, title in enumerate(frame.columns)]
    _check_shape(len(frame), [title for title, _ in cells])
    declared: dict[str, Kind] = {title: "category" for title, values in cells if isinstance(values.dtype, pd.CategoricalDtype)}
    return RawTable(name, {title: plain(_array(values, title), title) for title, values in cells}, declared=declared)


def from_arrow(source: Any, name: str) -> RawTable:
    """Cells of anything with the Arrow C stream interface: polars, pyarrow, DuckDB and others."""
    try:
        table = pa.table(source)
    except (TypeError, ValueError, pa.ArrowException) as error:
        raise InputError(f"a table with columns is needed, got a {type(source).__name__} whose Arrow stream holds none") from error
    _check_shape(table.num_rows, table.column_names)
    declared: dict[str, Kind] = {entry.name: "category" for entry in table.schema if pa.types.is_dictionary(entry.type)}
    cells = {title: plain(column, title) for title, column in zip(table.column_names, table.columns, strict=True)}
    return RawTable(name, cells, declared=declared)


def from_records(records: Sequence[Mapping[str, object]], name: str, problems: tuple[Problem, ...]) -> RawTable:
    """Cells of JSON objects; a key that is absent is a missing value."""
    titles = list(dict.fromkeys(key for record in records for key in record))
    _check_shape(len(records), titles)
    cells = {title: plain(_array_of_objects([record.get(title) for record in records], title), title) for title in titles}
    return RawTable(name, cells, problems, sparse_keys=True)


def from_numpy(values: NDArray[Any], name: str) -> RawTable:
    """Cells of a two-dimensional array, column_0 and so on, always numbers."""
    if np.iscomplexobj(values):
        raise InputError("Complex data not supported: give the real and the imaginary part a column each")
    if values.ndim != 2:
        raise ShapeError(f"Expected 2D array, got {values.ndim}D array instead: Reshape your data to (rows, columns)")
    rows, columns = values.shape
    if not columns:
        raise ShapeError(f"0 feature(s) (shape=({rows}, 0)) while a minimum of 1 is required: give at least one column")
    titles = [f"column_{i}" for i in range(columns)]
    _check_shape(rows, titles)
    matrix = np.asfortranarray(_floats(values))
    return RawTable(name, {title: plain(pa.array(matrix[:, i]), title) for i, title in enumerate(titles)}, named=False)


def _floats(values: NDArray[Any]) -> NDArray[np.float64]:
    if values.dtype.kind in "biuf":
        return values.astype(np.float64)
    if values.dtype.kind not in "OUS":
        raise InputError(f"an array of numbers is needed, got one of {values.dtype}: put other kinds of values into a DataFrame")
    numeric = np.empty(values.shape, dtype=np.float64)
    for row, column in np.ndindex(values.shape):
        try:
            numeric[row, column] = np.nan if values[row, column] is None else float(values[row, column])
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(
                f"column 'column_{column}' of the array holds something that is no number in row {row + 1}: "
                "put other kinds of values into a DataFrame"
            ) from error
    return numeric


def _check_shape(n_rows: int, titles: Sequence[str]) -> None:
    if len(titles) > MOST_COLUMNS:
        raise InputError(f"the table has {len(titles):,} columns and at most {MOST_COLUMNS:,} can be read: leave columns out")
    for title in titles:
        if not is_unicode(title):
            raise SchemaError(f"the column name {shown(title)} holds half a character (a lone surrogate): rename the column")
    if not titles or not n_rows:
        raise ShapeError(f"the table has {n_rows:,} rows and {len(titles):,} columns: at least one of each is needed")
    if len(set(titles)) < len(titles):
        doubled = next(title for title in titles if list(titles).count(title) > 1)
        raise SchemaError(f"the column name {shown(doubled)} stands twice: rename one of the two")


def _array(values: pd.Series, title: str) -> pa.Array:
    if values.dtype == object:
        return _array_of_objects(values.tolist(), title)
    if isinstance(values.dtype, pd.SparseDtype):
        values = values.astype(values.dtype.subtype)
    if isinstance(values.dtype, pd.CategoricalDtype) and isinstance(values.dtype.categories.dtype, pd.IntervalDtype):
        values = values.cat.rename_categories(str)  # of pd.cut
    try:
        return pa.array(values, from_pandas=True)
    except (TypeError, ValueError, pa.ArrowException) as error:
        raise InputError(
            f"column {shown(title)} is of type {values.dtype}, which cannot be read: convert it to numbers or text"
        ) from error


def _array_of_objects(values: list[Any], title: str) -> pa.Array:
    """Python objects; where they are of several kinds, each becomes the text that it would have in a file."""
    try:
        if not _mixed(values):  # Arrow takes the first value's type, and cuts a moment among dates down to its day
            return pa.array(values, from_pandas=True)
    except (TypeError, ValueError, OverflowError, pa.ArrowException):
        pass
    texts = [_text(value, row, title) for row, value in enumerate(values, 1)]
    try:
        return pa.array(texts, pa.large_string())
    except UnicodeEncodeError as error:
        bad = np.array([text is not None and not is_unicode(text) for text in texts])
        raise InputError(
            f"column {shown(title)} holds half a character (a lone surrogate) in row {first_row(bad)}: correct the text"
        ) from error


def _mixed(values: list[Any]) -> bool:
    """Whether moments or dates stand among values of another type."""
    found = {type(value) for value in values if value is not None and value is not pd.NaT and value is not pd.NA}
    found.discard(float)  # NaN, or a number: of numbers and moments Arrow refuses the mixture itself
    return len(found) > 1 and any(issubclass(one, date | np.datetime64) for one in found)


def _text(value: Any, row: int, title: str) -> str | None:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int | np.integer | np.bool_):
        return str(value)
    if isinstance(value, float | np.floating | Decimal):
        return None if math.isnan(value) else number_text(float(value))
    if isinstance(value, date | np.datetime64):
        return moment_text(value)
    if isinstance(value, time):
        return value.isoformat()
    raise InputError(
        f"column {shown(title)} holds a {type(value).__name__} in row {row}: give every part a column of its own, or leave it out"
    )


def is_unicode(text: str) -> bool:
    """Whether the text can be written; half a character (a lone surrogate) cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
