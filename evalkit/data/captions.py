"""What the images of a folder show: from a list, from texts beside them, or from the folders that they lie in."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from evalkit.core.errors import SchemaError
from evalkit.core.sample import Problem
from evalkit.data.delimited import split_delimited
from evalkit.data.encodings import utf8
from evalkit.data.files import bytes_of
from evalkit.data.folders import lies_in

CAPTION_LISTS = ("captions.csv", "metadata.csv")
LONGEST_CAPTION = 100_000
"""In bytes, of a .txt file beside an image."""

_FILE_TITLES = ("file_name", "filename", "file", "image", "path", "name")
_CAPTION_TITLES = ("caption", "text", "label", "class")


def captions_of(folder: Path, names: Sequence[str]) -> tuple[tuple[str, ...] | None, list[Problem]]:
    """The images' captions, or None where there are none; an image without one has an empty one and a Problem says so.

    Args:
        folder: its ``captions.csv`` or ``metadata.csv`` (a column with the file's name and one with the caption) comes first, then
            a ``.txt`` file with the name of an image, then the name of the subfolder, where every image lies in one.
        names: the images' paths below the folder, with ``/``.

    Raises:
        SchemaError: the list has no such columns.
    """
    root = folder.resolve()
    listed = next((folder / name for name in CAPTION_LISTS if lies_in(folder / name, root)), None)
    if listed is not None:
        found = _listed(listed)
    else:
        beside = {name: (folder / name).with_suffix(".txt") for name in names}
        found = {name: _text(path) for name, path in beside.items() if lies_in(path, root)}
    if not found and all("/" in name for name in names):
        found = {name: name.rpartition("/")[0] for name in names}
    if not found:
        return None, []
    return tuple(found.get(name, "") for name in names), _problems(found, names, in_a_list=listed is not None)


def _listed(path: Path) -> dict[str, str]:
    cells, _, _ = split_delimited(bytes_of(path), path.name, ())
    file_title = next((title for title in _FILE_TITLES if title in cells), None)
    caption_title = next((title for title in _CAPTION_TITLES if title in cells), None)
    if file_title is None or caption_title is None:
        raise SchemaError(
            f"{path.name} must have a column file and a column caption, found {', '.join(map(repr, list(cells)[:5]))}: rename them"
        )
    names = (name.replace("\\", "/").removeprefix("./") for name in cells[file_title].to_pylist())
    return dict(zip(names, cells[caption_title].to_pylist(), strict=True))


def _text(path: Path) -> str:
    data, _ = utf8(bytes_of(path, LONGEST_CAPTION), path.name)
    return data.decode().removeprefix("\ufeff").strip()


def _problems(found: Mapping[str, str], names: Sequence[str], *, in_a_list: bool) -> list[Problem]:
    problems = []
    if n_without := sum(not found.get(name) for name in names):
        problems.append(Problem(what="have no caption", column="caption", rows=n_without))
    if in_a_list and (n_absent := len(set(found) - set(names))):
        problems.append(Problem(what="are in the list of captions and not among the images", column="caption", rows=n_absent))
    return problems
