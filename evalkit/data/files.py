"""From a path to raw cells, by the file's suffix."""

import gzip
import io
import json
import os
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Problem
from evalkit.data.cells import RawTable, shown
from evalkit.data.delimited import read_delimited
from evalkit.data.encodings import utf8
from evalkit.data.frames import from_arrow, from_records

_Reader = Callable[[bytes, str, str, Collection[str], int | None], RawTable]


def read_file(path: Path, *, name: str | None, names: Collection[str], limit_bytes: int | None) -> RawTable:
    """Read a table from a file.

    Args:
        path: a file whose suffix says what it is, perhaps with ``.gz`` behind it.
        name: what the user calls it; the file's name by default.
        names: column names of the reference, or none.
        limit_bytes: refuse a file with more bytes than this, unpacked ones included.

    Raises:
        InputError: there is no such file, it is too large, or it is not what its suffix says.
    """
    require_file(path)
    if (suffix := suffix_of(path)) not in READERS:
        raise InputError(f"{shown(path.name)} is of no kind that can be read as a table: save it as one of {', '.join(READERS)}")
    data = bytes_of(path, limit_bytes)
    if not data.strip():
        raise ShapeError(f"{shown(path.name)} is empty: a header and rows are needed")
    return READERS[suffix](data, name or path.name, path.name, names, limit_bytes)


def suffix_of(path: Path) -> str:
    """What the file is, by its name: the last suffix in small letters, a ``.gz`` behind it left aside.

    >>> suffix_of(Path("orders.CSV.gz"))
    '.csv'
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return next(iter(suffixes[:-1][-1:] if _is_packed(path) else suffixes[-1:]), "")


def require_path(path: str | Path) -> None:
    """Raise InputError where the system cannot even look for such a file; that there is none is left to the reader to say."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        raise InputError(
            "the path cannot be looked up: it is too long for one, or the system refuses it; check it, and give texts as a list"
        ) from error


def require_file(path: Path) -> None:
    """Raise InputError unless this is a file."""
    if not path.exists():
        raise InputError(f"there is no file {shown(path.name)}: check the path")
    if path.is_dir():
        raise InputError(f"{shown(path.name)} is a folder: name the file in it")


def bytes_of(path: Path, limit: int | None = None, first: int | None = None) -> bytes:
    """The file's content, unpacked; with ``first`` only so many bytes of it.

    Raises:
        InputError: it cannot be read, or is larger than the limit.
    """
    packed = _is_packed(path)
    at_most = first if first is not None else -1 if limit is None else limit + 1
    try:
        with gzip.open(path) if packed else path.open("rb") as handle:
            data = handle.read(at_most)
    except (OSError, EOFError, zlib.error) as error:
        reason = "it is damaged, or not packed by gzip" if packed else "the system refuses to open it"
        raise InputError(f"{shown(path.name)} cannot be read: {reason}") from error
    if limit is not None and len(data) > limit:
        raise InputError(f"{shown(path.name)} is larger than the limit of {limit:,} bytes: give a smaller file or raise the limit")
    return data


def _is_packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _delimited(data: bytes, name: str, file_name: str, names: Collection[str], limit: int | None) -> RawTable:
    return read_delimited(data, name, file_name, names)


def _parquet(data: bytes, name: str, file_name: str, names: Collection[str], limit: int | None) -> RawTable:
    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(data))
        table = pa.Table.from_batches(within(file.iter_batches(), file_name, limit), file.schema_arrow)
        return from_arrow(table, name)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{shown(file_name)} is not a readable Parquet file: it is damaged or of another kind; write it again"
        ) from error


def _feather(data: bytes, name: str, file_name: str, names: Collection[str], limit: int | None) -> RawTable:
    try:
        table = pyarrow.feather.read_table(io.BytesIO(data))
        return from_arrow(pa.Table.from_batches(within(table.to_batches(), file_name, limit), table.schema), name)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{shown(file_name)} is not a readable Arrow file: it is damaged or of another kind; write it again"
        ) from error


def within(batches: Iterable[pa.RecordBatch], file_name: str, limit: int | None) -> Iterator[pa.RecordBatch]:
    """The batches of a packed file, as long as they are sound and do not unpack to more than the limit."""
    n_bytes = 0
    for batch in batches:
        batch.validate(full=True)  # a damaged file can hold lengths that lead out of memory
        n_bytes += batch.nbytes
        if limit is not None and n_bytes > limit:
            raise InputError(f"{shown(file_name)} unpacks to more than the limit of {limit:,} bytes: give less or raise the limit")
        yield batch


def _json_lines(data: bytes, name: str, file_name: str, names: Collection[str], limit: int | None) -> RawTable:
    records, problems = read_records(data, file_name)
    return from_records(records, name, tuple(problems))


def read_records(data: bytes, file_name: str) -> tuple[list[dict[str, Any]], list[Problem]]:
    """The objects of a file that holds one in every line.

    Raises:
        InputError: a line is no JSON object.
    """
    text, problems = utf8(data, file_name)
    records = []
    for number, line in enumerate(text.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise InputError(
                    f"line {number} of {shown(file_name)} is not valid JSON: every line has to be one object"
                ) from error
            if not isinstance(record, dict):
                raise InputError(f"line {number} of {shown(file_name)} is JSON but no object: every line has to be one {{...}}")
            records.append(record)
    return records, problems


READERS: dict[str, _Reader] = {
    ".csv": _delimited,
    ".tsv": _delimited,
    ".txt": _delimited,
    ".parquet": _parquet,
    ".pq": _parquet,
    ".feather": _feather,
    ".arrow": _feather,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}
