"""Files that are either whole or absent, and figures with a fixed number of digits."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError

SIGNIFICANT_DIGITS = 8


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Write to a temporary neighbour and move it into place at the end, so that a crash leaves the old file or the new one.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with whole_file(target) as temporary:
    ...     _ = temporary.write_text("done")
    >>> target.read_text()
    'done'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """As :func:`whole_file`, for a new folder: it appears with all its files, or not at all.

    Raises:
        InputError: something is there already.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "new"
    >>> with whole_folder(target) as temporary:
    ...     _ = (temporary / "a.txt").write_text("done")
    >>> (target / "a.txt").read_text()
    'done'
    """
    if folder.is_symlink() or folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise InputError(f"{folder.name} is there already: name a new folder or an empty one")
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    temporary.mkdir()
    try:
        yield temporary
        os.sync()  # once, not once for each of many files
        os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def significant(values: NDArray[np.float64], digits: int = SIGNIFICANT_DIGITS) -> NDArray[np.float64]:
    """Round to so many significant digits, so that what is written does not depend on the last bits of a sum.

    >>> [float(x) for x in significant(np.array([123456.789012, 0.0, 1e-300]))]
    [123456.79, 0.0, 1e-300]
    """
    return np.array([float(f"{value:.{digits}g}") for value in np.asarray(values, dtype=np.float64)])
