"""From tables whose rows are steps to Series in order of time."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
from numpy.typing import NDArray

from evalkit.core.errors import InputError, SchemaError, ShapeError
from evalkit.core.sample import Problem, Series, Table
from evalkit.core.schema import Column, Kind, Schema
from evalkit.data import spool
from evalkit.data.cells import shown
from evalkit.data.conforming import conform
from evalkit.data.dates import day_first_in, read_moments
from evalkit.data.files import suffix_of
from evalkit.data.kinds import NAMES_A_ROW
from evalkit.data.spool import room_for, taken
from evalkit.data.tables import read_table
from evalkit.data.typed import NUMBER

_TIME_NAMES = ("time", "timestamp", "datetime", "date", "t", "step", "seconds", "ts")
_STEPS_AT_ONCE = 262_144
_LONG = 1.5  # of the usual step: what is longer is a gap
_NO_NAME = re.compile(r"(column_\d+|Unnamed: \d+)$")  # as the index of a frame is called in a file
_MEASURED: frozenset[Kind] = frozenset({"number", "count", "boolean"})


def series_of_table(
    source: Any, *, schema: Schema | None, time: str | None, entity: str | None, name: str | None, limit_bytes: int | None
) -> Series:
    """Read a table as series; see :func:`evalkit.data.series.read_series`."""
    first, rest, n_rows = _pieces(source, limit_bytes)
    if isinstance(source, str | Path):
        name = name or Path(source).name
    if schema is not None:
        table = read_table(first, schema=_as_table(schema), kinds=None, name=name, limit_bytes=limit_bytes)
        problems = _about_channels(table, schema)
    else:
        found = read_table(first, schema=None, kinds=None, name=name, limit_bytes=limit_bytes)
        schema, left_out = _find_schema(found, time, entity)
        table, problems = conform(found, _as_table(schema)), [*_about_channels(found, schema), *left_out]
    return _sorted(chain([table], _read_on(rest, len(table), schema)), n_rows or len(table), table.name, schema, problems)


def channels_of(schema: Schema) -> tuple[str, ...]:
    """The names of the channels that a schema of series has."""
    return tuple(column.name for column in schema.columns[1:] if column.kind == "number")


def _as_table(schema: Schema) -> Schema:
    return Schema(modality="table", columns=schema.columns)


def _pieces(source: Any, limit_bytes: int | None) -> tuple[Any, Iterator[pa.RecordBatch], int | None]:
    """A Parquet file with much in it as its first rows, the rest, and how many there are; anything else whole."""
    path = Path(source) if isinstance(source, str | Path) else None
    if path is None or suffix_of(path) not in {".parquet", ".pq"} or not path.is_file():
        return source, iter(()), None
    try:
        file = pyarrow.parquet.ParquetFile(path, memory_map=True)
        n_rows = file.metadata.num_rows
        too_large = limit_bytes is not None and path.stat().st_size > limit_bytes
        if too_large or 8 * n_rows * file.metadata.num_columns < spool.MEMORY_BYTES:
            return source, iter(()), None
        batches = file.iter_batches(_STEPS_AT_ONCE)
        return pa.Table.from_batches([next(batches)]), batches, n_rows
    except (pa.ArrowException, OSError):  # the reader of tables says what is wrong
        return source, iter(()), None


def _read_on(batches: Iterator[pa.RecordBatch], n_before: int, schema: Schema) -> Iterator[Table]:
    try:
        for batch in batches:
            batch.validate(full=True)
            yield read_table(pa.Table.from_batches([batch]), schema=_as_table(schema), kinds=None, name=None, limit_bytes=None)
            n_before += len(batch)
    except InputError as error:
        raise InputError(f"counted from row {n_before + 1:,} on, {error}") from error
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"the Parquet file cannot be read from row {n_before + 1:,} on: it is damaged; write it again") from error


def _find_schema(table: Table, time: str | None, entity: str | None) -> tuple[Schema, list[Problem]]:
    """Which columns are time, entity and channels; and which are left out."""
    time = time or _find_time(table)
    if time not in table.schema.names or time == entity:
        raise SchemaError(f"{shown(table.name)} has no column {shown(time)} that can be its time: name one that it has with time=")
    if entity is not None and entity not in table.schema.names:
        raise SchemaError(
            f"{shown(table.name)} has no column {shown(entity)} to tell entities apart: name one that it has with entity="
        )
    columns = [_time_column(table, time)]
    columns += [Column(name=entity, kind="identifier")] if entity else []
    others = [column for column in table.schema.columns if column.name not in {time, entity}]
    measured = {column.name for column in others if column.kind in _MEASURED or _rises_step_by_step(table, column)}
    channels = [Column(name=column.name, kind="number") for column in others if column.name in measured]
    if not channels:
        raise SchemaError(f"{shown(table.name)} has no column of numbers besides its time: a series needs at least one")
    what = "holds no numbers: left out; codes, labels and names are none"
    left_out = [Problem(what=what, column=one.name) for one in others if one.name not in measured]
    return Schema(modality="series", columns=(*columns, *channels)), left_out


def _rises_step_by_step(table: Table, column: Column) -> bool:
    """Whether a column is taken for row numbers by its values alone; among steps in time it is a channel, say a counter."""
    if column.kind != "identifier" or NAMES_A_ROW.search(column.name) or _NO_NAME.match(column.name):
        return False
    return bool(pc.all(pc.match_substring_regex(pa.array(table.frame[column.name], pa.large_string()), NUMBER)).as_py())


def _find_time(table: Table) -> str:
    """The only column of date-times, or the only one that is called so."""
    found = [column.name for column in table.schema.columns if column.kind == "datetime"]
    found = found or [name for name in table.schema.names if name.lower() in _TIME_NAMES]
    if len(found) != 1:
        listed = ", ".join(map(shown, found[:5])) or "none"
        raise SchemaError(f"{shown(table.name)} must have one column that says when, found {listed}: name it with time=")
    return found[0]


def _time_column(table: Table, time: str) -> Column:
    """A date-time or a number; of words among moments the reader then names the row."""
    said = table.schema[time]
    if said.kind == "datetime" or table.frame[time].dtype != object:
        return said if said.kind == "datetime" else Column(name=time, kind="number")
    words = pa.array(table.frame[time].dropna(), pa.large_string())
    readable = read_moments(words, day_first=False).readable | read_moments(words, day_first=True).readable
    if 2 * int(readable.sum()) <= len(words):
        return Column(name=time, kind="number")
    return Column(name=time, kind="datetime", day_first=bool(day_first_in(words.filter(pa.array(readable)))))


def _about_channels(table: Table, schema: Schema) -> list[Problem]:
    """What was noticed about the source and its columns, those that say when and of what apart; repeated rows show in the times."""
    aside = {column.name for column in schema.columns if column.name not in channels_of(schema)}
    aside |= {column.name for column in table.schema.columns if column.kind in {"identifier", "datetime"}}
    return [one for one in table.problems if one.column not in aside and (one.column is not None or one.rows is None)]


def _sorted(tables: Iterable[Table], n: int, name: str, schema: Schema, problems: list[Problem]) -> Series:
    """All steps, entity after entity, each in order of time."""
    time, has_entity, channels = schema.columns[0], schema.columns[1].kind == "identifier", channels_of(schema)
    values = room_for((n, len(channels)), np.float64)
    times = np.zeros(n, dtype="datetime64[ns]" if time.kind == "datetime" else np.float64)
    codes = np.zeros(n, dtype=np.int64)
    numbers: dict[str, int] = {}
    place = n_nameless = 0
    for table in tables:
        rows = slice(place, place + len(table))
        for i, channel in enumerate(channels):
            values[rows, i] = table.frame[channel]
        times[rows] = table.frame[time.name]
        if has_entity:
            n_nameless += int(table.frame[schema.columns[1].name].isna().sum())
        local, labels = pd.factorize(table.frame[schema.columns[1].name].fillna("") if has_entity else np.full(len(table), name))
        codes[rows] = np.array([numbers.setdefault(str(label), len(numbers)) for label in labels])[local]
        place = rows.stop
    entities = np.array(sorted(numbers), dtype=object)
    codes = np.argsort([numbers[entity] for entity in entities])[codes]
    order = np.lexsort((times, codes))
    order = order[~np.isnan(times[order]) if times.dtype.kind == "f" else ~np.isnat(times[order])]
    if not len(order):
        raise ShapeError(f"column {shown(time.name)} has no time in any of the {n:,} rows: at least one step is needed")
    present = np.unique(codes[order])
    starts = np.append(np.searchsorted(codes[order], present), len(order)).astype(np.int64)
    series = Series(name, schema, taken(values, order), times[order], starts, tuple(entities[present]))
    if n_nameless:
        what = "is missing: these rows are read as one entity without a name"
        problems = [*problems, Problem(what=what, column=schema.columns[1].name, rows=n_nameless)]
    found = [*problems, *_about_order(time.name, codes, order), *_about_times(series)]
    return replace(series, problems=tuple(found))


def _about_order(time: str, codes: NDArray[np.intp], order: NDArray[np.intp]) -> Iterator[Problem]:
    if n_missing := len(codes) - len(order):
        yield Problem(what="is missing: the row is left out", column=time, rows=n_missing)
    as_found = np.sort(order)
    as_found = as_found[np.argsort(codes[as_found], kind="stable")]
    if n_moved := int((as_found != order).sum()):
        yield Problem(what="is not in order: sorted", column=time, rows=n_moved)


def _about_times(series: Series) -> Iterator[Problem]:
    """Repeated times, gaps, and entities of different pace."""
    time = series.schema.columns[0].name
    usual, n_repeated, n_gaps = [], 0, 0
    for start, stop in pairwise(series.starts.tolist()):
        steps = np.diff(series.times[start:stop]).astype(np.float64)
        n_repeated += int((steps == 0).sum())
        if (steps > 0).any():
            usual.append(float(np.median(steps[steps > 0])))
            n_gaps += int((steps > _LONG * usual[-1]).sum())
    if n_repeated:
        what = "repeats an earlier time of its entity: kept as a step of its own; name the entity with entity= if there are several"
        yield Problem(what=what, column=time, rows=n_repeated)
    if n_gaps:
        what = "jumps by more than one and a half of the usual step: nothing is filled in, and windows count steps across the gap"
        yield Problem(what=what, column=time, rows=n_gaps)
    if usual and max(usual) > _LONG * min(usual):
        yield Problem(what="has steps of different length from entity to entity: a window spans different times", column=time)
