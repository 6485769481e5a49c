"""Votes that were cast elsewhere, brought into a study: through the log like all others, many at a time, and never twice."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evalkit.core.errors import InputError
from evalkit.core.version import VERSION
from evalkit.study.board import Board, BroughtVote, grow, grows
from evalkit.study.contents import MOST_BYTES
from evalkit.study.creating import is_name, opened
from evalkit.study.design import StudyDesign
from evalkit.study.log import append, append_all
from evalkit.study.store import Store, insert_all, now
from evalkit.study.tables import AssignmentRow, QuestionRow, RaterRow, StudyRow, VoteRow
from evalkit.study.voting import MOST_LETTERS, check

RaterKind = Literal["imported", "person"]


class Brought(NamedTuple):
    """What came of it: whether the study was made, votes stored now, votes that were there already, raters among the new votes."""

    made: bool
    stored: int
    there: int
    raters: int


def content_key(*parts: object) -> str:
    """A vote's key from what it says: the same content is the same vote.

    >>> content_key("Ann", "1", "left") == content_key("Ann", "1", "left") != content_key("Ann", "1", "right")
    True
    """
    return hashlib.sha256("\x1f".join(map(str, parts)).encode(errors="replace")).hexdigest()[:32]


def bring_votes(
    store: Store, study: str, votes: Sequence[BroughtVote], design: StudyDesign, *, kind: RaterKind = "imported"
) -> Brought:
    """Store votes that were cast elsewhere, those that are not there yet.

    A study that is not there is made, with the generators and items that the votes name; later votes may add to it. A study that
    was made otherwise takes only votes on what it asks about. Such votes count whether or not a question has enough.

    Args:
        store: where to.
        study: its name.
        votes: all of them are stored, or none.
        design: of the study, if it is made now; else the task must be the same.
        kind: of their raters.

    Raises:
        InputError: a vote is none, or the study does not ask that; the sentence says where it stands.
    """
    if not is_name(study):
        raise InputError("a study's name has 1 to 200 characters, all of them visible")
    if not votes:
        raise InputError("there are no votes to bring")
    try:
        with store.writing() as session:
            row = session.scalars(select(StudyRow).where(StudyRow.name == study).with_for_update()).one_or_none()
            made = row is None
            row = opened(session, study, design) if row is None else row
            if made:
                append(session, row, "created", {"design": row.design, "generators": [], "from_votes": True})
            return _bring(session, row, votes, design, kind, made)
    except IntegrityError as error:
        raise InputError(f"a study called {study[:60]!r} was made at the same time: try again") from error


def _bring(
    session: Session, study: StudyRow, votes: Sequence[BroughtVote], design: StudyDesign, kind: RaterKind, made: bool
) -> Brought:
    kept = StudyDesign.model_validate(study.design)
    if study.state == "closed":
        raise InputError("the study is closed: reopen it before votes are brought")
    if kept.task != design.task:
        raise InputError(f"the study's task is {kept.task}, and these votes answer the task {design.task}")
    there = set(session.scalars(select(VoteRow.key).where(VoteRow.study_id == study.id)))
    new = list({vote.key: vote for vote in votes if vote.key not in there}.values())
    for vote in new:
        check_brought(kept, vote)
    board = Board.of(session, study)
    if grows(session, study):
        grow(session, study, board, new)
    questions = [board.question(vote) for vote in new]
    raters = _raters(session, study, {vote.rater: None for vote in new}, kind)
    _store(session, study, board, new, questions, raters)
    return Brought(made, len(new), len(votes) - len(new), len({vote.rater for vote in new}))


def check_brought(design: StudyDesign, vote: BroughtVote) -> None:
    """Refuse what is no vote.

    Raises:
        InputError: a name, a text or the answer cannot be; the sentence says in which row.
    """
    if len(set(vote.shown)) < len(vote.shown):
        raise InputError(f"{vote.where}, column right: it names the same generator as left")
    for column, name in (("rater", vote.rater), ("item", vote.item), *(("generator", one) for one in vote.shown)):
        if not is_name(name):
            raise InputError(f"{vote.where}, column {column}: a name has 1 to 200 characters, all of them visible")
    for column, text in (("prompt", vote.prompt), ("rationale", vote.rationale), *(("text", one) for one in vote.texts or ())):
        if text is not None and (
            "\x00" in text or len(text) > MOST_BYTES // 4 or (column == "rationale" and len(text) > MOST_LETTERS)
        ):
            raise InputError(f"{vote.where}, column {column}: the text is too long or holds a NUL character")
    try:
        check(design, vote.answer, len(vote.shown), "given elsewhere")
    except (InputError, TypeError) as error:
        raise InputError(f"{vote.where}, column outcome: {error}") from error


def _raters(session: Session, study: StudyRow, names: Iterable[str], kind: RaterKind) -> dict[str, tuple[int, str]]:
    """Numbers and keys of raters by name; those that are not there are made."""
    known = select(RaterRow.name, RaterRow.id, RaterRow.key).where(RaterRow.study_id == study.id, RaterRow.kind == kind)
    there = {str(name): (number, key) for name, number, key in session.execute(known)}
    at, new = now(), [name for name in names if name not in there]
    keys = {name: secrets.token_hex(8) for name in new}
    before = session.scalar(select(func.count(RaterRow.id)).where(RaterRow.study_id == study.id)) or 0
    common = {"study_id": study.id, "kind": kind, "invited_at": at, "ends_at": 0}
    rows = [{**common, "key": keys[name], "number": before + i, "name": name} for i, name in enumerate(new, 1)]
    insert_all(session, RaterRow, rows)
    append_all(session, study, [("invited", {"rater": keys[name], "kind": kind}, at) for name in new])
    return {str(name): (number, key) for name, number, key in session.execute(known)} if new else there


def _store(
    session: Session,
    study: StudyRow,
    board: Board,
    votes: Sequence[BroughtVote],
    questions: Sequence[int],
    raters: dict[str, tuple[int, str]],
) -> None:
    """Assignments, votes and what the log says of them."""
    at = now()
    asked = {vote.key: content_key("assignment", vote.key) for vote in votes}
    assignments = [
        {
            "key": asked[vote.key],
            "study_id": study.id,
            "question_id": question,
            "rater_id": raters[vote.rater][0],
            "shown": [board.outputs[vote.item, name] for name in vote.shown],
            "served_probability": vote.served_probability,
            "served_at": vote.at or at,
            "leased_until": vote.at or at,
            "state": "voted",
        }
        for vote, question in zip(votes, questions, strict=True)
    ]
    insert_all(session, AssignmentRow, assignments)
    mine = select(AssignmentRow.key, AssignmentRow.id).where(AssignmentRow.study_id == study.id)
    numbers = dict(session.execute(mine).all())
    salts = {vote.key: secrets.token_hex(16) for vote in votes if vote.rationale is not None}
    rows = [
        {
            "key": vote.key,
            "study_id": study.id,
            "assignment_id": numbers[asked[vote.key]],
            "rater_id": raters[vote.rater][0],
            "answer": vote.answer,
            "rationale": vote.rationale,
            "rationale_salt": salts.get(vote.key),
            "seconds": vote.seconds,
            "app_version": VERSION,
            "at": vote.at or at,
            "not_counted": vote.not_counted,
        }
        for vote in votes
    ]
    insert_all(session, VoteRow, rows)
    told = [_told(vote, asked[vote.key], raters[vote.rater][1], salts.get(vote.key)) for vote in votes]
    append_all(session, study, [("voted", body, vote.at or at) for body, vote in zip(told, votes, strict=True)])
    for vote, question in zip(votes, questions, strict=True):
        board.counted[question] += vote.not_counted is None
    changed = set(questions)
    if changed:
        session.execute(update(QuestionRow), [{"id": number, "votes": board.counted[number]} for number in changed])


def _told(vote: BroughtVote, assignment: str, rater: str, salt: str | None) -> dict[str, Any]:
    """What the log says of a vote, as of one that was cast here."""
    salted = None if salt is None else hashlib.sha256(f"{salt}{vote.rationale}".encode()).hexdigest()
    return {
        "vote": vote.key,
        "assignment": assignment,
        "rater": rater,
        "item": vote.item,
        "shown": list(vote.shown),
        "answer": vote.answer,
        "served_probability": vote.served_probability,
        "seconds": vote.seconds,
        "app_version": VERSION,
        "not_counted": vote.not_counted,
        "rationale_digest": salted,
    }
