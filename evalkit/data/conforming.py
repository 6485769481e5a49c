"""From raw cells to a Table, under a schema that exists already."""

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from evalkit.core.errors import SchemaError
from evalkit.core.sample import Problem, Table
from evalkit.core.schema import Column, Schema
from evalkit.data.cells import RawTable, is_text, labels_of, shown
from evalkit.data.typed import typed


def conform(table: Table, schema: Schema) -> Table:
    """The same rows under another schema, as if they had been read under it in the first place.

    Exact for loaded tables: they keep their cells where the typed value does not hold all of it. A table that was decoded or
    built by hand is converted from its values.

    Args:
        table: any table.
        schema: the reference's.

    Raises:
        SchemaError: a column is missing, or a cell is not of its column's kind.
    """
    if table.schema == schema:
        return table
    raw = RawTable(table.name, {name: _cells_of(table, name) for name in table.schema.names}, table.problems)
    return under_schema(raw, schema)


def under_schema(raw: RawTable, schema: Schema) -> Table:
    """Read raw cells under a schema: columns in its order, extra ones left aside.

    Args:
        raw: what a source holds.
        schema: the reference's.

    Raises:
        SchemaError: a column is missing, or a cell is not of its column's kind; the sentence names column and row.
    """
    cells = dict(raw.cells) if raw.named else _by_position(raw, schema)
    wanted = frozenset(schema.names)
    extra = [name for name in cells if name not in wanted]
    problems = [Problem(what="is not a column of the reference: ignored", column=name) for name in extra]
    for name, problem in _absent(raw, schema, extra).items():
        cells[name] = pa.nulls(len(raw))
        problems.append(problem)
    table = build(raw.name, cells, schema)
    return Table(table.name, schema, table.frame, (*raw.problems, *problems, *table.problems), table.cells)


def build(name: str, cells: Mapping[str, pa.Array], schema: Schema) -> Table:
    """Type every column of the schema, and keep the cells whose typed value does not hold all of them."""
    problems: list[Problem] = []
    values: dict[str, pd.Series] = {}
    kept: dict[str, pa.Array] = {}
    for column in schema.columns:
        values[column.name], found = typed(cells[column.name], column)
        problems += found
        if not _holds_all(cells[column.name], column):
            kept[column.name] = cells[column.name]
    frame = pd.DataFrame(values, columns=pd.Index(schema.names, dtype=object), copy=False)
    return Table(name, schema, frame, tuple(problems), pa.table(kept) if kept else None)


def _holds_all(cells: pa.Array, column: Column) -> bool:
    if pa.types.is_floating(cells.type):
        return column.kind in {"number", "count"}
    return is_text(cells) and (
        column.kind == "text" or (column.kind in {"category", "identifier"} and labels_of(cells).equals(cells))
    )


def _cells_of(table: Table, name: str) -> pa.Array:
    if table.cells is not None and name in table.cells.column_names:
        return table.cells[name].combine_chunks()
    values = table.frame[name]
    if values.dtype == object:
        return pa.array(values, pa.large_string(), from_pandas=True)
    return pa.array(values, from_pandas=True)


def _by_position(raw: RawTable, schema: Schema) -> dict[str, pa.Array]:
    if len(raw.cells) != len(schema.columns):
        raise SchemaError(
            f"X has {len(raw.cells)} features, but the reference has {len(schema.columns)} features as input: "
            "give an array with the same columns in the same order"
        )
    return dict(zip(schema.names, raw.cells.values(), strict=True))


def _absent(raw: RawTable, schema: Schema, extra: list[str]) -> dict[str, Problem]:
    """Columns that may be absent: identifiers, and keys that a JSON source leaves out; any other is an error."""
    absent = [column for column in schema.columns if column.name not in raw.cells] if raw.named else []
    # Unknown keys beside absent ones look like a renamed column, which must not pass as "all missing".
    lenient = raw.sparse_keys and not extra and len(absent) < len(schema.columns)
    needed = [column.name for column in absent if column.kind != "identifier" and not lenient]
    if needed:
        listed = ", ".join(shown(name) for name in needed[:5]) + (f" and {len(needed) - 5} more" if len(needed) > 5 else "")
        raise SchemaError(
            f"{shown(raw.name)} lacks {'the column' if len(needed) == 1 else f'{len(needed)} columns'} {listed}: the reference has "
            f"{len(schema.columns)} columns, the data {len(raw.cells)}; add or rename what is missing"
        )
    return {column.name: Problem(what="is absent: treated as missing in every row", column=column.name) for column in absent}
