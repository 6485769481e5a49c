"""What a column is, judged by its name and its cells. Whoever knows better says so with ``kinds=``."""

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from evalkit.core.sample import Problem
from evalkit.core.schema import Column, Kind
from evalkit.data.cells import first_row, is_text
from evalkit.data.dates import day_first_in, read_moments
from evalkit.data.typed import FALSE_WORDS, NUMBER_OR_INFINITE, TRUE_WORDS, numbers

NAMES_A_ROW = re.compile(
    r"(^|[\W_])(id|uuid|guid|key|idx|index|row|rowid|nr|no|number|nummer|serial)$|^id([\W_]|$)|[a-z](Id|ID|Uuid|UUID|Key|Nr|No)$"
)
_NAMES_A_CODE = re.compile(
    r"(^|[\W_])(id|code|zip|zipcode|postcode|postal|plz|type|class|category|status|group|cluster|label|key)$|[a-z](Id|ID|Code|Type|Class|Status)$",
)
_UUID_OR_HASH = r"^(?i:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,})$"
_FEWEST_FOR_FORM = 20  # below, "all different and alike in form" happens by chance
_FEWEST_FOR_SEQUENCE = 10
_LARGEST_COUNT = 10_000
_MOST_LABELS = 64


@dataclass(frozen=True)
class _Evidence:
    """What the rules look at: all cells, and the distinct ones among those that are there."""

    name: str
    cells: pa.Array
    distinct: pa.Array

    @property
    def n_present(self) -> int:
        return len(self.cells) - int(self.cells.null_count)

    @property
    def names_every_row(self) -> bool:
        return len(self.distinct) == len(self.cells)


def find_kind(name: str, cells: pa.Array) -> tuple[Column, list[Problem]]:
    """Say what a column is.

    Args:
        name: the column's name; it decides where the cells alone cannot (a number that is a code, a value that names the row).
        cells: plain cells, see :mod:`evalkit.data.cells`.

    Returns:
        The column, and what the user should know about the decision.

    >>> find_kind("paid", pa.array(["yes", "no", "yes"], pa.large_string()))[0].kind
    'boolean'
    """
    evidence = _Evidence(name, cells, cells.drop_null().unique())
    if not evidence.n_present:
        # Floats stay numbers; of an empty text column nothing is known, and a category takes any later value as a new one.
        return Column(name=name, kind="number" if pa.types.is_floating(cells.type) else "category"), []
    if pa.types.is_boolean(cells.type):
        return Column(name=name, kind="boolean"), []
    if pa.types.is_timestamp(cells.type):
        return Column(name=name, kind="datetime"), []
    if is_text(cells):
        return _kind_of_text(evidence)
    return Column(name=name, kind=_kind_of_numbers(evidence)), []


def with_kind(name: str, cells: pa.Array, kind: Kind) -> tuple[Column, list[Problem]]:
    """A column whose kind the user names; of a date-time it still has to be found out which part is the day."""
    if kind == "datetime" and is_text(cells):
        return _datetime(name, cells.drop_null())
    return Column(name=name, kind=kind), []


def _kind_of_text(evidence: _Evidence) -> tuple[Column, list[Problem]]:
    distinct = evidence.distinct
    numeric = pc.match_substring_regex(distinct, NUMBER_OR_INFINITE)
    if pc.all(numeric).as_py():
        return Column(name=evidence.name, kind=_kind_of_numbers(evidence)), []
    if _is_yes_or_no(distinct):
        return Column(name=evidence.name, kind="boolean"), []
    if _are_dates(distinct):
        return _datetime(evidence.name, distinct)
    kind: Kind = "identifier" if _is_identifier(evidence) else "text" if _is_free_writing(evidence) else "category"
    return Column(name=evidence.name, kind=kind), _nearly_numbers(evidence)


def _kind_of_numbers(evidence: _Evidence) -> Kind:
    values = numbers(evidence.cells, Column(name=evidence.name, kind="number"))
    values = values[~np.isnan(values)]
    padded = is_text(evidence.cells) and pc.any(pc.match_substring_regex(evidence.distinct, r"^[+-]?0\d")).as_py()
    whole = bool((values == np.floor(values)).all())
    if whole and evidence.names_every_row and (NAMES_A_ROW.search(evidence.name) or _counts_the_rows(values)):
        return "identifier"
    if whole and (padded or _NAMES_A_CODE.search(evidence.name)):
        return "category"
    low, high = float(values.min()), float(values.max())
    if whole and (low, high) == (0.0, 1.0):
        return "boolean"
    # A count starts near nothing: years and the like lie far from 0 and are measured, not counted.
    return "count" if whole and low >= 0 and high <= _LARGEST_COUNT and 2 * low <= high and low < high else "number"


def _counts_the_rows(values: NDArray[np.float64]) -> bool:
    return len(values) >= _FEWEST_FOR_SEQUENCE and values[0] in (0.0, 1.0) and bool((np.diff(values) == 1.0).all())


def _is_yes_or_no(distinct: pa.Array) -> bool:
    words = set(pc.utf8_lower(distinct).unique().to_pylist()) if len(distinct) <= 6 else set()
    return any(words == {true, false} for true, false in zip(TRUE_WORDS, FALSE_WORDS, strict=True))


def _are_dates(distinct: pa.Array) -> bool:
    for text in (distinct.slice(0, 100), distinct):
        if not any(bool(read_moments(text, day_first=order).readable.all()) for order in (False, True)):
            return False
    return True


def _datetime(name: str, text: pa.Array) -> tuple[Column, list[Problem]]:
    day_first = day_first_in(text)
    what = "is a date in which day and month cannot be told apart: read as month/day/year; write 2026-12-31 to be sure"
    problems = [Problem(what=what, column=name)] if day_first is None else []
    return Column(name=name, kind="datetime", day_first=bool(day_first)), problems


def _is_identifier(evidence: _Evidence) -> bool:
    if not evidence.names_every_row:
        return False
    if NAMES_A_ROW.search(evidence.name):
        return True
    if len(evidence.cells) < _FEWEST_FOR_FORM:
        return False
    if pc.all(pc.match_substring_regex(evidence.distinct, _UUID_OR_HASH)).as_py():
        return True
    form = pc.replace_substring_regex(pc.replace_substring_regex(evidence.distinct, r"\d", "9"), r"[A-Za-z]", "a").unique()
    return len(form) == 1 and "9" in form[0].as_py() and " " not in form[0].as_py()


def _is_free_writing(evidence: _Evidence) -> bool:
    share = len(evidence.distinct) / evidence.n_present
    words = pc.mean(pc.count_substring_regex(evidence.distinct, r"\S+")).as_py()
    length = pc.mean(pc.utf8_length(evidence.distinct)).as_py()
    if len(evidence.distinct) > _MOST_LABELS:
        return bool(share > 0.5 or words >= 3 or length >= 25)
    return bool(share > 0.5 and (words >= 5 or length >= 40))


def _nearly_numbers(evidence: _Evidence) -> list[Problem]:
    """Warn of a column of numbers that a few stray words have turned into labels."""
    stray = pc.invert(pc.match_substring_regex(evidence.cells, NUMBER_OR_INFINITE)).fill_null(False).to_numpy(zero_copy_only=False)
    n_stray = int(stray.sum())
    if n_stray > 0.1 * evidence.n_present:
        return []
    what = f"holds numbers in all but {n_stray} rows and is therefore read as labels: correct row {first_row(stray)} first"
    return [Problem(what=what, column=evidence.name, rows=n_stray)]
