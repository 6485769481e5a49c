"""The one way in: from a path, a frame, an array or a list to a Sample."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args, overload

from evalkit.core.errors import InputError, SchemaError
from evalkit.core.sample import Images, Problem, Sample, Series, Table, Texts
from evalkit.core.schema import Kind, Modality, Resize, Schema
from evalkit.data.arrays import is_array_file, read_array
from evalkit.data.files import require_path
from evalkit.data.images import read_images
from evalkit.data.modality import modality_of
from evalkit.data.series import read_series
from evalkit.data.tables import read_table
from evalkit.data.texts import read_texts

Data = Any
"""Whatever :func:`evalkit.load` reads: a path, a frame, an array, a Sample."""


@overload
def load(
    source: Any,
    *,
    modality: Literal["table"],
    schema: Schema | None = None,
    kinds: Mapping[str, Kind] | None = None,
    name: str | None = None,
    limit_bytes: int | None = None,
) -> Table: ...


@overload
def load(
    source: Any,
    *,
    modality: Modality | None = None,
    schema: Schema | None = None,
    kinds: Mapping[str, Kind] | None = None,
    column: str | None = None,
    size: tuple[int, int] | None = None,
    resize: Resize = "pad",
    time: str | None = None,
    entity: str | None = None,
    name: str | None = None,
    limit_bytes: int | None = None,
) -> Sample: ...


def load(
    source: Any,
    *,
    modality: Modality | None = None,
    schema: Schema | None = None,
    kinds: Mapping[str, Kind] | None = None,
    column: str | None = None,
    size: tuple[int, int] | None = None,
    resize: Resize = "pad",
    time: str | None = None,
    entity: str | None = None,
    name: str | None = None,
    limit_bytes: int | None = None,
) -> Sample:
    """Read a table, texts, images or series.

    Without a schema it is found out what the data are, which can go wrong: look at ``schema`` and ``problems`` of what comes back,
    and say it with ``modality`` and ``kinds``. With a reference's schema every row is read by itself, so that it means the same
    alone and in its file.

    Args:
        source: a path (tables: .csv, .tsv, .txt, .jsonl and .ndjson, each also with .gz; .parquet, .feather, .arrow; texts: the
            same, of which one column is read, a .txt book or a folder of .txt files; images: a folder of .png, .jpg and .webp
            files or one of them; series: .wav files or any table with a time; arrays: .npy, .npz and idx), a pandas DataFrame,
            anything with the Arrow C stream interface (polars, pyarrow), a two-dimensional array or list of rows (numbers only),
            an array of images, a list of strings, or a Sample.
        modality: table, texts, images or series; see :func:`evalkit.data.modality.modality_of` for how it is found out.
        schema: the reference's schema. A table's columns are put in its order, extra ones ignored (a Problem says so).
        kinds: what a table's columns are, by name, where the guess would be wrong.
        column: the column that holds the texts; by default the only one that holds writing.
        size: height and width of images; by default the reference's, or the median of both, rounded.
        resize: how images of another size are brought to it: pad, crop or stretch, see :class:`evalkit.core.schema.Picture`.
        time: the column of a table that says when, which makes its rows the steps of series.
        entity: the column that says which machine, patient or recording a step belongs to; by default there is one.
        name: what to call it; the file's name by default.
        limit_bytes: refuse a larger file.

    Returns:
        The Sample, with everything odd about it in ``problems``.

    Raises:
        InputError: the source cannot be read; the sentence names file and line, or column and row.
        SchemaError: columns are missing, doubled or of another kind, or the data are of another modality.
        ShapeError: there are no rows or no columns.

    >>> import pandas as pd
    >>> table = load(pd.DataFrame({"paid": ["yes", "no"], "amount": [9.5, 3.25]}))
    >>> [column.kind for column in table.schema.columns]
    ['boolean', 'number']
    >>> load(["to be", "or not to be"]).schema.modality
    'texts'
    """
    asked = _asked_for(
        modality,
        schema,
        "table" if kinds is not None else None,
        "texts" if column is not None else None,
        "images" if size is not None else None,
        "series" if time is not None or entity is not None else None,
    )
    labels = None
    if isinstance(source, str | Path):
        require_path(source)
    if isinstance(source, str | Path) and is_array_file(Path(source)):
        name = name or Path(source).name
        source, labels = read_array(Path(source), limit_bytes)
    found = asked or modality_of(source)
    if isinstance(source, Table | Texts | Images | Series) and source.schema.modality != found:
        raise SchemaError(f"{found} needed, got {source.schema.modality}: give data of the same modality")
    if found == "texts":
        texts = _texts(source, schema, column, name, limit_bytes)
        return texts if asked else replace(texts, problems=(*_guessed(texts, source), *texts.problems))
    if found == "images":
        picture = None if schema is None else schema.picture
        return read_images(source, labels, picture=picture, size=size, resize=resize, name=name, limit_bytes=limit_bytes)
    if found == "series":
        return read_series(source, schema=schema, time=time, entity=entity, name=name, limit_bytes=limit_bytes)
    return read_table(source, schema=schema, kinds=kinds, name=name, limit_bytes=limit_bytes)


def _asked_for(modality: Modality | None, schema: Schema | None, *implied: Modality | None) -> Modality | None:
    """The modality that is named, or that the other settings imply."""
    if modality is not None and modality not in get_args(Modality):
        raise InputError(f"the modality must be one of {', '.join(get_args(Modality))}, got {modality!r}: choose one of them")
    said = [one for one in (modality, None if schema is None else schema.modality, *implied) if one is not None]
    if len(set(said)) > 1:
        both = " and ".join(dict.fromkeys(said))
        raise SchemaError(f"modality, schema and settings speak of {both} at once: give settings of one modality")
    return said[0] if said else None


def _texts(source: Any, schema: Schema | None, column: str | None, name: str | None, limit_bytes: int | None) -> Texts:
    wanted = column or (None if schema is None else schema.columns[0].name)
    texts = source if isinstance(source, Texts) else read_texts(source, column=wanted, name=name, limit_bytes=limit_bytes)
    return texts if schema is None else replace(texts, schema=schema)


def _guessed(texts: Texts, source: Any) -> tuple[Problem, ...]:
    if isinstance(source, list | tuple | Texts):
        return ()
    return (Problem(what="holds writing and no columns of values: read as texts; say modality='table' where it is a table"),)
