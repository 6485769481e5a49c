"""A study as a folder: what each file holds, without names of raters and without tokens.

::

    study.json            name, state, design, generators, the head of the log, the SHA-256 of every file below
    items.jsonl           an item a line: what was asked, its outputs by their hash, which of them are judged together
    outputs/              every output and reference once, named by its hash
    raters.jsonl          keys drawn at random, kinds and times
    votes.jsonl           an assignment a line: the order shown, its probability and times, and the votes on it
    evidence.jsonl        figures of other evaluators
    events.jsonl          the whole log, its bodies as they were hashed
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from stat import S_ISREG
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from evalkit.core.errors import InputError
from evalkit.study.contents import MOST_BYTES, PICTURE, ROW, ROWS, STEPS, TEXT, Content
from evalkit.study.design import StudyDesign

ListName = Literal["items.jsonl", "raters.jsonl", "votes.jsonl", "evidence.jsonl", "events.jsonl"]
STUDY: Literal["study.json"] = "study.json"
ITEMS: Literal["items.jsonl"] = "items.jsonl"
RATERS: Literal["raters.jsonl"] = "raters.jsonl"
VOTES: Literal["votes.jsonl"] = "votes.jsonl"
EVIDENCE: Literal["evidence.jsonl"] = "evidence.jsonl"
EVENTS: Literal["events.jsonl"] = "events.jsonl"
LISTS: tuple[ListName, ...] = (ITEMS, RATERS, VOTES, EVIDENCE, EVENTS)
OUTPUTS = "outputs"
ENDINGS = {TEXT: "txt", PICTURE: "png", ROW: "row.json", ROWS: "rows.json", STEPS: "series.json"}
"""What an output's file ends in, by the kind of its content."""
MOST_LIST_BYTES = 2_000_000_000
"""Of one file with lines."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
VoteKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ContentName = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}\.(txt|png|row\.json|rows\.json|series\.json)$")]
Time = Annotated[int, Field(ge=0, le=2**53)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Line(BaseModel):
    """What all lines share: nothing unknown, no infinite number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class StudyFile(Line):
    """``study.json``; ``pair_weights`` are of the pairing ``informative``, ``files`` the SHA-256 of each list."""

    format: Literal[1]
    evalkit: Annotated[str, StringConstraints(max_length=32)]
    name: Name
    state: Literal["open", "paused", "closed"]
    design: Annotated[StudyDesign, Field(strict=False)]
    made_at: Time
    generators: Annotated[list[Name], Field(min_length=1)]
    pair_weights: list[tuple[list[Name], float]]
    events: Count
    head: Digest
    files: dict[ListName, Digest]


class ItemLine(Line):
    """An item; ``questions`` are the groups of generators whose outputs are judged together."""

    name: Name
    kind: Literal["item", "practice", "check"]
    prompt: Text | None
    reference: ContentName | None
    context: dict[str, str]
    expected: dict[str, str | int] | None
    outputs: dict[Name, ContentName]
    questions: list[list[Name]]


class RaterLine(Line):
    """A rater without a name."""

    key: Key
    number: Annotated[int, Field(ge=1, lt=2**31)]
    kind: Literal["person", "judge", "imported"]
    invited_at: Time
    ends_at: Time
    agreed_at: Time | None
    seen_at: Time | None
    revoked_at: Time | None
    withdrawn_at: Time | None


class VoteLine(Line):
    """A vote on an assignment."""

    key: VoteKey
    answer: dict[str, Any]
    rationale: Text | None
    rationale_salt: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{0,32}$")] | None
    seconds: Annotated[float, Field(ge=0, lt=1e7)] | None
    app_version: Annotated[str, StringConstraints(max_length=32, pattern=r"^[^\x00]*$")]
    at: Time
    not_counted: Literal["practice", "check", "surplus", "undone", "withdrawn"] | None


class AssignmentLine(Line):
    """A question that was served, with the votes on it; what a rater had begun to write stays where it was written."""

    key: Key
    rater: Key
    item: Name
    shown: Annotated[list[Name], Field(min_length=1, max_length=1000)]
    served_probability: Annotated[float, Field(ge=0, le=1)]
    served_at: Time
    leased_until: Time
    state: Literal["open", "voted", "skipped", "expired"]
    votes: list[VoteLine]


class EvidenceLine(Line):
    """A finding about a generator, or about all of them."""

    generator: Name | None
    source: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00]*$")]
    finding: dict[str, Any]
    at: Time


class EventLine(Line):
    """A link of the log."""

    number: Count
    kind: Annotated[str, StringConstraints(max_length=32, pattern=r"^[a-z_]*$")]
    at: Time
    body: Text | None
    body_digest: Digest
    digest: Digest


L = TypeVar("L", bound=Line)


def read_lines(folder: Path, name: ListName, kind: type[L], digests: Mapping[ListName, str]) -> list[L]:
    """All lines of a file.

    Raises:
        InputError: it is not there, is too large, is not the file that was written, or a line is none.
    """
    data = read_bytes(folder, name, MOST_LIST_BYTES)
    if hashlib.sha256(data).hexdigest() != digests[name]:
        raise InputError(f"{name} in {folder.name} is damaged: it is not the file that study.json names")
    return [_line(line, name, number, kind) for number, line in enumerate(data.splitlines(), 1)]


def _line(line: bytes, name: str, number: int, kind: type[L]) -> L:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        raise InputError(f"{name} line {number} is damaged: {_first(error)}") from error


def read_study(folder: Path) -> StudyFile:
    """``study.json``.

    Raises:
        InputError: it is none, or of a later format.
    """
    if not folder.is_dir():
        raise InputError(f"{folder.name} is no folder: name one that evalkit study export wrote")
    try:
        return StudyFile.model_validate_json(read_bytes(folder, STUDY, 10_000_000))
    except ValidationError as error:
        if error.errors()[0]["loc"] == ("format",):
            raise InputError(f"{folder.name} holds no study that this evalkit can read: a newer one may have written it") from error
        raise InputError(f"{STUDY} in {folder.name} is damaged: {_first(error)}") from error


def read_content(folder: Path, name: str) -> Content:
    """An output.

    Raises:
        InputError: it is not there, or is not what its name says.
    """
    digest, _, ending = name.partition(".")
    kind = next(kind for kind, known in ENDINGS.items() if known == ending)
    content = Content(kind, read_bytes(folder, f"{OUTPUTS}/{name}", MOST_BYTES))
    if content.digest != digest:
        raise InputError(f"{OUTPUTS}/{name} in {folder.name} is damaged: its bytes are not those of its name")
    return content


def content_name(digest: str, media_type: str) -> str:
    """What an output's file is called."""
    return f"{digest}.{ENDINGS[media_type]}"


def read_bytes(folder: Path, name: str, most: int) -> bytes:
    """A file's bytes; links are not followed.

    Raises:
        InputError: it is not there, is no file, or is larger than it may be.
    """
    path = folder / name
    try:
        found = path.lstat()
        if not S_ISREG(found.st_mode) or path.parent.is_symlink():
            raise InputError(f"{name} in {folder.name} is no plain file: export the study again")
        if found.st_size > most:
            raise InputError(
                f"{name} in {folder.name} takes {found.st_size / 1e6:,.0f} MB: at most {most / 1e6:,.0f} MB can be read"
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{name} in {folder.name} cannot be read: export the study again") from error


def as_lines(lines: Iterable[Line]) -> bytes:
    """Lines as they are written."""
    return b"".join(line.model_dump_json().encode() + b"\n" for line in lines)


def _first(error: ValidationError) -> str:
    """What is wrong and where, without the data."""
    found = error.errors(include_input=False, include_url=False)[0]
    told = f"{'.'.join(map(str, found['loc'])) or 'the line'}: {found['msg']}"[:200]
    return "".join(letter if letter.isprintable() else "?" for letter in told)
