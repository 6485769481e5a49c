"""Files of votes as they come from elsewhere: our own tables, Label Studio's JSON, battle logs of chat arenas."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic_core import from_json

from evalkit.core.errors import InputError
from evalkit.data.delimited import split_delimited
from evalkit.data.files import bytes_of, read_records, require_file
from evalkit.run.battles import BATTLE_COLUMNS, battle
from evalkit.run.label_studio import Fields, annotations, is_label_studio
from evalkit.run.vote_rows import TABLE_COLUMNS, Read, table_vote
from evalkit.study import StudyDesign
from evalkit.study.board import BroughtVote
from evalkit.study.bringing import content_key
from evalkit.study.tasks import TaskName

Format = Literal["auto", "table", "label-studio", "battles"]
FORMATS: dict[Format, str] = {
    "auto": "found out",
    "table": "columns rater, item, left, right, outcome, or what evalkit ratings export wrote",
    "label-studio": "Label Studio's JSON export of pairwise choices or ratings",
    "battles": "model_a, model_b, winner, judge, as chat arenas publish them",
}
MOST_BYTES = 2_000_000_000


class VoteFile(NamedTuple):
    """What a file holds: votes, how they were asked, and what the reader noticed, a sentence each."""

    votes: list[BroughtVote]
    design: StudyDesign
    notes: list[str]


def read_votes(path: Path, form: Format = "auto", fields: Fields | None = None) -> VoteFile:
    """Read a file of votes.

    Args:
        path: ``.csv``, ``.jsonl``, ``.parquet`` or ``.json``.
        form: one of :data:`FORMATS`.
        fields: where a Label Studio task says what stood left and right; by default found out.

    Raises:
        InputError: it cannot be read, or a row is no vote; the sentence names row and column.
    """
    records = _records(path)
    form = _form(records, path) if form == "auto" else form
    if form == "label-studio":
        read, notes = annotations(records, fields or Fields())
    else:
        columns, row_of = (BATTLE_COLUMNS, battle) if form == "battles" else (TABLE_COLUMNS, table_vote)
        _need(records, columns, path)
        read, notes = [row_of(record, f"row {i}") for i, record in enumerate(records, 1)], []
    if not read:
        raise InputError(f"{path.name[:60]} holds no votes")
    return VoteFile(_votes(read), _design(read), notes)


def _records(path: Path) -> list[dict[str, Any]]:
    """A file's rows as they stand in it."""
    require_file(path)
    data, ending = bytes_of(path, MOST_BYTES), path.suffix.lower()
    if ending in (".jsonl", ".ndjson"):
        return read_records(data, path.name)[0]
    if ending == ".parquet":
        try:
            rows: list[dict[str, Any]] = pq.read_table(pa.BufferReader(data)).to_pylist()
        except pa.ArrowException as error:
            raise InputError(f"{path.name[:60]} is damaged, or no Parquet file") from error
        return rows
    if ending == ".json":
        return _json(data, path)
    if ending in (".csv", ".tsv"):
        names = {*TABLE_COLUMNS, *BATTLE_COLUMNS}
        columns = {name: column.to_pylist() for name, column in split_delimited(data, path.name, names)[0].items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    raise InputError(f"{path.name[:60]} is no file of votes: give .csv, .jsonl, .parquet or .json")


def _json(data: bytes, path: Path) -> list[dict[str, Any]]:
    try:
        records = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise InputError(f"{path.name[:60]} is not valid JSON: {error}") from error
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise InputError(f"{path.name[:60]} has to hold a list of objects, one a vote or one a task")
    return records


def _form(records: list[dict[str, Any]], path: Path) -> Format:
    """What kind of file it is, by its first row."""
    first = records[0] if records else {}
    if is_label_studio(first):
        return "label-studio"
    if "winner" in first and "model_a" in first:
        return "battles"
    if "outcome" in first:
        return "table"
    raise InputError(f"{path.name[:60]} is of no form that is known: give columns rater, item, left, right, outcome; see --format")


def _need(records: list[dict[str, Any]], columns: tuple[str, ...], path: Path) -> None:
    absent = [column for column in columns if records and column not in records[0]]
    if absent:
        raise InputError(f"{path.name[:60]} needs a column {absent[0]}: {', '.join(columns)}")


def _votes(read: list[Read]) -> list[BroughtVote]:
    """Votes with their keys; the same row twice in one file is two votes."""
    times, texts = Counter[str](), dict[tuple[str, str], str]()
    votes = []
    for one in read:
        key = one.key
        if key is None:
            content = content_key(one.rater, one.item, one.shown, sorted(one.answer.items()), one.at, one.seconds, one.rationale)
            times[content] += 1
            key = content if times[content] == 1 else content_key(content, times[content])
        votes.append(_vote(one, key, texts))
    return votes


def _vote(one: Read, key: str, texts: dict[tuple[str, str], str]) -> BroughtVote:
    """A vote; where the same item had other outputs before, it is about an item of its own."""
    item = one.item
    if one.texts is not None:
        held = [texts.setdefault((item, name), text) for name, text in zip(one.shown, one.texts, strict=True)]
        if tuple(held) != one.texts:
            item = f"{item} ({content_key(*sorted(zip(one.shown, one.texts, strict=True)))[:8]})"
    return BroughtVote(
        one.where,
        key,
        one.rater,
        item,
        one.shown,
        one.answer,
        one.at,
        one.seconds,
        one.rationale,
        one.served_probability,
        one.not_counted,
        one.texts,
        one.prompt,
    )


def _design(read: list[Read]) -> StudyDesign:
    """How the study asked, so far as its votes tell."""
    tasks: set[TaskName] = {one.task for one in read}
    if len(tasks) > 1:
        raise InputError(f"the file holds votes of different tasks: {', '.join(sorted(tasks))}")
    [task] = tasks
    rated = max((points for one in read for points in _points(one.answer)), default=5)
    names = list(dict.fromkeys(name for one in read for name in _attributes(one.answer)))
    return StudyDesign.model_validate(
        {"task": task, "points": min(max(5, rated), 101), "attributes": [{"name": name} for name in names], "rationale": "optional"}
    )


def _points(answer: Mapping[str, Any]) -> Iterator[int]:
    """Every point given on a scale, of the main question and beside it."""
    beside = answer.get("attributes")
    given = [answer.get("value"), *(beside.values() if isinstance(beside, Mapping) else ())]
    for value in given:
        yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, int))


def _attributes(answer: Mapping[str, Any]) -> Iterator[str]:
    rated = answer.get("attributes")
    if isinstance(rated, Mapping):
        yield from map(str, rated)
