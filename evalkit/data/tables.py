"""From a path, a frame or an array to a Table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.core.errors import InputError, SchemaError
from evalkit.core.sample import Problem, Table
from evalkit.core.schema import KINDS, Column, Kind, Schema
from evalkit.data.cells import RawTable, shown
from evalkit.data.conforming import build, conform, under_schema
from evalkit.data.files import read_file
from evalkit.data.frames import from_arrow, from_numpy, from_pandas
from evalkit.data.kinds import find_kind, with_kind
from evalkit.data.noticed import noticed, repeated


def read_table(
    source: Any, *, schema: Schema | None, kinds: Mapping[str, Kind] | None, name: str | None, limit_bytes: int | None
) -> Table:
    """Read a table; see :func:`evalkit.data.load.load`.

    Raises:
        InputError: the source cannot be read; the sentence names file and line, or column and row.
        SchemaError: columns are missing, doubled or of another kind.
        ShapeError: there are no rows or no columns.
    """
    if schema is not None and kinds is not None:
        raise InputError("schema and kinds cannot go together: the schema says already what the columns are")
    if isinstance(source, Table):
        return source if schema is None else conform(source, schema)
    raw = _read(source, () if schema is None else schema.names, name, limit_bytes)
    if schema is None:
        return _with_kinds_found(raw, kinds or {})
    table = under_schema(raw, schema)
    return Table(table.name, schema, table.frame, (*table.problems, *repeated(table)), table.cells)


def _read(source: Any, names: tuple[str, ...], name: str | None, limit_bytes: int | None) -> RawTable:
    if isinstance(source, str | Path):
        return read_file(Path(source), name=name, names=names, limit_bytes=limit_bytes)
    name = name or "table"
    if isinstance(source, pd.DataFrame):
        return from_pandas(source, name)
    if hasattr(source, "tocsr"):
        raise InputError("Sparse data is not supported: give a dense array, for example with X.toarray()")
    if hasattr(source, "__arrow_c_stream__") and not isinstance(source, pd.Series):
        return from_arrow(source, name)
    if hasattr(source, "__array__") or isinstance(source, list | tuple):
        return from_numpy(_as_array(source), name)
    raise InputError(f"a path, a DataFrame, an Arrow table or an array is needed, got a {type(source).__name__}")


def _as_array(source: Any) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(source)
    except ValueError as error:
        raise InputError("a list of rows needs rows of equal length: give a DataFrame or a two-dimensional array") from error


def _with_kinds_found(raw: RawTable, kinds: Mapping[str, Kind]) -> Table:
    if unknown := [column for column in kinds if column not in raw.cells]:
        raise SchemaError(f"kinds names the column {shown(unknown[0])}, which {shown(raw.name)} does not have: check the spelling")
    if wrong := [column for column, kind in kinds.items() if kind not in KINDS]:
        raise InputError(f"the kind of column {shown(wrong[0])} has to be one of {', '.join(KINDS)}: correct kinds")
    kinds = {**raw.declared, **kinds}
    columns: list[Column] = []
    problems: list[Problem] = []
    for column_name, cells in raw.cells.items():
        if column_name in kinds:
            column, found = with_kind(column_name, cells, kinds[column_name])
        elif raw.named:
            column, found = find_kind(column_name, cells)
        else:
            column, found = Column(name=column_name, kind="number"), []
        columns.append(column)
        problems += found
    table = build(raw.name, raw.cells, Schema(modality="table", columns=tuple(columns)))
    return Table(table.name, table.schema, table.frame, (*raw.problems, *problems, *table.problems, *noticed(table)), table.cells)
