"""How a study stands: votes, raters, checks, sides, time left."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evalkit.study import Store, StudyDesign
from evalkit.study.log import found
from evalkit.study.serving import generator_names
from evalkit.study.store import now
from evalkit.study.tables import AssignmentRow, EventRow, ItemRow, QuestionRow, RaterRow, StudyRow
from evalkit.study.votes import votes_frame
from evalkit.study.voting import is_right

FAST = 1.0
"""Seconds: answers below are suspected to be given without looking."""


class RaterLine(BaseModel):
    """A rater as the organiser sees them.

    Attributes:
        rater: the key that stands in exports.
        name: what the organiser calls them; None once erased.
        state: invited, rating, idle, link closed, or withdrawn.
        done: questions answered.
        skipped: questions left to others.
        median_seconds: for an answer.
        fast_share: answers in under :data:`FAST` seconds.
        checks: how many checks were answered, and how many rightly.
        left_share: how often the left one won, of decided pairs.
        seen_minutes: since they were last seen.
    """

    model_config = ConfigDict(frozen=True)

    rater: str
    name: str | None
    kind: str
    state: str
    done: int
    skipped: int
    median_seconds: float | None
    fast_share: float | None
    checks: tuple[int, int]
    left_share: float | None
    seen_minutes: float | None


class StudyProgress(BaseModel):
    """A whole study as its organiser sees it.

    Attributes:
        name, state, design: of the study.
        decided: whether its stop rule has closed it.
        generators: their names.
        votes, wanted: counted votes and how many fill every question.
        not_counted: how many votes are not counted, by why.
        pairs: of pairs, votes of each group of generators and how many are wanted, the group with the fewest first.
        raters: one line each.
        per_hour: votes in the last hour.
        hours_left: at that pace; None without one.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    state: str
    design: StudyDesign
    decided: bool
    generators: tuple[str, ...]
    votes: int
    wanted: int
    not_counted: dict[str, int]
    pairs: tuple[tuple[str, int, int], ...]
    raters: tuple[RaterLine, ...]
    per_hour: int
    hours_left: float | None


def study_progress(store: Store, name: str) -> StudyProgress:
    """How a study stands now.

    Raises:
        InputError: there is none of that name.
    """
    with store.reading() as session:
        study = found(session, name)
        design = StudyDesign.model_validate(study.design)
        votes = votes_frame(session, study, counted=False)
        counted = votes[votes["not_counted"].isna()]
        pairs = _pairs(session, study, design)
        wanted = sum(pair[2] for pair in pairs)
        recent = int((votes["at"] > now() - 3_600_000).sum()) if len(votes) else 0
        return StudyProgress(
            name=study.name,
            state=study.state,
            design=design,
            decided=study.state == "closed" and _why(session, study) == "decided",
            generators=tuple(generator_names(session, study).values()),
            votes=len(counted),
            wanted=wanted,
            not_counted={str(why): int(n) for why, n in votes["not_counted"].value_counts().items()},
            pairs=pairs,
            raters=tuple(_rater(session, study, rater, votes) for rater in _raters(session, study)),
            per_hour=recent,
            hours_left=(wanted - len(counted)) / recent if recent and wanted > len(counted) else None,
        )


def _why(session: Session, study: StudyRow) -> str | None:
    """What the log says of the last change of state."""
    changes = select(EventRow.body).where(EventRow.study_id == study.id, EventRow.kind == "state")
    last = session.scalar(changes.order_by(EventRow.number.desc()).limit(1))
    return None if last is None else json.loads(last).get("why")


def _pairs(session: Session, study: StudyRow, design: StudyDesign) -> tuple[tuple[str, int, int], ...]:
    """Votes of every group of generators that is asked about."""
    names = generator_names(session, study)
    rows = session.execute(
        select(QuestionRow.pair, func.count(), func.sum(QuestionRow.votes))
        .where(QuestionRow.study_id == study.id, QuestionRow.kind == "item")
        .group_by(QuestionRow.pair)
    )
    shown = [
        (" · ".join(names[int(one)] for one in pair.split(",")), int(votes), n * design.votes_per_question)
        for pair, n, votes in rows
    ]
    return tuple(sorted(shown, key=lambda line: (line[1] / max(line[2], 1), line[0])))


def _raters(session: Session, study: StudyRow) -> list[RaterRow]:
    return list(session.scalars(select(RaterRow).where(RaterRow.study_id == study.id).order_by(RaterRow.id)))


def _rater(session: Session, study: StudyRow, rater: RaterRow, votes: pd.DataFrame) -> RaterLine:
    own = votes[(votes["rater"] == rater.key) & (votes["not_counted"] != "undone") & (votes["not_counted"] != "practice")]
    seconds = own["seconds"].dropna()
    skipped = select(func.count()).where(AssignmentRow.rater_id == rater.id, AssignmentRow.state == "skipped")
    sides = [answer.get("choice") for answer in own["answer"]]
    decided = [side for side in sides if side in ("left", "right")]
    return RaterLine(
        rater=rater.key,
        name=rater.name,
        kind=rater.kind,
        state=_state(rater),
        done=len(own),
        skipped=session.scalar(skipped) or 0,
        median_seconds=float(np.median(seconds)) if len(seconds) else None,
        fast_share=float(np.mean(seconds < FAST)) if len(seconds) else None,
        checks=_checks(session, study, own),
        left_share=decided.count("left") / len(decided) if decided else None,
        seen_minutes=None if rater.seen_at is None else (now() - rater.seen_at) / 60_000,
    )


def _state(rater: RaterRow) -> str:
    """In a word or two."""
    if rater.withdrawn_at is not None:
        return "withdrawn"
    if rater.kind != "person":
        return rater.kind
    if rater.revoked_at is not None or rater.ends_at < now():
        return "link closed"
    if rater.seen_at is None:
        return "invited"
    return "rating" if now() - rater.seen_at < 120_000 else "idle"


def _checks(session: Session, study: StudyRow, own: pd.DataFrame) -> tuple[int, int]:
    """How many checks a rater answered, and how many rightly."""
    checks = own[own["item_kind"] == "check"]
    if checks.empty:
        return 0, 0
    rows = session.execute(select(ItemRow.name, ItemRow.expected).where(ItemRow.study_id == study.id, ItemRow.kind == "check"))
    expected: Mapping[str, Any] = dict(rows.all())
    right = [
        is_right(expected[item], answer, shown)
        for item, answer, shown in zip(checks["item"], checks["answer"], checks["shown"], strict=True)
    ]
    return len(right), sum(bool(one) for one in right)
