"""Who is asked what next. A question is held for the rater who looks at it, and never asked of more raters than its quorum."""

import secrets
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import case, distinct, func, literal, select, update
from sqlalchemy.orm import Session

from evalkit.core.seeds import generator
from evalkit.study.contents import Content
from evalkit.study.design import StudyDesign
from evalkit.study.raters import Pass, admitted
from evalkit.study.store import Store, now
from evalkit.study.tables import (
    AssignmentRow,
    ContentRow,
    GeneratorRow,
    ItemRow,
    OutputRow,
    QuestionRow,
    RaterRow,
    StudyRow,
    VoteRow,
)

_LEAST_CHANCE = 0.2  # of all questions together under informative pairing: no pair's weight grows without bound
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Served:
    """A question in front of a rater.

    Attributes:
        assignment: its key; the vote names it.
        study: the study's name, for the program; raters are not shown it.
        design: how the study asks.
        outputs: in the order in which they are shown.
        prompt: what the generators were asked.
        reference: what the outputs are compared with.
        context: further names and values to show.
        practice: whether the rater gets feedback and the vote does not count.
        draft: what the rater had begun to answer.
        done, of: questions answered, and about how many there are for this rater.
    """

    assignment: str
    study: str
    design: StudyDesign
    outputs: tuple[Content, ...]
    prompt: str | None
    reference: Content | None
    context: dict[str, str]
    practice: bool
    draft: dict[str, Any] | None
    done: int
    of: int


@dataclass(frozen=True)
class Nothing:
    """Why there is no question now.

    Attributes:
        why: ``finished``, ``waiting`` for others to answer or give back theirs, ``paused``, or ``consent`` to be given first.
        done: questions answered.
        held_by_others: questions that may still come back.
        consent: what is to be agreed to.
    """

    why: Literal["finished", "waiting", "paused", "consent"]
    done: int
    held_by_others: int = 0
    consent: str | None = None


def next_question(store: Store, token: Pass, at: int | None = None) -> Served | Nothing:
    """The question a rater is looking at, or the next one; asking again gives the same until it is answered or skipped.

    Args:
        store: where the study is.
        token: the rater's.
        at: the time in milliseconds; by default now.

    Raises:
        InputError: the token is not valid.
    """
    found = store.write(lambda session: _serve(session, token, now() if at is None else at))
    return found if isinstance(found, Nothing) else store.read(lambda session: _shown(session, found))


def _serve(session: Session, token: Pass, at: int) -> int | Nothing:
    """The number of the rater's assignment, made if there is none."""
    study, rater = admitted(session, token, locks=True)
    design = StudyDesign.model_validate(study.design)
    rater.seen_at = at
    if design.consent is not None and rater.agreed_at is None:
        return Nothing("consent", 0, consent=design.consent)
    release_expired(session, study, at, keep=rater.id)
    held = _held(session, study, design, rater, at)
    if held is not None:
        return held
    done = votes_cast(session, rater)
    if study.state != "open":
        return Nothing("paused" if study.state == "paused" else "finished", done)
    if design.votes_per_rater is not None and done >= design.votes_per_rater:
        return Nothing("finished", done)
    chosen = _practice_or_check(session, study, design, rater, done) or _chosen(session, study, design, rater)
    if chosen is None:
        waiting = _held_by_others(session, study, design, rater)
        return Nothing("waiting" if waiting else "finished", done, waiting)
    return _assign(session, study, design, rater, *chosen, at)


def release_expired(session: Session, study: StudyRow, at: int, keep: int | None = None) -> None:
    """Give back what was held for too long, except by one rater who has just come back."""
    late = select(AssignmentRow).where(
        AssignmentRow.study_id == study.id, AssignmentRow.state == "open", AssignmentRow.leased_until < at
    )
    for assignment in session.scalars(late):
        if assignment.rater_id != keep:
            assignment.state = "expired"
            _count_lease(session, assignment.question_id, -1)


def _count_lease(session: Session, question: int, by: int) -> None:
    session.execute(update(QuestionRow).where(QuestionRow.id == question).values(leases=QuestionRow.leases + by))


def _held(session: Session, study: StudyRow, design: StudyDesign, rater: RaterRow, at: int) -> int | None:
    """What the rater was looking at before: the oldest first, so that what was taken back is answered before anything new."""
    mine = select(AssignmentRow).where(AssignmentRow.rater_id == rater.id, AssignmentRow.state == "open")
    assignment = session.scalars(mine.order_by(AssignmentRow.id)).first()
    if assignment is None:
        return None
    assignment.leased_until = at + _lease(design)
    return assignment.id


_ANSWERED = VoteRow.not_counted.is_(None) | VoteRow.not_counted.in_(("check", "surplus"))


def votes_cast(session: Session, rater: RaterRow) -> int:
    """How many questions a rater has answered, practice and what was taken back left out."""
    return session.scalar(select(func.count(VoteRow.id)).where(VoteRow.rater_id == rater.id, _ANSWERED)) or 0


def finished_raters(session: Session, study: StudyRow, design: StudyDesign) -> dict[str, int]:
    """Raters who will be asked no more, and since when, by key: they gave all votes that one may, or saw every question."""
    seen = case((AssignmentRow.state.in_(("voted", "skipped")), AssignmentRow.question_id))
    asked = QuestionRow.kind.in_(("item", "check") if design.check_every else ("item",))
    every = session.scalar(select(func.count()).where(QuestionRow.study_id == study.id, asked)) or 0
    told = (
        select(
            RaterRow.key,
            func.count(VoteRow.id).filter(_ANSWERED),
            func.count(distinct(seen)).filter(asked),
            func.max(func.coalesce(VoteRow.at, AssignmentRow.served_at)),
        )
        .join(AssignmentRow, AssignmentRow.rater_id == RaterRow.id)
        .join(QuestionRow, QuestionRow.id == AssignmentRow.question_id)
        .outerjoin(VoteRow, VoteRow.assignment_id == AssignmentRow.id)
        .where(RaterRow.study_id == study.id)
        .group_by(RaterRow.key)
    )
    most = design.votes_per_rater
    rows = session.execute(told).all()
    return {key: since for key, votes, met, since in rows if (most is not None and votes >= most) or met >= every}


def _practice_or_check(
    session: Session, study: StudyRow, design: StudyDesign, rater: RaterRow, done: int
) -> tuple[int, float] | None:
    """Practice that is left, in its order; then a check when one is due."""
    practice = session.scalars(_unseen(study, rater, "practice").order_by(QuestionRow.id)).first()
    if practice is not None:
        return practice.id, 1.0
    if not design.check_every or done % design.check_every != design.check_every - 1:
        return None
    checks = session.scalars(_unseen(study, rater, "check").order_by(QuestionRow.id)).all()
    if not checks:
        return None
    place = int(generator(design.seed, f"check {rater.number} {done}").integers(len(checks)))
    return checks[place].id, 1.0 / len(checks)


def _unseen(study: StudyRow, rater: RaterRow, kind: str) -> Any:
    """Questions of a kind that the rater was not asked; what was given back unanswered may be asked again."""
    asked = select(AssignmentRow.question_id).where(AssignmentRow.rater_id == rater.id, AssignmentRow.state != "expired")
    return select(QuestionRow).where(QuestionRow.study_id == study.id, QuestionRow.kind == kind, QuestionRow.id.not_in(asked))


def _chosen(session: Session, study: StudyRow, design: StudyDesign, rater: RaterRow) -> tuple[int, float] | None:
    """A question with a free place, and the probability with which it was drawn.

    The database counts the questions that are equally probable, a group is drawn and one of it: many questions are never read.
    """
    held = QuestionRow.votes + QuestionRow.leases
    pair = QuestionRow.pair if design.pairing == "informative" else literal("")
    free = _unseen(study, rater, "item").where(held < design.votes_per_question)
    counted = free.with_only_columns(held.label("held"), pair.label("alike"), func.count())
    groups = sorted(session.execute(counted.group_by("held", "alike")).all())
    if not groups:
        return None
    counts = np.array([group[2] for group in groups])
    chances = probabilities(
        design, np.array([group[0] for group in groups]), [group[1] for group in groups], study.pair_weights, counts
    )
    served = session.scalar(select(func.count(AssignmentRow.id)).where(AssignmentRow.rater_id == rater.id))
    draw = generator(design.seed, f"next {rater.number} {served}")
    at = int(draw.choice(len(groups), p=counts * chances))
    those = free.where(held == groups[at][0], pair == groups[at][1]).with_only_columns(QuestionRow.id).order_by(QuestionRow.id)
    chosen = session.scalars(those.offset(int(draw.integers(counts[at]))).limit(1)).one()
    return chosen, float(chances[at])


def probabilities(
    design: StudyDesign,
    held: NDArray[np.int64],
    pairs: list[str],
    weights: dict[str, Any],
    counts: NDArray[np.int64] | None = None,
) -> Numbers:
    """With which probability each open question is next, (n,), by the study's pairing.

    Args:
        design: the study's.
        held: votes and leases of each question, (n,).
        pairs: its generators.
        weights: of each pair, how much a vote would tell; pairs it does not name count as the mean.
        counts: how many questions each of the n stands for, by default one; the probabilities are those of one of them.
    """
    many = np.ones(len(held)) if counts is None else counts.astype(np.float64)
    if design.pairing == "uniform" or (design.pairing == "informative" and not weights):
        return np.full(len(held), 1.0 / many.sum())
    if design.pairing == "least_voted":
        least = held == held.min()
        return np.asarray(least / many[least].sum(), dtype=np.float64)
    usual = float(np.mean([float(weight) for weight in weights.values()]))
    told = np.array([float(weights.get(pair, usual)) for pair in pairs])
    all_told = float(many @ told)
    share = told / all_told if all_told > 0 else np.full(len(held), 1.0 / many.sum())
    return np.asarray((1.0 - _LEAST_CHANCE) * share + _LEAST_CHANCE / many.sum(), dtype=np.float64)


def _held_by_others(session: Session, study: StudyRow, design: StudyDesign, rater: RaterRow) -> int:
    """Questions that might still come back to this rater."""
    taken = _unseen(study, rater, "item").where(QuestionRow.votes < design.votes_per_question)
    return session.scalar(taken.with_only_columns(func.count())) or 0


def _assign(
    session: Session, study: StudyRow, design: StudyDesign, rater: RaterRow, question_id: int, probability: float, at: int
) -> int:
    """Hold a question for a rater, its outputs in a random order."""
    question = session.get_one(QuestionRow, question_id)
    key = secrets.token_hex(8)
    served = session.scalar(select(func.count(AssignmentRow.id)).where(AssignmentRow.rater_id == rater.id))
    order = generator(design.seed, f"order {rater.number} {served}").permutation(len(question.outputs))
    assignment = AssignmentRow(
        key=key,
        study_id=study.id,
        question_id=question.id,
        rater_id=rater.id,
        shown=[question.outputs[i] for i in order],
        served_probability=probability,
        served_at=at,
        leased_until=at + _lease(design),
        state="open",
    )
    session.add(assignment)
    session.flush()
    _count_lease(session, question.id, 1)
    return assignment.id


def _lease(design: StudyDesign) -> int:
    return int(design.lease_minutes * 60_000)


def _shown(session: Session, number: int) -> Served:
    """An assignment with all that the rater's screen needs."""
    assignment, question, item, rater, study = session.execute(
        select(AssignmentRow, QuestionRow, ItemRow, RaterRow, StudyRow)
        .join(QuestionRow, QuestionRow.id == AssignmentRow.question_id)
        .join(ItemRow, ItemRow.id == QuestionRow.item_id)
        .join(RaterRow, RaterRow.id == AssignmentRow.rater_id)
        .join(StudyRow, StudyRow.id == AssignmentRow.study_id)
        .where(AssignmentRow.id == number)
    ).one()
    design, practice = StudyDesign.model_validate(study.design), question.kind == "practice"
    made = select(OutputRow.id, ContentRow.media_type, ContentRow.data).join(ContentRow, ContentRow.digest == OutputRow.content)
    outputs = {row[0]: Content(row[1], row[2]) for row in session.execute(made.where(OutputRow.id.in_(assignment.shown)))}
    done, more = votes_cast(session, rater), _ahead(session, study, design, rater)
    of = done + more - practice
    return Served(
        assignment=assignment.key,
        study=study.name,
        design=design,
        outputs=tuple(outputs[output] for output in assignment.shown),
        prompt=item.prompt,
        reference=None if item.reference is None else content_in(session, item.reference),
        context=item.context,
        practice=practice,
        draft=assignment.draft,
        done=done,
        of=min(of, design.votes_per_rater or of),
    )


def _ahead(session: Session, study: StudyRow, design: StudyDesign, rater: RaterRow) -> int:
    """How many questions a rater holds or might be asked."""
    free = _unseen(study, rater, "item").where(QuestionRow.votes + QuestionRow.leases < design.votes_per_question)
    held = select(func.count()).where(AssignmentRow.rater_id == rater.id, AssignmentRow.state == "open").scalar_subquery()
    return session.scalar(free.with_only_columns(func.count() + held)) or 0


def content_in(session: Session, digest: str) -> Content:
    """A content by its digest."""
    row = session.get_one(ContentRow, digest)
    return Content(row.media_type, row.data)


def generator_names(session: Session, study: StudyRow) -> dict[int, str]:
    """The generators' names by their number in the store."""
    rows = session.execute(select(GeneratorRow.id, GeneratorRow.name).where(GeneratorRow.study_id == study.id))
    return dict(rows.all())
