"""From a file's bytes to UTF-8."""

import re

from charset_normalizer import from_bytes

from evalkit.core.errors import InputError
from evalkit.core.sample import Problem
from evalkit.data.cells import shown

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_OTHER_FILES = (
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"PAR1", "a Parquet file"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SAMPLE_BYTES = 65_536
_FEW = 100  # below, a guess from the letters' frequencies is worth less than the commonest encoding


def utf8(data: bytes, file_name: str) -> tuple[bytes, list[Problem]]:
    """The file's text as UTF-8, and a Problem when its encoding had to be guessed.

    UTF-8, and UTF-16 and UTF-32 with their byte-order mark (UTF-16 without it too), are certain. Anything else is guessed from
    the bytes.

    Raises:
        InputError: the bytes are no text.
    """
    for start, what in _OTHER_FILES:
        if data.startswith(start):
            raise InputError(f"{shown(file_name)} is {what}, not delimited text: save it as CSV or name it by what it is")
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data, encoding, file_name), []
    if (wide := _utf16_without_mark(data)) is not None:
        return _decoded(data, wide, file_name), []
    _refuse_binary(data, file_name)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        encoding = _guessed(data, file_name)
        what = f"the file is not UTF-8: read as {encoding}, a guess; save it as UTF-8 if letters look wrong"
        return _decoded(data, encoding, file_name), [Problem(what=what)]
    return data, []


def _decoded(data: bytes, encoding: str, file_name: str) -> bytes:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(f"{shown(file_name)} is not valid {encoding.upper()} in line {line}: save it as UTF-8") from error
    result = text.encode("utf-8")
    _refuse_binary(result, file_name)
    return result


def _utf16_without_mark(data: bytes) -> str | None:
    """Latin text in UTF-16 has a zero in every other byte."""
    head = data[:4096]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if min(even, odd) or max(even, odd) < 0.4 * len(head) / 2:
        return None
    return "utf-16-be" if even else "utf-16-le"


def _refuse_binary(data: bytes, file_name: str) -> None:
    if (found := _CONTROL.search(data)) is not None:
        line = data[: found.start()].count(b"\n") + 1
        raise InputError(
            f"{shown(file_name)} holds bytes that no text has, first in line {line}: it is not a text file, or it is damaged"
        )


def _guessed(data: bytes, file_name: str) -> str:
    telling = b"\n".join(line for line in data.splitlines() if not line.isascii())[:_SAMPLE_BYTES]
    high = sum(byte > 127 for byte in telling)
    letters = sum(65 <= byte <= 90 or 97 <= byte <= 122 for byte in telling)
    if high < _FEW and high < letters and _reads(data, "cp1252"):
        return "cp1252"
    best = from_bytes(telling).best()
    if best is None or not _reads(data, best.encoding):
        if _reads(data, "cp1252"):
            return "cp1252"
        raise InputError(f"the encoding of {shown(file_name)} could not be found out: save it as UTF-8")
    same = _reads(telling, "cp1252") and telling.decode("cp1252") == str(best)
    return "cp1252" if same and _reads(data, "cp1252") else best.encoding


def _reads(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
