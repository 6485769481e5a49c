"""The names of a table's columns, from its beginning."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet

from evalkit.core.errors import EvalkitError
from evalkit.data import load
from evalkit.run.uploads import Upload

_HEAD_BYTES = 2**20


def column_names(source: Path | Upload) -> list[str]:
    """The columns to choose from before the work begins.

    Returns:
        Their names in order; none where the file cannot be read, of which the run itself says why.
    """
    name = source.name
    try:
        if name.lower().endswith((".parquet", ".pq")):
            return list(pyarrow.parquet.read_schema(_opened(source)).names)
        if name.lower().endswith((".feather", ".arrow")):
            return list(pa.ipc.open_file(_opened(source)).schema.names)
        head = _head(source)
        with TemporaryDirectory() as folder:
            return list(load(Upload(name, head).keep_in(Path(folder)), modality="table").schema.names)
    except (EvalkitError, pa.ArrowException):
        return []


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
