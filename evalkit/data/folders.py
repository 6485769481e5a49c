"""The files of a folder, in an order that does not depend on the machine."""

from collections.abc import Collection, Iterator
from pathlib import Path

from evalkit.core.errors import InputError
from evalkit.data.cells import shown

MOST_FILES = 1_000_000


def lies_in(path: Path, root: Path) -> bool:
    """Whether it is a file of the folder, whose path is resolved, and no link that leads out of it."""
    return path.is_file() and path.resolve().is_relative_to(root)


def candidates(folder: Path, suffixes: Collection[str]) -> Iterator[Path]:
    """Files below a folder with one of these suffixes, in any order; hidden ones and links that lead out of it are left aside."""
    root = folder.resolve()
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.suffix.lower() in suffixes and lies_in(path, root):
            yield path


def files_in(folder: Path, suffixes: Collection[str], limit_bytes: int | None = None) -> list[Path]:
    """Files below a folder with one of these suffixes, sorted by path; hidden ones and links that lead out of it are left aside.

    Raises:
        InputError: there are none, too many, or together they are larger than the limit.
    """
    found: list[Path] = []
    n_bytes = 0
    for path in candidates(folder, suffixes):
        found.append(path)
        n_bytes += path.stat().st_size
        if len(found) > MOST_FILES:
            raise InputError(f"the folder {shown(folder.name)} holds more than {MOST_FILES:,} files: give a part of them")
        if limit_bytes is not None and n_bytes > limit_bytes:
            raise InputError(
                f"the folder {shown(folder.name)} is larger than the limit of {limit_bytes:,} bytes: "
                "give fewer files or raise the limit"
            )
    if not found:
        raise InputError(
            f"the folder {shown(folder.name)} holds no file with {', '.join(suffixes)}: name a folder that does, or a file"
        )
    return sorted(found, key=lambda path: path.relative_to(folder).parts)
