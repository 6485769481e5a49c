"""From tables, arrays and sound to Series."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError, SchemaError, ShapeError
from evalkit.core.sample import Problem, Series
from evalkit.core.schema import Schema
from evalkit.data.cells import first_row, shown
from evalkit.data.files import suffix_of
from evalkit.data.sound import SOUND_FILES, series_of_sound
from evalkit.data.spool import room_for
from evalkit.data.timed import channels_of, series_of_table


def read_series(
    source: Any, *, schema: Schema | None, time: str | None, entity: str | None, name: str | None, limit_bytes: int | None
) -> Series:
    """Read series.

    Args:
        source: a table in any form that :func:`evalkit.data.load.load` reads, one row a step; a .wav file or a folder of them; an
            array (steps, channels) of one entity or (entities, steps, channels).
        schema: the reference's.
        time: the column that says when, a date-time or a number; by default the only one that is or is called so.
        entity: the column that says of which machine, patient or file a row is; by default there is one.
        name: what to call them.
        limit_bytes: refuse a larger file.

    Raises:
        InputError: the source cannot be read.
        SchemaError: there is no such column, or not the reference's channels.
        ShapeError: there are no steps.
    """
    channels = None if schema is None else channels_of(schema)
    if isinstance(source, Series):
        return _in_order_of(source, channels)
    if isinstance(source, np.ndarray):
        return _in_order_of(_of_array(source, name or "series", channels), channels)
    if isinstance(source, str | Path) and (Path(source).is_dir() or suffix_of(Path(source)) in SOUND_FILES):
        return _in_order_of(series_of_sound(Path(source), name, limit_bytes), channels)
    return series_of_table(source, schema=schema, time=time, entity=entity, name=name, limit_bytes=limit_bytes)


def _of_array(source: NDArray[Any], name: str, channels: tuple[str, ...] | None) -> Series:
    array = source.reshape(len(source), 1) if source.ndim == 1 else source
    array = array[None] if array.ndim == 2 else array
    if array.ndim != 3 or 0 in array.shape:
        raise ShapeError(
            "series need shape (steps, channels) or (entities, steps, channels) and no axis empty, "
            f"got {source.shape}: reshape the array"
        )
    if array.dtype.kind not in "biuf":
        raise InputError(f"an array of numbers is needed, got one of {array.dtype}: put times and names into a DataFrame")
    n, steps, width = array.shape
    values = room_for((n * steps, width), np.float64)
    for i, entity in enumerate(array):
        values[i * steps : (i + 1) * steps] = entity
        if (row := first_row(np.isinf(values[i * steps : (i + 1) * steps]).any(axis=1))) is not None:
            raise InputError(f"series {i + 1} holds an infinite number in step {row}: replace it or leave it missing")
    names = channels if channels and len(channels) == width else tuple(f"channel_{i}" for i in range(1, width + 1))
    schema = Series.numbered_schema(names)
    empty = [Problem(what="is empty", column=names[i], rows=len(values)) for i in np.flatnonzero(np.isnan(values).all(axis=0))]
    times, starts = np.tile(np.arange(steps, dtype=np.float64), n), np.arange(n + 1, dtype=np.int64) * steps
    return Series(name, schema, values, times, starts, tuple(str(i) for i in range(1, n + 1)), tuple(empty))


def _in_order_of(series: Series, channels: tuple[str, ...] | None) -> Series:
    """The same series with the reference's channels in its order."""
    if channels is None or series.channels == channels:
        return series
    if lacking := [channel for channel in channels if channel not in series.channels]:
        raise SchemaError(
            f"{shown(series.name)} lacks the channel {shown(lacking[0])}: the reference has {len(channels)} channels, the data "
            f"{len(series.channels)}; add or rename what is missing"
        )
    columns = [column for column in series.schema.columns if column.name not in series.channels]
    columns += [series.schema[channel] for channel in channels]
    places = [series.channels.index(channel) for channel in channels]
    extra = [channel for channel in series.channels if channel not in channels]
    ignored = [Problem(what="is not a channel of the reference: ignored", column=channel) for channel in extra]
    schema = Schema(modality="series", columns=tuple(columns))
    return replace(series, schema=schema, values=series.values[:, places], problems=(*series.problems, *ignored))
