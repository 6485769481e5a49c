"""A row of a table of votes: our own form, or columns rater, item, left, right, outcome."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, get_args

from pydantic_core import from_json

from evalkit.core.errors import InputError
from evalkit.study.tasks import PAIRWISE_OUTCOMES, TASKS, TaskName

TABLE_COLUMNS = ("rater", "item", "outcome")
_WHY_NOT = ("practice", "check", "surplus", "undone", "withdrawn")
_LATEST = 4_102_444_800.0  # the year 2100, in seconds


class Read(NamedTuple):
    """A vote as a file tells it; ``key`` is None where the file gives none."""

    where: str
    key: str | None
    rater: str
    item: str
    shown: tuple[str, ...]
    task: TaskName
    answer: dict[str, Any]
    at: int | None = None
    seconds: float | None = None
    rationale: str | None = None
    served_probability: float = 1.0
    not_counted: str | None = None
    texts: tuple[str, ...] | None = None
    prompt: str | None = None


def table_vote(row: Mapping[str, Any], where: str) -> Read:
    """A row of a table; ``shown`` and ``outcome`` are JSON where the task is not pairwise.

    Raises:
        InputError: a cell is none; the sentence names row and column.
    """
    task = _task(row, where)
    shown = _shown(row, where, task)
    answer: dict[str, Any] = {"choice": _outcome(row, where)} if task == "pairwise" else _object(row, "outcome", where)
    if text(row, "attributes") is not None:
        answer["attributes"] = _object(row, "attributes", where)
    why = text(row, "not_counted")
    if why is not None and why not in _WHY_NOT:
        raise InputError(f"{where}, column not_counted: it is empty or one of {', '.join(_WHY_NOT)}")
    texts = (text(row, "left_text"), text(row, "right_text"))
    probability = number(row, "served_probability", where)
    if probability is not None and not 0 < probability <= 1:
        raise InputError(f"{where}, column served_probability: it lies above 0 and is at most 1")
    return Read(
        where,
        _key(row, where),
        needed(row, "rater", where),
        needed(row, "item", where),
        shown,
        task,
        answer,
        time(row, "at", where),
        seconds(row, "seconds", where),
        text(row, "rationale"),
        1.0 if probability is None else probability,
        why,
        None if task != "pairwise" or texts == (None, None) else (texts[0] or "", texts[1] or ""),
        text(row, "prompt"),
    )


def _key(row: Mapping[str, Any], where: str) -> str | None:
    key = text(row, "vote")
    if key is not None and not (8 <= len(key) <= 64 and key.isascii() and key.replace("-", "").replace("_", "").isalnum()):
        raise InputError(f"{where}, column vote: a vote's key has 8 to 64 letters, digits, - or _")
    return key


def _task(row: Mapping[str, Any], where: str) -> TaskName:
    task = text(row, "task") or "pairwise"
    if task not in get_args(TaskName):
        raise InputError(f"{where}, column task: it is one of {', '.join(TASKS)}")
    return task  # type: ignore[return-value]


def _shown(row: Mapping[str, Any], where: str, task: TaskName) -> tuple[str, ...]:
    if task == "pairwise" and "left" in row and "right" in row:
        return needed(row, "left", where), needed(row, "right", where)
    names = _parsed(row, "shown", where)
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise InputError(f"{where}, column shown: it is a JSON list of the generators in the order of the screen")
    return tuple(names)


def _outcome(row: Mapping[str, Any], where: str) -> str:
    outcome = needed(row, "outcome", where)
    if outcome not in PAIRWISE_OUTCOMES:
        raise InputError(f"{where}, column outcome: it is one of {', '.join(PAIRWISE_OUTCOMES)}")
    return outcome


def _object(row: Mapping[str, Any], column: str, where: str) -> dict[str, Any]:
    found = _parsed(row, column, where)
    if not isinstance(found, dict):
        raise InputError(f"{where}, column {column}: it is a JSON object")
    return found


def _parsed(row: Mapping[str, Any], column: str, where: str) -> Any:
    found = row.get(column)
    if isinstance(found, list | dict):
        return found
    try:
        return from_json(needed(row, column, where), allow_inf_nan=False)
    except ValueError as error:
        raise InputError(f"{where}, column {column}: it is not valid JSON") from error


def text(row: Mapping[str, Any], column: str) -> str | None:
    """A cell as text; None where it is missing or empty."""
    cell = row.get(column)
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return (cell if isinstance(cell, str) else str(cell)).strip() or None


def needed(row: Mapping[str, Any], column: str, where: str) -> str:
    """A cell that may not be empty."""
    cell = text(row, column)
    if cell is None:
        raise InputError(f"{where}, column {column}: it is empty")
    return cell


def number(row: Mapping[str, Any], column: str, where: str) -> float | None:
    """A cell as a finite number; None where it is empty."""
    cell = row.get(column)
    if cell is None or cell == "":
        return None
    try:
        found = float(cell)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}, column {column}: it is no number") from error
    if math.isnan(found) and not isinstance(cell, str):
        return None
    if not math.isfinite(found):
        raise InputError(f"{where}, column {column}: it is no finite number")
    return found


def seconds(row: Mapping[str, Any], column: str, where: str) -> float | None:
    """A time on task."""
    found = number(row, column, where)
    if found is not None and not 0 <= found < 1e7:
        raise InputError(f"{where}, column {column}: it is a number of seconds")
    return found


def time(row: Mapping[str, Any], column: str, where: str) -> int | None:
    """A moment in milliseconds since 1970: seconds since then, or a date and time; without a zone it is UTC."""
    cell = row.get(column)
    if cell is None or cell == "":
        return None
    if isinstance(cell, datetime):
        moment: datetime | None = cell
    else:
        try:
            moment = datetime.fromisoformat(cell.strip()) if isinstance(cell, str) and not _is_number(cell) else None
        except ValueError as error:
            raise InputError(f"{where}, column {column}: it is no date and time") from error
    since = number(row, column, where) if moment is None else _since(moment)
    if since is None:
        return None
    if not 0 <= since <= _LATEST:
        raise InputError(f"{where}, column {column}: it is no time between 1970 and 2100")
    return round(since * 1000)


def _since(moment: datetime) -> float:
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
