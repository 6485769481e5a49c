"""Raters: invited by a link, known by the hash of its token, gone without a trace when they ask for it."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from evalkit.core.errors import InputError
from evalkit.study.log import append, locked
from evalkit.study.store import Store, now
from evalkit.study.tables import AssignmentRow, EventRow, OrganiserRow, QuestionRow, RaterRow, StudyRow, VoteRow

DAY = 24 * 60 * 60 * 1000
"""In milliseconds."""
_UNKNOWN = "this link is not valid: ask the organiser for a new one"


class Login(NamedTuple):
    """Somebody for whom an identity provider has vouched; only the program can make one, no text from a browser is one.

    Attributes:
        study: that they came to.
        issuer: the provider.
        subject: who they are there.
    """

    study: str
    issuer: str
    subject: str


Pass = str | Login
"""What opens a study to a rater: the token of their link, or a login."""


class Invitation(NamedTuple):
    """What an invited rater is given. The token is shown once and is nowhere kept."""

    rater: str
    name: str
    token: str


def invite(store: Store, study: str, names: Sequence[str], days: float = 30.0) -> list[Invitation]:
    """Invite raters; each gets a token, of which the store keeps the hash.

    Args:
        store: where the study is.
        study: its name.
        names: what the organiser calls them; only the organiser sees it.
        days: for so long the link works.

    Raises:
        InputError: no such study, or a name of no or more than 200 characters.
    """
    if not all(0 < len(name.strip()) <= 200 for name in names):
        raise InputError("a rater's name has 1 to 200 characters")
    with store.writing() as session:
        row = locked(session, study)
        return [_invited(session, row, name.strip(), days) for name in names]


def enrol(store: Store, login: Login, name: str, days: float = 365.0) -> None:
    """Make somebody who logged in a rater of an open study that takes logins, once and never again after they withdrew.

    Raises:
        InputError: they may not rate it; the sentence does not tell whether there is such a study.
    """
    with store.writing() as session:
        row = session.scalars(select(StudyRow).where(StudyRow.name == login.study).with_for_update()).one_or_none()
        if row is None or row.state != "open" or not row.design.get("open_to_logins", False):
            raise InputError("no study of that name takes logins now: open the link that the organiser sent you")
        hashed = token_hash(login)
        there = session.execute(select(RaterRow.key, RaterRow.token_hash).where(RaterRow.study_id == row.id)).all()
        if any(kept == _gone(key, hashed) for key, kept in there):
            raise InputError("you have withdrawn from this study: your answers would count a second time")
        if all(kept != hashed for _, kept in there):
            _new(session, row, name[:200], "person", hashed, now() + int(days * DAY))


def is_enrolled(store: Store, login: Login) -> bool:
    """Whether somebody who logged in is a rater of the study."""
    with store.reading() as session:
        return session.scalar(select(RaterRow.id).where(RaterRow.token_hash == token_hash(login))) is not None


def revoke(store: Store, study: str, rater: str) -> None:
    """Close a rater's link; the votes stay."""
    with store.writing() as session:
        row = locked(session, study)
        known_rater(session, row, rater).revoked_at = now()
        append(session, row, "revoked", {"rater": rater})


def withdraw(store: Store, study: str, rater: str) -> int:
    """Erase a rater who asks for it; gives how many of their votes went.

    Name, link and every reason written go in any case. If the study's consent keeps counts, the votes stay under a key that was
    drawn at random; else they go too, from the log as well, whose chain still holds. Where whoever logs in may rate, a salted hash
    of the login stays, which tells nothing but that this login must not rate once more.
    """
    with store.writing() as session:
        row = locked(session, study)
        person = known_rater(session, row, rater)
        votes = session.scalars(select(VoteRow).where(VoteRow.rater_id == person.id)).all()
        stays = row.design.get("open_to_logins", False) and person.token_hash is not None
        person.token_hash = _gone(person.key, str(person.token_hash)) if stays else None
        person.name, person.withdrawn_at = None, now()
        for vote in votes:
            vote.rationale = vote.rationale_salt = None
        session.execute(update(AssignmentRow).where(AssignmentRow.rater_id == person.id).values(draft=None))
        _release(session, person)
        gone: list[int] = []
        if not row.design["keeps_counts"]:
            gone = _forget_votes(session, row, person, votes)
        append(session, row, "erased", {"rater": rater, "votes_kept": row.design["keeps_counts"], "events": gone})
        return len(votes) if gone else 0


def agree(store: Store, token: Pass) -> None:
    """Note that a rater agrees to the study's consent; nothing is asked of them before."""

    def work(session: Session) -> None:
        study, rater = admitted(session, token, locks=True)
        if rater.agreed_at is None:
            rater.agreed_at = now()
            append(session, study, "agreed", {"rater": rater.key})

    store.write(work)


def withdraw_myself(store: Store, token: Pass) -> None:
    """What :func:`withdraw` does, asked for by the rater."""
    study, rater = store.read(lambda session: _names(*admitted(session, token, locks=False)))
    withdraw(store, study, rater)


def _names(study: StudyRow, rater: RaterRow) -> tuple[str, str]:
    return study.name, rater.key


def known_rater(session: Session, study: StudyRow, rater: str) -> RaterRow:
    """A rater by key.

    Raises:
        InputError: the study has none of that key.
    """
    found = session.scalars(select(RaterRow).where(RaterRow.study_id == study.id, RaterRow.key == rater)).one_or_none()
    if found is None:
        raise InputError("the study has no rater of that key: evalkit study show lists them")
    return found


def admitted(session: Session, token: Pass, *, locks: bool) -> tuple[StudyRow, RaterRow]:
    """Who a token belongs to, and the study, locked if asked for.

    Raises:
        InputError: the token is forged, has ended, was closed, or its rater has withdrawn.
    """
    rater = session.scalars(select(RaterRow).where(RaterRow.token_hash == token_hash(token))).one_or_none()
    if rater is None:
        raise InputError(_UNKNOWN)
    chosen = select(StudyRow).where(StudyRow.id == rater.study_id)
    study = session.scalars(chosen.with_for_update() if locks else chosen).one()
    if locks:
        session.refresh(rater)
    if rater.token_hash != token_hash(token):
        raise InputError(_UNKNOWN)
    if rater.revoked_at is not None or rater.ends_at < now():
        raise InputError("this link has ended: ask the organiser for a new one; what you voted is kept")
    return study, rater


def new_organiser(store: Store, days: float = 30.0) -> str:
    """A token that opens the organiser's pages; the store keeps its hash."""
    token = secrets.token_urlsafe(24)
    with store.writing() as session:
        session.add(OrganiserRow(token_hash=token_hash(token), made_at=now(), ends_at=now() + int(days * DAY)))
    return token


def is_organiser(store: Store, token: str) -> bool:
    """Whether a token opens the organiser's pages."""
    with store.reading() as session:
        found = session.scalars(select(OrganiserRow).where(OrganiserRow.token_hash == token_hash(token))).one_or_none()
        return found is not None and found.ends_at > now()


def token_hash(token: Pass) -> str:
    """SHA-256: tokens hold 192 random bits, which no slow hash could make safer. No token has the hash of a login."""
    said = f"link\n{token}" if isinstance(token, str) else "\n".join(("login", *token))
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()


def _gone(key: str, hashed: str) -> str:
    """What stays of a login that has withdrawn, salted by the rater's key."""
    return hashlib.sha256(f"gone\n{key}\n{hashed}".encode()).hexdigest()


def _invited(session: Session, study: StudyRow, name: str, days: float) -> Invitation:
    token = secrets.token_urlsafe(24)
    rater = _new(session, study, name, "person", token_hash(token), now() + int(days * DAY))
    return Invitation(rater.key, name, token)


def _new(session: Session, study: StudyRow, name: str, kind: str, hashed: str | None, ends_at: int) -> RaterRow:
    there = session.scalar(select(func.count(RaterRow.id)).where(RaterRow.study_id == study.id)) or 0
    rater = RaterRow(
        study_id=study.id,
        key=secrets.token_hex(8),
        number=there + 1,
        kind=kind,
        name=name,
        token_hash=hashed,
        invited_at=now(),
        ends_at=ends_at,
    )
    session.add(rater)
    session.flush()
    append(session, study, "invited", {"rater": rater.key, "kind": kind})
    return rater


def _release(session: Session, person: RaterRow) -> None:
    """What the rater was looking at is free for others."""
    open_ones = select(AssignmentRow).where(AssignmentRow.rater_id == person.id, AssignmentRow.state == "open")
    for assignment in session.scalars(open_ones):
        assignment.state = "expired"
        session.execute(update(QuestionRow).where(QuestionRow.id == assignment.question_id).values(leases=QuestionRow.leases - 1))


def _forget_votes(session: Session, study: StudyRow, person: RaterRow, votes: Sequence[VoteRow]) -> list[int]:
    """Take a rater's votes out of tables and log; gives the numbers of the events whose bodies went."""
    for vote in votes:
        if vote.not_counted is None:
            assignment = session.get_one(AssignmentRow, vote.assignment_id)
            question = session.get_one(QuestionRow, assignment.question_id)
            question.votes -= 1
        session.delete(vote)
    gone = []
    about = select(EventRow).where(EventRow.study_id == study.id, EventRow.kind == "voted")
    for event in session.scalars(about):
        if event.body is not None and f'"rater":"{person.key}"' in event.body:
            event.body = None
            gone.append(event.number)
    return gone
