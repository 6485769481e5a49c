"""The log of a study: one line an event, each chained to the one before by a hash.

What was done to a study can be replayed from its log, up to any event, and nothing in it can be changed, left out or added in the
middle without :func:`verify` seeing it. A line holds the digest of its body and is chained by that digest: when a rater asks to be
erased their bodies go, and the chain still holds. Every body carries a salt, so that an erased one cannot be guessed from its
digest.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from evalkit.core.errors import InputError, StoreError
from evalkit.study.store import insert_all, now
from evalkit.study.tables import EventRow, StudyRow

START = "0" * 64
"""What the first event is chained to."""


class Event(NamedTuple):
    """An event as it is read back; ``body`` is None once it was erased."""

    number: int
    kind: str
    at: int
    body: dict[str, Any] | None


class Head(NamedTuple):
    """How long a log is, and the digest of its last event: kept elsewhere it shows later whether the end was cut off."""

    number: int
    digest: str


def locked(session: Session, name: str) -> StudyRow:
    """A study's row, locked until the transaction ends.

    Raises:
        InputError: there is no such study.
    """
    study = session.scalars(select(StudyRow).where(StudyRow.name == name).with_for_update()).one_or_none()
    return known(session, study, name)


def found(session: Session, name: str) -> StudyRow:
    """A study's row, to read.

    Raises:
        InputError: there is no such study.
    """
    return known(session, session.scalars(select(StudyRow).where(StudyRow.name == name)).one_or_none(), name)


def known(session: Session, study: StudyRow | None, name: str) -> StudyRow:
    """The study, or one sentence that names those there are."""
    if study is None:
        names = session.scalars(select(StudyRow.name).order_by(StudyRow.id).limit(10)).all()
        there = f"there are {', '.join(names)}" if names else "the store is empty: make one with evalkit study create"
        raise InputError(f"no study is called {name[:60]!r}: {there}")
    return study


def append(session: Session, study: StudyRow, kind: str, body: Mapping[str, Any], at: int | None = None) -> int:
    """Add an event to the log of a study whose row is locked; gives its number, counted from 1."""
    append_all(session, study, [(kind, body, now() if at is None else at)])
    return study.head_number


def append_all(session: Session, study: StudyRow, told: Iterable[tuple[str, Mapping[str, Any], int]]) -> None:
    """As :func:`append`, many at a time: of each its kind, its body and its time."""
    rows, number, digest = list[dict[str, Any]](), study.head_number, study.head_digest
    for kind, body, at in told:
        text = canonical({**body, "salt": secrets.token_hex(8)})
        number, body_digest = number + 1, _sha256(text)
        digest = _link(digest, number, kind, at, body_digest)
        link = {"number": number, "kind": kind, "at": at, "body": text, "body_digest": body_digest, "digest": digest}
        rows.append({"study_id": study.id, **link})
    insert_all(session, EventRow, rows)
    study.head_number, study.head_digest = number, digest


def events(session: Session, study: StudyRow, until: int | None = None) -> Iterator[Event]:
    """A study's events in their order, to the given number or to the end."""
    chosen = select(EventRow).where(EventRow.study_id == study.id).order_by(EventRow.number)
    if until is not None:
        chosen = chosen.where(EventRow.number <= until)
    for row in session.scalars(chosen.execution_options(yield_per=1000)):
        yield Event(row.number, row.kind, row.at, None if row.body is None else json.loads(row.body))


def verify(session: Session, study: StudyRow, head: Head | None = None) -> Head:
    """Check a whole log; gives its head.

    Args:
        session: of the store.
        study: whose log.
        head: one kept from earlier; the log must still go through it.

    Raises:
        StoreError: an event was changed, left out or added; the sentence says which is the first that does not fit.
    """
    previous, number, gone, erased = START, 0, set[int](), set[int]()
    for row in session.scalars(select(EventRow).where(EventRow.study_id == study.id).order_by(EventRow.number)):
        number += 1
        intact = row.body is None or _sha256(row.body) == row.body_digest
        if row.number != number or not intact or row.digest != _link(previous, number, row.kind, row.at, row.body_digest):
            raise StoreError(f"the log of {study.name!r} does not fit from event {number} on: it was changed after it was written")
        if row.body is None:
            gone.add(number)
        elif row.kind == "erased":
            erased.update(json.loads(row.body)["events"])
        if head is not None and number == head.number and row.digest != head.digest:
            raise StoreError(f"the log of {study.name!r} was rewritten: event {number} is not the one that was seen before")
        previous = row.digest
    if gone - erased:
        raise StoreError(f"the log of {study.name!r} lacks what event {min(gone - erased)} said, and no erasure explains it")
    if (number, previous) != (study.head_number, study.head_digest) or (head is not None and number < head.number):
        raise StoreError(f"the log of {study.name!r} ends too early: events after {number} are missing")
    return Head(number, previous)


def canonical(body: Mapping[str, Any]) -> str:
    """A body as text: the same body is the same text."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _link(previous: str, number: int, kind: str, at: int, body_digest: str) -> str:
    """The digest of an event."""
    return _sha256("\n".join((previous, str(number), kind, str(at), body_digest)))


def _sha256(text: str) -> str:
    """Of a text in UTF-8, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
