"""Votes: stored once, acknowledged when they are on the disk, taken back without being lost."""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evalkit.core.errors import InputError
from evalkit.core.version import VERSION
from evalkit.study.design import StudyDesign
from evalkit.study.log import append
from evalkit.study.raters import Pass, admitted
from evalkit.study.serving import release_expired, votes_cast
from evalkit.study.store import Store, now
from evalkit.study.tables import AssignmentRow, GeneratorRow, ItemRow, OutputRow, QuestionRow, RaterRow, StudyRow, VoteRow
from evalkit.study.tasks import PAIRWISE_OUTCOMES, check_answer

MOST_LETTERS = 10_000
"""Of a reason or a draft."""
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True)
class Acknowledged:
    """A vote is on the disk.

    Attributes:
        vote: its key.
        repeated: it had been stored before; nothing was stored now.
        right: of practice, whether the answer was the expected one.
        done: questions that the rater has answered.
    """

    vote: str
    repeated: bool
    right: bool | None
    done: int


def vote(
    store: Store,
    token: Pass,
    assignment: str,
    key: str,
    answer: Mapping[str, Any],
    *,
    rationale: str | None = None,
    seconds: float | None = None,
    at: int | None = None,
) -> Acknowledged:
    """Store a rater's answer.

    The same key, or another answer to the same question, is acknowledged and not stored again: a double click, a lost reply or a
    second tab cannot make two votes. A vote that comes when its place was given to somebody else is stored all the same, and
    counted only while the quorum is not full. When this returns, the vote is on the disk.

    Args:
        store: where the study is.
        token: the rater's.
        assignment: what was asked.
        key: made by the rater's side before it first sends the vote: 8 to 64 letters, digits, - or _.
        answer: see :mod:`evalkit.study.tasks`; with ``attributes`` where the design has them.
        rationale: the reason, in the rater's words.
        seconds: for how long the rater looked.
        at: the time in milliseconds; by default now.

    Raises:
        InputError: the token is not valid, the question was not asked of this rater, or it is no answer to it.
        StoreError: the database does not answer; try again with the same key.
    """
    if not _KEY.fullmatch(key):
        raise InputError("a vote's key has 8 to 64 letters, digits, - or _")
    rationale = (rationale or "").replace("\x00", "").strip() or None
    if rationale is not None and len(rationale) > MOST_LETTERS:
        raise InputError(f"a reason has at most {MOST_LETTERS:,} letters")
    if seconds is not None and not 0 <= seconds < 1e7:
        raise InputError("the time on task is a number of seconds")
    given = dict(answer)
    return store.write(
        lambda session: _vote(session, token, assignment, key, given, rationale, seconds, now() if at is None else at)
    )


def _vote(
    session: Session,
    token: Pass,
    asked: str,
    key: str,
    answer: dict[str, Any],
    rationale: str | None,
    seconds: float | None,
    at: int,
) -> Acknowledged:
    study, rater = admitted(session, token, locks=True)
    assignment = _asked(session, study, rater, asked)
    about = select(QuestionRow, ItemRow).join(ItemRow, ItemRow.id == QuestionRow.item_id)
    question, item = session.execute(about.where(QuestionRow.id == assignment.question_id)).one()
    names = _shown_names(session, assignment)
    stored = _stored(session, study, assignment, key)
    if stored is not None:
        right = is_right(item.expected, stored.answer, names) if stored.not_counted == "practice" else None
        return Acknowledged(stored.key, True, right, votes_cast(session, rater))
    design = StudyDesign.model_validate(study.design)
    check(design, answer, len(names), rationale)
    release_expired(session, study, at, keep=rater.id)
    reason = _not_counted(question, design)
    if assignment.state == "open":
        question.leases -= 1
    question.votes += reason is None
    assignment.state, assignment.draft = "voted", None
    salt = None if rationale is None else secrets.token_hex(16)
    row = VoteRow(
        key=key,
        study_id=study.id,
        assignment_id=assignment.id,
        rater_id=rater.id,
        answer=answer,
        rationale=rationale,
        rationale_salt=salt,
        seconds=seconds,
        app_version=VERSION,
        at=at,
        not_counted=reason,
    )
    session.add(row)
    body = _told(rater, assignment, item, names, row)
    append(session, study, "voted", body, at)
    session.flush()
    right = is_right(item.expected, answer, names) if question.kind == "practice" else None
    return Acknowledged(key, False, right, votes_cast(session, rater))


def skip(store: Store, token: Pass, assignment: str) -> None:
    """Leave a question to others; it is not asked of this rater again unless taken back."""
    store.write(lambda session: _skip(session, token, assignment))


def _skip(session: Session, token: Pass, asked: str) -> None:
    study, rater = admitted(session, token, locks=True)
    assignment = _asked(session, study, rater, asked)
    if assignment.state != "open":
        return
    assignment.state = "skipped"
    session.get_one(QuestionRow, assignment.question_id).leases -= 1
    append(session, study, "skipped", {"rater": rater.key, "assignment": assignment.key})


def undo(store: Store, token: Pass, after: str | None = None) -> bool:
    """Take back a rater's last answer or skip, which is asked next; gives whether there was one.

    Args:
        store: where the study is.
        token: the rater's.
        after: the assignment that the rater looks at; only what came before it is taken back, so that a key held down takes
            back one answer and not all.
    """
    return store.write(lambda session: _undo(session, token, after))


def _undo(session: Session, token: Pass, after: str | None) -> bool:
    study, rater = admitted(session, token, locks=True)
    done = select(AssignmentRow).where(AssignmentRow.rater_id == rater.id, AssignmentRow.state.in_(("voted", "skipped")))
    if after is not None:
        looked_at = _asked(session, study, rater, after)
        if looked_at.state != "open":
            return False
        done = done.where(AssignmentRow.id < looked_at.id)
    assignment = session.scalars(done.order_by(AssignmentRow.id.desc())).first()
    if assignment is None or study.state == "closed":
        return False
    design = StudyDesign.model_validate(study.design)
    question = session.get_one(QuestionRow, assignment.question_id)
    votes = session.scalars(
        select(VoteRow).where(VoteRow.assignment_id == assignment.id, VoteRow.not_counted.is_distinct_from("undone"))
    )
    for stored in votes:
        question.votes -= stored.not_counted is None
        stored.not_counted = "undone"
        append(session, study, "undone", {"rater": rater.key, "vote": stored.key, "assignment": assignment.key})
    assignment.state, assignment.leased_until = "open", now() + int(design.lease_minutes * 60_000)
    question.leases += 1
    return True


def keep_draft(store: Store, token: Pass, assignment: str, draft: Mapping[str, Any]) -> None:
    """Keep what a rater has begun to answer, so that a reload or another device goes on from there.

    Raises:
        InputError: it is longer than a reason may be.
    """
    if len(json.dumps(draft)) > 2 * MOST_LETTERS:
        raise InputError(f"a draft has at most {2 * MOST_LETTERS:,} letters")

    def work(session: Session) -> None:
        study, rater = admitted(session, token, locks=True)
        row = _asked(session, study, rater, assignment)
        if row.state == "open":
            row.draft = dict(draft)

    store.write(work)


def check(design: StudyDesign, answer: Mapping[str, Any], shown: int, rationale: str | None) -> None:
    """Refuse what is no answer to a design's question.

    Raises:
        InputError: the answer, an attribute or a required reason is missing or is none.
    """
    main = {part: value for part, value in answer.items() if part != "attributes"}
    check_answer(design.task, main, shown, design.points)
    rated = answer.get("attributes", {})
    names = [attribute.name for attribute in design.attributes]
    if not isinstance(rated, Mapping) or set(rated) != set(names):
        asked = ", ".join(names) if names else "none"
        raise InputError(f"the attributes to rate are: {asked}")
    for name in names:
        _check_attribute(design, name, rated[name], shown)
    if design.rationale == "required" and rationale is None:
        raise InputError("the question asks for a reason as well")


def _check_attribute(design: StudyDesign, name: str, value: object, shown: int) -> None:
    """Of a pair, which is better; else points for each output shown."""
    if design.task == "pairwise":
        if value not in PAIRWISE_OUTCOMES:
            raise InputError(f"{name} is one of {', '.join(PAIRWISE_OUTCOMES)}")
        return
    points = value if isinstance(value, list) else [value]
    whole = all(isinstance(one, int) and not isinstance(one, bool) and 1 <= one <= design.points for one in points)
    if len(points) != shown or not whole:
        raise InputError(f"{name} needs a whole number from 1 to {design.points} for each output")


def is_right(expected: Mapping[str, Any] | None, answer: Mapping[str, Any], names: list[str]) -> bool | None:
    """Whether an answer is the known one of a practice or check item; None where none is known.

    >>> is_right({"generator": "b"}, {"choice": "right"}, ["a", "b"])
    True
    """
    if expected is None:
        return None
    if "generator" not in expected:
        return all(answer.get(part) == value for part, value in expected.items())
    place = names.index(expected["generator"])
    if "best" in answer:
        return bool(answer["best"] == place)
    if "ranks" in answer:
        return bool(answer["ranks"][place] == min(answer["ranks"]) and answer["ranks"].count(answer["ranks"][place]) == 1)
    return answer.get("choice") in (place, *PAIRWISE_OUTCOMES[place : place + 1])


def _asked(session: Session, study: StudyRow, rater: RaterRow, key: str) -> AssignmentRow:
    """An assignment of this rater."""
    mine = select(AssignmentRow).where(AssignmentRow.study_id == study.id, AssignmentRow.key == key)
    found = session.scalars(mine).one_or_none()
    if found is None or found.rater_id != rater.id:
        raise InputError("this question was not asked of you: reload the page for the next one")
    return found


def _stored(session: Session, study: StudyRow, assignment: AssignmentRow, key: str) -> VoteRow | None:
    """The vote that has this key, or that already answers this question."""
    same = session.scalars(select(VoteRow).where(VoteRow.study_id == study.id, VoteRow.key == key)).one_or_none()
    if same is not None and same.assignment_id != assignment.id:
        raise InputError("a vote of that key answers another question: every vote needs a key of its own")
    if same is not None or assignment.state != "voted":
        return same
    standing = VoteRow.not_counted.is_distinct_from("undone")
    return session.scalars(select(VoteRow).where(VoteRow.assignment_id == assignment.id, standing)).one_or_none()


def _not_counted(question: QuestionRow, design: StudyDesign) -> str | None:
    """Why a vote stays out of the ranking."""
    if question.kind != "item":
        return question.kind
    return None if question.votes < design.votes_per_question else "surplus"


def _shown_names(session: Session, assignment: AssignmentRow) -> list[str]:
    """The generators in the order in which their outputs were shown."""
    made = select(OutputRow.id, GeneratorRow.name).join(GeneratorRow, GeneratorRow.id == OutputRow.generator_id)
    names = dict(session.execute(made.where(OutputRow.id.in_(assignment.shown))).all())
    return [names[output] for output in assignment.shown]


def _told(rater: RaterRow, assignment: AssignmentRow, item: ItemRow, names: list[str], row: VoteRow) -> dict[str, Any]:
    """What the log says of a vote: all that a ranking needs, and of the reason only a digest."""
    salted = None if row.rationale is None else hashlib.sha256(f"{row.rationale_salt}{row.rationale}".encode()).hexdigest()
    return {
        "vote": row.key,
        "assignment": assignment.key,
        "rater": rater.key,
        "item": item.name,
        "shown": names,
        "answer": row.answer,
        "served_probability": assignment.served_probability,
        "seconds": row.seconds,
        "app_version": row.app_version,
        "not_counted": row.not_counted,
        "rationale_digest": salted,
    }
