"""The names of a table's columns, from its beginning."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet

from evalkit.core.errors import EvalkitError
from evalkit.core.schema import Schema
from evalkit.data import load
from evalkit.run.uploads import Upload

_HEAD_BYTES = 2**20


def column_names(source: Path | Upload) -> list[str]:
    """The columns to choose from before the work begins.

    Returns:
        Their names in order; none where the file cannot be read, of which the run itself says why.
    """
    try:
        schema = _arrow_schema(source)
        return list(_of_head(source).names if schema is None else schema.names)
    except (EvalkitError, pa.ArrowException):
        return []


def label_columns(source: Path | Upload) -> list[str]:
    r"""Those that may hold labels, as far as the beginning of the file tells; none where it cannot be read.

    >>> from evalkit.run.uploads import Upload
    >>> label_columns(Upload("a.csv", b"size,colour\n" + b"1.5,red\n2.5,blue\n" * 20))
    ['colour']
    """
    try:
        schema = _arrow_schema(source)
        if schema is None:
            return [column.name for column in _of_head(source).columns if column.kind in ("category", "boolean")]
        return [field.name for field in schema if _holds_labels(field.type)]
    except (EvalkitError, pa.ArrowException):
        return []


def _arrow_schema(source: Path | Upload) -> pa.Schema | None:
    """Of files that say what their columns are."""
    name = source.name.lower()
    if name.endswith((".parquet", ".pq")):
        return pyarrow.parquet.read_schema(_opened(source))
    return pa.ipc.open_file(_opened(source)).schema if name.endswith((".feather", ".arrow")) else None


def _holds_labels(kind: pa.DataType) -> bool:
    return any(test(kind) for test in (pa.types.is_boolean, pa.types.is_string, pa.types.is_large_string, pa.types.is_dictionary))


def _of_head(source: Path | Upload) -> Schema:
    with TemporaryDirectory() as folder:
        return load(Upload(source.name, _head(source)).keep_in(Path(folder)), modality="table").schema


def _opened(source: Path | Upload) -> pa.NativeFile:
    return pa.OSFile(str(source)) if isinstance(source, Path) else pa.BufferReader(source.content)


def _head(source: Path | Upload) -> bytes:
    """The first megabyte, up to the end of a line."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    else:
        head = bytes(source.content[:_HEAD_BYTES])
    return head if len(head) < _HEAD_BYTES else head[: head.rfind(b"\n") + 1]
