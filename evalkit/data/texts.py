"""From files, columns and lists to Texts, each text kept to the last character."""

import io
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather
import pyarrow.parquet
from numpy.typing import NDArray

from evalkit.core.errors import InputError, SchemaError, ShapeError
from evalkit.core.sample import Problem, Texts
from evalkit.core.schema import Column, Schema
from evalkit.data.cells import first_row, plain, shown
from evalkit.data.delimited import split_delimited
from evalkit.data.encodings import utf8
from evalkit.data.files import bytes_of, read_records, require_file, suffix_of, within
from evalkit.data.folders import files_in
from evalkit.data.frames import is_unicode
from evalkit.data.kinds import find_kind
from evalkit.data.spool import spooled

LONGEST_TEXT = 100_000_000
"""In bytes of UTF-8."""

TEXT_FILES = (".txt", ".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".pq", ".feather", ".arrow")
_ROWS_AT_ONCE = 8192
_ROWS_TO_JUDGE = 1000
_Columns = Mapping[str, pa.ChunkedArray]


def read_texts(source: Any, *, column: str | None, name: str | None, limit_bytes: int | None) -> Texts:
    """Read texts.

    Args:
        source: a .txt file, which is one text; a folder of them; a .jsonl, .csv, .parquet or .arrow file, a DataFrame or an Arrow
            table, of which one column holds the texts; a list, an array or a Series of strings.
        column: which one; by default the only one that holds writing.
        name: what to call them.
        limit_bytes: refuse a larger file.

    Raises:
        InputError: the source cannot be read, or a text is too long.
        SchemaError: it is not clear which column is meant, or there is no such column.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        if path.is_dir():
            return _texts(_of_folder(path, limit_bytes), "text", name or path.name)
        require_file(path)
        if suffix_of(path) == ".txt":
            text, problems = _of_file(path, limit_bytes)
            return _texts([pa.array([text], pa.large_string())], "text", name or path.name, problems)
        return _of_path(path, column, name or path.name, limit_bytes)
    name = name or "texts"
    if isinstance(source, pd.DataFrame):
        return _of_lists({str(title): source.iloc[:, i].tolist() for i, title in enumerate(source.columns)}, column, name, ())
    if isinstance(source, pa.Array | pa.ChunkedArray):
        source = source.to_pylist()
    if hasattr(source, "__arrow_c_stream__") and hasattr(source, "columns"):
        table = pa.table(source)
        column = _the_column(dict(zip(table.column_names, table.columns, strict=True)), column, name)
        return _texts(_as_strings(table[column].chunks, column), column, name)
    if not isinstance(source, Iterable) or (isinstance(source, np.ndarray) and source.ndim != 1):
        raise InputError(f"a path, a DataFrame or a list of texts is needed, got a {type(source).__name__}")
    return _of_lists({column or "text": list(source)}, column or "text", name, ())


def read_lines(path: Path) -> Texts:
    """Each line of a .txt file as one text; an empty line is an empty text.

    Raises:
        InputError: the file cannot be read, or a text is too long.
        ShapeError: there is nothing in it.
    """
    require_file(path)
    text, problems = _of_file(path, None)
    lines = [line.removesuffix("\n") for line in io.StringIO(text, newline=None)]
    return _texts([pa.array(lines, pa.large_string())], "text", path.name, problems)


def _of_path(path: Path, column: str | None, name: str, limit_bytes: int | None) -> Texts:
    suffix = suffix_of(path)
    if suffix in {".parquet", ".pq", ".feather", ".arrow"} and path.suffix.lower() != ".gz":
        return _of_arrow(path, suffix, column, name, limit_bytes)
    if suffix in {".csv", ".tsv"}:
        data = bytes_of(path, limit_bytes)
        if not data.strip():
            raise ShapeError(f"{shown(path.name)} is empty: a header and rows are needed")
        cells, problems, _ = split_delimited(data, path.name, (column,) if column else ())
        column = _the_column({title: pa.chunked_array([cell]) for title, cell in cells.items()}, column, path.name)
        return _texts([cells[column]], column, name, problems)
    if suffix in {".jsonl", ".ndjson"}:
        records, problems = read_records(bytes_of(path, limit_bytes), path.name)
        titles = dict.fromkeys(key for record in records for key in record)
        return _of_lists({title: [record.get(title) for record in records] for title in titles}, column, name, problems)
    raise InputError(f"{shown(path.name)} is of no kind that holds texts: save it as one of {', '.join(TEXT_FILES)}")


def _of_arrow(path: Path, suffix: str, column: str | None, name: str, limit_bytes: int | None) -> Texts:
    """Batch after batch, so that the file may be larger than memory."""
    if limit_bytes is not None and path.stat().st_size > limit_bytes:
        raise InputError(
            f"{shown(path.name)} is larger than the limit of {limit_bytes:,} bytes: give a smaller file or raise the limit"
        )
    kind = "Parquet" if suffix in {".parquet", ".pq"} else "Arrow"
    try:
        with pa.memory_map(str(path)) as file:
            opened = pyarrow.parquet.ParquetFile(file) if kind == "Parquet" else pa.ipc.open_file(file)
            schema = opened.schema_arrow if kind == "Parquet" else opened.schema
            first = next(within(_batches(opened, kind, schema.names), path.name, limit_bytes), None)
            columns = {} if first is None else {title: pa.chunked_array([first[title]]) for title in schema.names}
            column = _the_column(columns, column, path.name)
            batches = within(_batches(opened, kind, [column]), path.name, limit_bytes)
            return _texts(_as_strings((batch[column] for batch in batches), column), column, name)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{shown(path.name)} is not a readable {kind} file: it is damaged or of another kind; write it again"
        ) from error


def _batches(opened: Any, kind: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
    if kind == "Parquet":
        yield from opened.iter_batches(batch_size=_ROWS_AT_ONCE, columns=columns)
    else:
        yield from (opened.get_batch(i).select(columns) for i in range(opened.num_record_batches))


def _of_folder(folder: Path, limit_bytes: int | None) -> Iterator[pa.Array]:
    paths = files_in(folder, (".txt",), limit_bytes)
    for path in paths:
        text, _ = _of_file(path, limit_bytes)
        yield pa.array([text], pa.large_string())


def _of_file(path: Path, limit_bytes: int | None) -> tuple[str, list[Problem]]:
    data = bytes_of(path, limit_bytes)
    if not data.strip():
        raise ShapeError(f"{shown(path.name)} is empty: a text is needed")
    data, problems = utf8(data, path.name)
    return data.decode().removeprefix("\ufeff"), problems


def _the_column(columns: _Columns, column: str | None, file_name: str) -> str:
    """The column that is named, the only one, or the only one that holds writing."""
    if column is not None and column in columns:
        return column
    if column is not None:
        raise SchemaError(f"{shown(file_name)} has no column {shown(column)} to read texts from: name one that it has")
    if len(columns) == 1:
        return next(iter(columns))
    heads = {title: cells.slice(0, _ROWS_TO_JUDGE) for title, cells in columns.items()}
    writing = [title for title, cells in heads.items() if _is_writing(title, cells)]
    if len(writing) == 1:
        return writing[0]
    found = "none" if not writing else ", ".join(map(shown, writing[:5]))
    raise SchemaError(f"{shown(file_name)} must have one column that holds texts, found {found}: name it with column=")


def _is_writing(title: str, cells: pa.ChunkedArray) -> bool:
    return _is_string(cells.type) and find_kind(title, plain(cells, title))[0].kind == "text"


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _as_strings(batches: Iterable[pa.Array], column: str) -> Iterator[pa.Array]:
    for batch in batches:
        if pa.types.is_dictionary(batch.type):
            batch = batch.cast(batch.type.value_type)  # noqa: PLW2901
        if not _is_string(batch.type) and not pa.types.is_null(batch.type):
            raise SchemaError(f"column {shown(column)} must hold texts, it holds values of type {batch.type}: name another column")
        yield batch.cast(pa.large_string())


def _of_lists(columns: Mapping[str, list[Any]], column: str | None, name: str, problems: Iterable[Problem]) -> Texts:
    if column is None:
        strings = {
            title: pa.chunked_array([_strings(values, title)]) for title, values in columns.items() if _not_text(values) is None
        }
        column = _the_column(strings, column, name)
    if column not in columns:
        raise SchemaError(f"{shown(name)} has no column {shown(column)} to read texts from: name one that it has")
    if (row := _not_text(columns[column])) is not None:
        kind = type(columns[column][row - 1]).__name__
        raise SchemaError(f"column {shown(column)} must hold texts, it holds a {kind} in row {row}: name another column")
    return _texts([_strings(columns[column], column)], column, name, problems)


def _not_text(values: list[Any]) -> int | None:
    """The first row that is neither a text nor missing."""
    return next((row for row, value in enumerate(values, 1) if not isinstance(value, str) and not _is_missing(value)), None)


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _strings(values: list[Any], column: str) -> pa.Array:
    try:
        return pa.array([None if _is_missing(value) else value for value in values], pa.large_string())
    except UnicodeEncodeError as error:
        row = next(row for row, value in enumerate(values, 1) if isinstance(value, str) and not is_unicode(value))
        raise InputError(
            f"column {shown(column)} holds half a character (a lone surrogate) in row {row}: correct the text"
        ) from error


def _texts(batches: Iterable[pa.Array], column: str, name: str, problems: Iterable[Problem] = ()) -> Texts:
    counted = _Counted(column)
    texts = spooled(counted.checked(batches))
    if not len(texts):
        raise ShapeError(f"{shown(name)} holds no texts: at least one is needed")
    schema = Schema(modality="texts", columns=(Column(name=column, kind="text"),))
    return Texts(name, schema, texts, (*problems, *counted.problems()))


class _Counted:
    """Missing, empty and repeated texts, counted while they pass."""

    def __init__(self, column: str) -> None:
        self.column = column
        self.n = self.n_missing = self.n_empty = 0
        self.hashes: list[NDArray[np.uint64]] = []

    def checked(self, batches: Iterable[pa.Array]) -> Iterator[pa.Array]:
        for batch in batches:
            self.n_missing += batch.null_count
            texts = batch.fill_null("")
            if (row := first_row(pc.greater(pc.binary_length(texts), LONGEST_TEXT))) is not None:
                raise InputError(
                    f"column {shown(self.column)} holds a text of more than {LONGEST_TEXT:,} bytes in row {self.n + row}: split it"
                )
            self.n += len(texts)
            self.n_empty += pc.sum(pc.equal(pc.binary_length(texts), 0)).as_py() or 0
            self.hashes.append(pd.util.hash_array(texts.to_numpy(zero_copy_only=False), categorize=False))
            yield texts

    def problems(self) -> Iterator[Problem]:
        if self.n_missing:
            yield Problem(what="are missing: read as empty texts", column=self.column, rows=self.n_missing)
        if self.n_empty > self.n_missing:
            yield Problem(what="are empty", column=self.column, rows=self.n_empty - self.n_missing)
        n_distinct = len(np.unique(np.concatenate([np.zeros(0, dtype=np.uint64), *self.hashes])))
        if n_distinct < self.n:
            yield Problem(what="repeat an earlier text to the last character", column=self.column, rows=self.n - n_distinct)
