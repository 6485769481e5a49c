"""How a delimited file is written: its delimiter, and whether its first row names the columns."""

import csv
import io
from collections import Counter
from collections.abc import Collection
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from evalkit.core.errors import InputError
from evalkit.data.cells import shown, tidy
from evalkit.data.dates import read_moments
from evalkit.data.typed import NUMBER_OR_INFINITE

NO_DELIMITER = "\x1f"
_DELIMITERS = ("\t", ";", "|", ",")  # on a tie the rarer sign wins: commas also stand in numbers and in sentences
_RECORDS = 200
_CHARACTERS = 1_000_000
_CONSISTENT = 0.8


def find_delimiter(text: str, names: Collection[str], file_name: str) -> tuple[str, int]:
    """The delimiter and the number of columns.

    Args:
        text: the beginning of the file.
        names: column names of the reference, empty without one: the delimiter that finds most of them in the first row wins.
        file_name: for messages.

    >>> find_delimiter(chr(10).join(["a;b", "1,5;2"]), (), "x.csv")
    (';', 2)
    """
    widths = {delimiter: [len(record) for record in _records(text, delimiter)] for delimiter in (*_DELIMITERS, NO_DELIMITER)}
    if not any(widths.values()):
        raise InputError(f"{shown(file_name)} is empty: a header and rows are needed")
    if names:
        firsts = {delimiter: _records(text, delimiter)[:1] for delimiter in (NO_DELIMITER, *_DELIMITERS)}
        matches = {
            delimiter: len(set(names) & {cell.strip() for cell in first[0]}) if first else 0 for delimiter, first in firsts.items()
        }
        best = max(matches, key=lambda delimiter: matches[delimiter])
        if matches[best]:
            return best, widths[best][0]
    candidates = {delimiter: found for delimiter in _DELIMITERS if (found := _consistency(widths[delimiter])) is not None}
    if not candidates:
        return NO_DELIMITER, 1
    best = max(candidates, key=lambda delimiter: candidates[delimiter][0])
    return best, candidates[best][1]


def share_in_columns(text: str) -> float:
    """The largest share of lines that one sign splits into as many cells as the first; 0 when no sign does, or of one line.

    >>> share_in_columns(chr(10).join(["a;b", "1;2"])), share_in_columns("One line, with a comma.")
    (1.0, 0.0)
    """
    widths = [[len(record) for record in _records(text, delimiter)] for delimiter in _DELIMITERS]
    return max(found[0] if len(one) > 1 and (found := _consistency(one)) is not None else 0.0 for one in widths)


def _consistency(widths: list[int]) -> tuple[float, int] | None:
    """The share of records that have the expected width, and that width; None when the sign does not delimit."""
    if not widths:
        return None
    usual = Counter(widths).most_common(1)[0][0]
    expected = widths[0] if widths[0] > 1 else usual
    share = widths.count(expected) / len(widths)
    if expected == 1 or (widths[0] == 1 and share < _CONSISTENT):
        return None
    return share, expected


def _records(text: str, delimiter: str) -> list[list[str]]:
    cut = len(text) >= _CHARACTERS
    records: list[list[str]] = []
    try:
        for record in islice(csv.reader(io.StringIO(text[:_CHARACTERS], newline=""), delimiter=delimiter), _RECORDS):
            if record and any(record):
                records.append(record)
    except csv.Error:  # a cell too long for the sniffer; what came before it decides
        return records
    return records[:-1] if cut and 1 < len(records) < _RECORDS else records


def has_header(columns: list[pa.Array], names: Collection[str]) -> bool:
    """Whether the first row names the columns.

    With a reference: whether any of its names stands there. Without, each column votes: for a header, where a word stands above
    numbers or dates, or a new word above a few that repeat; against, where a number or a date stands there, or a word that comes
    again below. A tie is a header, and so is 0, 1, 2, … as pandas names columns.

    Args:
        columns: large_string cells, the first row included.
        names: column names of the reference, or none.
    """
    first = [(column[0].as_py() or "").strip() for column in columns]
    if names:
        return bool(set(names) & set(first)) or not all(name == f"column_{i}" for i, name in enumerate(names, 1))
    if len(first) > 1 and [cell for cell in first if cell] in ([str(i) for i in range(n)] for n in (len(first), len(first) - 1)):
        return True
    votes = [_vote(cell, column.slice(1, 1000)) for cell, column in zip(first, columns, strict=True)]
    return sum(votes) >= 0


def _vote(cell: str, below: pa.Array) -> int:
    if _is_measured(pa.array([cell], pa.large_string())):
        return -1
    rest = tidy(below).drop_null()
    if len(rest) and _is_measured(rest):
        return 1 if cell else 0
    if cell and pc.any(pc.equal(rest, cell)).as_py():
        return -1
    return int(bool(cell) and 2 * len(rest.unique()) <= len(rest))


def _is_measured(text: pa.Array) -> bool:
    """Whether every cell is a number or a date."""
    if pc.all(pc.match_substring_regex(text, NUMBER_OR_INFINITE)).as_py():
        return True
    return bool(read_moments(text, day_first=True).readable.all() or read_moments(text, day_first=False).readable.all())
