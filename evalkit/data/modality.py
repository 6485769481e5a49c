"""Which modality a source has, where the caller does not say. What could be a table is a table."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from evalkit.core.errors import EvalkitError
from evalkit.core.sample import Images, Series, Table, Texts
from evalkit.core.schema import Modality
from evalkit.data.dialect import share_in_columns
from evalkit.data.encodings import utf8
from evalkit.data.files import bytes_of, suffix_of
from evalkit.data.folders import candidates
from evalkit.data.kinds import find_kind
from evalkit.data.pictures import PICTURE_FILES

_HEAD_BYTES = 262_144
_ROWS_TO_JUDGE = 200
_MOST_ROWS_ODD = 0.2
_LONGEST_LABEL = 32
_BY_SUFFIX: dict[str, Modality] = {**dict.fromkeys(PICTURE_FILES, "images"), ".wav": "series", ".txt": "texts"}


def modality_of(source: Any) -> Modality:
    """Say what a source is.

    A ``.txt`` file is a table when four lines in five have as many cells as the first, or when it is one column of numbers, dates,
    yes and no, or short labels that repeat; otherwise it is one text. A ``.jsonl`` file holds texts when its objects have one key
    with writing in it. A list of strings does. Arrays with three or four axes are images. A folder is what
    the files in it are: images, else sound, else texts. Everything else is a table.

    >>> modality_of(["to be", "or not to be"]), modality_of([[1.0, 2.0]])
    ('texts', 'table')
    """
    if isinstance(source, Table | Texts | Images | Series):
        return source.schema.modality
    if isinstance(source, str | Path):
        return _of_path(Path(source))
    if isinstance(source, np.ndarray):
        return "images" if source.ndim in (3, 4) else "table"
    if isinstance(source, list | tuple) and source and all(isinstance(one, str) for one in source):
        return "texts"
    return "table"


def _of_path(path: Path) -> Modality:
    if path.is_dir():
        return _of_folder(path)
    suffix = suffix_of(path)
    if not path.exists():
        return "table"
    if suffix == ".txt":
        return "texts" if _is_prose(bytes_of(path, first=_HEAD_BYTES), path.name) else "table"
    if suffix in {".jsonl", ".ndjson"}:
        return "texts" if _is_one_text_a_line(bytes_of(path, first=_HEAD_BYTES)) else "table"
    return _BY_SUFFIX.get(suffix, "table")


def _of_folder(folder: Path) -> Modality:
    held = {_BY_SUFFIX[path.suffix.lower()] for path in candidates(folder, _BY_SUFFIX)}
    found: tuple[Modality, ...] = ("images", "series", "texts")
    return next((modality for modality in found if modality in held), "table")


def _is_prose(head: bytes, file_name: str) -> bool:
    try:
        text = utf8(head[: head.rfind(b"\n") + 1] or head, file_name)[0].decode().removeprefix("\ufeff")
    except EvalkitError:  # no text at all: the reader of tables says so
        return False
    if not text.strip() or share_in_columns(text) >= 1 - _MOST_ROWS_ODD:
        return False
    lines = [line.strip() for line in text.splitlines() if line.strip()][:_ROWS_TO_JUDGE]
    values = pa.array(lines[1:] or lines)
    labels = 2 * len(values.unique()) <= len(values) and max(map(len, lines)) <= _LONGEST_LABEL
    return not labels and find_kind("", values.cast(pa.large_string()))[0].kind not in {"number", "count", "boolean", "datetime"}


def _is_one_text_a_line(head: bytes) -> bool:
    lines = [line for line in head[: head.rfind(b"\n") + 1 or None].split(b"\n") if line.strip()][:_ROWS_TO_JUDGE]
    try:
        records = [json.loads(line) for line in lines]
    except (ValueError, RecursionError):  # the reader names the line
        return False
    if not records or not all(isinstance(record, dict) and list(record) == list(records[0]) for record in records):
        return False
    values = [value for record in records for value in record.values()]
    if len(records[0]) != 1 or not all(isinstance(value, str) for value in values):
        return False
    try:
        return find_kind(next(iter(records[0])), pa.array(values, pa.large_string()))[0].kind == "text"
    except UnicodeEncodeError:  # half a character: the reader names the row
        return False
