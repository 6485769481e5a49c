"""Room for what may be larger than memory: arrays and texts that go to a temporary file once they are large.

The file has no name and disappears with the last array that uses it, also after a crash. It lies where ``TMPDIR`` says.
"""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray

from evalkit.core.errors import InputError
from evalkit.core.sample import RowNumbers

MEMORY_BYTES = 512 * 2**20
"""What is larger goes to disk."""

_BLOCK_BYTES = 16 * 2**20
_STRINGS = pa.schema([("text", pa.large_string())])


def room_for(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An array of zeros to be filled: in memory when it is small, in a temporary file when it is large.

    Raises:
        InputError: there is not so much room on the disk.

    >>> room_for((2, 3), np.uint8).shape
    (2, 3)
    """
    n_bytes = int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize
    if n_bytes <= MEMORY_BYTES:
        return np.zeros(shape, dtype=dtype)
    _require_room(n_bytes)
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, dtype=dtype, mode="w+", shape=shape)


def blocks(n: int, row_bytes: int) -> Iterator[slice]:
    """The rows 0 … n - 1 in pieces of about 16 MB.

    >>> list(blocks(5, 8 * 2**20))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max(1, _BLOCK_BYTES // max(row_bytes, 1))
    return (slice(start, min(start + step, n)) for start in range(0, n, step))


def taken(array: NDArray[Any], rows: RowNumbers) -> NDArray[Any]:
    """The given rows of an array; of many rows a copy that may lie on disk, of a slice a view.

    >>> taken(np.arange(6).reshape(3, 2), np.array([2, 0])).tolist()
    [[4, 5], [0, 1]]
    """
    if isinstance(rows, slice):
        return array[rows]
    chosen = np.arange(len(array))[rows]
    result = room_for((len(chosen), *array.shape[1:]), array.dtype)
    for block in blocks(len(chosen), result[:1].nbytes):
        result[block] = array[chosen[block]]
    return result


def spooled(batches: Iterable[pa.Array]) -> pa.ChunkedArray:
    """Texts that arrive in batches, as one column: in memory while they are few, in a memory-mapped file once they are many.

    Raises:
        InputError: there is not so much room on the disk.

    >>> spooled([pa.array(["a"], pa.large_string()), pa.array(["b", "c"], pa.large_string())]).to_pylist()
    ['a', 'b', 'c']
    """
    held: list[pa.Array] = []
    held_bytes = 0
    batches = iter(batches)
    for batch in batches:
        held.append(batch)
        held_bytes += batch.nbytes
        if held_bytes > MEMORY_BYTES:
            return _on_disk(held, batches)
    return pa.chunked_array(held, pa.large_string())


def _on_disk(held: list[pa.Array], batches: Iterator[pa.Array]) -> pa.ChunkedArray:
    with tempfile.NamedTemporaryFile() as file:
        with pa.ipc.new_file(file, _STRINGS) as writer:
            for some in (held, batches):
                for batch in some:
                    _require_room(batch.nbytes)
                    writer.write_batch(pa.record_batch([batch], schema=_STRINGS))
        file.flush()
        return pa.ipc.open_file(pa.memory_map(file.name)).read_all()["text"]


def _require_room(n_bytes: int) -> None:
    folder = tempfile.gettempdir()
    if n_bytes > shutil.disk_usage(folder).free:
        raise InputError(
            f"the data need {n_bytes / 2**30:.1f} GB on disk, more than is free in the folder for temporary files: "
            "give fewer rows or smaller ones, or set TMPDIR to another folder"
        )
