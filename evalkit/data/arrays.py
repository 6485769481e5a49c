"""Arrays in files: .npy, .npz and the idx format of MNIST. Nothing in them is ever run."""

import lzma
import math
import re
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError
from evalkit.data.cells import shown
from evalkit.data.files import bytes_of, require_file, suffix_of

ARRAY_FILES = (".npy", ".npz")
UNPACKED_BYTES = 4 * 2**30
"""What a packed file may unpack to, unless the caller allows more: such an array has to lie in memory."""

IDX = re.compile(r"idx\d[-.]ubyte(\.gz)?$", re.IGNORECASE)
_IDX_BYTES = 0x08
# MemoryError and OverflowError: a header may claim any shape.
_DAMAGED = (
    *(OSError, EOFError, ValueError, TypeError, KeyError, SyntaxError, MemoryError, OverflowError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, tokenize.TokenError),
)


def is_array_file(path: Path) -> bool:
    """Whether the name is that of an array.

    >>> is_array_file(Path("train-images-idx3-ubyte.gz")), is_array_file(Path("a.npz")), is_array_file(Path("a.csv"))
    (True, True, False)
    """
    return path.suffix.lower() in ARRAY_FILES or IDX.search(path.name) is not None


def read_array(path: Path, limit_bytes: int | None = None) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The array of a file, and labels of its rows where the file holds some.

    A .npy file is mapped into memory and read as it is needed. Of a .npz file the array ``images``, ``series`` or ``table`` is
    read, or the only one that is not called ``captions`` or ``labels``. Labels of an idx file ``…images-idx3-ubyte`` are looked for
    beside it in ``…labels-idx1-ubyte``.

    Raises:
        InputError: it is damaged, holds Python objects, is too large, or several arrays could be meant.
    """
    require_file(path)
    if limit_bytes is not None and path.stat().st_size > limit_bytes:
        raise InputError(
            f"{shown(path.name)} is larger than the limit of {limit_bytes:,} bytes: give a smaller file or raise the limit"
        )
    suffix = suffix_of(path)
    if suffix == ".npz":
        return _from_npz(path, limit_bytes)
    if suffix == ".npy":
        return _from_npy(path), None
    labels = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    beside = labels != path and labels.is_file()
    return _from_idx(path, limit_bytes), _from_idx(labels, limit_bytes) if beside else None


def _from_npy(path: Path) -> NDArray[Any]:
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except _DAMAGED as error:
        raise _refused(path) from error


def _from_npz(path: Path, limit_bytes: int | None) -> tuple[NDArray[Any], NDArray[Any] | None]:
    try:
        with zipfile.ZipFile(path) as archive:
            n_bytes = sum(entry.file_size for entry in archive.infolist())
        if n_bytes > (limit_bytes or UNPACKED_BYTES):
            raise InputError(
                f"{shown(path.name)} unpacks to more than {limit_bytes or UNPACKED_BYTES:,} bytes: save the array as .npy, "
                "which need not fit into memory"
            )
        with np.load(path, allow_pickle=False) as arrays:
            chosen, labels = _chosen(arrays.files, path.name)
            found = arrays[chosen], None if labels is None else arrays[labels]
        if not all(one is None or isinstance(one, np.ndarray) for one in found) or (found[1] is not None and not found[1].ndim):
            raise ValueError("a member of the archive is no array, or holds one label for all rows")
        return found
    except _DAMAGED as error:
        if isinstance(error, InputError):
            raise
        raise _refused(path) from error


def _chosen(names: list[str], file_name: str) -> tuple[str, str | None]:
    labels = next((name for name in ("captions", "labels") if name in names), None)
    named = [name for name in names if name in {"images", "series", "table"}]
    others = named or [name for name in names if name != labels]
    if len(others) != 1:
        listed = ", ".join(map(shown, names[:5])) or "none"
        raise InputError(
            f"{shown(file_name)} must hold one array, or one called images, series or table, found {listed}: save the array alone"
        )
    return others[0], labels


def _from_idx(path: Path, limit_bytes: int | None) -> NDArray[np.uint8]:
    data = bytes_of(path, limit_bytes or UNPACKED_BYTES)
    try:
        zeros, kind, n_axes = struct.unpack_from(">HBB", data)
        shape = struct.unpack_from(f">{n_axes}I", data, 4)
        if zeros or kind != _IDX_BYTES or not n_axes or math.prod(shape) != len(data) - 4 - 4 * n_axes:
            raise ValueError("the header does not fit the data")
        return np.frombuffer(data, dtype=np.uint8, offset=4 + 4 * n_axes).reshape(shape)
    except (struct.error, ValueError) as error:  # NumPy has 64 axes at most
        raise _refused(path) from error


def _refused(path: Path) -> InputError:
    return InputError(
        f"{shown(path.name)} is not a readable array of numbers: it is damaged, of another kind, or holds Python objects, "
        "which are never loaded; save plain numbers"
    )
