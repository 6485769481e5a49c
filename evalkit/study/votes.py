"""Votes as tables: what rankings and agreement are computed from, out of the store or out of its log."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from evalkit.study.log import Event
from evalkit.study.serving import generator_names
from evalkit.study.tables import AssignmentRow, ItemRow, OutputRow, QuestionRow, RaterRow, StudyRow, VoteRow

COLUMNS = (
    "vote",
    "assignment",
    "rater",
    "item",
    "shown",
    "answer",
    "served_probability",
    "seconds",
    "app_version",
    "not_counted",
    "at",
)
"""What is known of every vote, from the tables and from the log alike."""
_ROWS = 1000  # of votes read at a time
_READ: dict[str, Any] = {
    "vote": VoteRow.key,
    "assignment": AssignmentRow.key,
    "rater": RaterRow.key,
    "item": ItemRow.name,
    "shown": cast(AssignmentRow.shown, Text),
    "answer": cast(VoteRow.answer, Text),
    "served_probability": AssignmentRow.served_probability,
    "seconds": VoteRow.seconds,
    "app_version": VoteRow.app_version,
    "not_counted": VoteRow.not_counted,
    "at": VoteRow.at,
    "rater_kind": RaterRow.kind,
    "item_kind": ItemRow.kind,
    "rationale": VoteRow.rationale,
}


def votes_frame(session: Session, study: StudyRow, *, counted: bool = True, columns: Sequence[str] = tuple(_READ)) -> pd.DataFrame:
    """Every vote of a study, in the order of their keys: the same votes are the same table in whatever order they came.

    Args:
        session: of the store.
        study: its row.
        counted: leave out practice, checks, what was taken back and what was more than the quorum.
        columns: those to read, by default all; ``shown`` and ``answer`` must be among them.

    Returns:
        :data:`COLUMNS`, and ``rater_kind``, ``item_kind``, ``rationale``. ``shown`` holds the generators' names in the order of the
        screen, ``answer`` speaks of places in it, ``at`` is in milliseconds since 1970.
    """
    names = generator_names(session, study)
    made = select(OutputRow.id, OutputRow.generator_id).join(ItemRow, ItemRow.id == OutputRow.item_id)
    makers = {output: names[maker] for output, maker in session.execute(made.where(ItemRow.study_id == study.id))}
    chosen = (
        select(*(_READ[column] for column in columns))
        .join(AssignmentRow, AssignmentRow.id == VoteRow.assignment_id)
        .join(QuestionRow, QuestionRow.id == AssignmentRow.question_id)
        .join(ItemRow, ItemRow.id == QuestionRow.item_id)
        .join(RaterRow, RaterRow.id == VoteRow.rater_id)
        .where(VoteRow.study_id == study.id)
        .order_by(VoteRow.key)
    )
    if counted:
        chosen = chosen.where(VoteRow.not_counted.is_(None))
    read: dict[str, list[Any]] = {column: [] for column in columns}
    # Past the bookkeeping of objects, and never all rows at once: the collector would go through all that the process holds.
    form: dict[str, Callable[[Iterable[Any]], list[Any]]] = {"shown": partial(_names, makers), "answer": _decoded}
    for rows in session.connection().execute(chosen).partitions(_ROWS):
        for column, values in zip(columns, zip(*rows, strict=True), strict=True):
            read[column] += form.get(column, list)(values)
    return pd.DataFrame(read)


def counted_votes(session: Session, study: StudyRow) -> int:
    """How many votes count, without reading them."""
    counted = select(func.count(VoteRow.id)).where(VoteRow.study_id == study.id, VoteRow.not_counted.is_(None))
    return session.scalar(counted) or 0


def _decoded(texts: Iterable[str]) -> list[Any]:
    """Many JSON texts in one go: one by one took most of a ranking's time."""
    return list(json.loads(f"[{','.join(texts)}]"))


def _names(makers: Mapping[int, str], texts: Iterable[str]) -> list[tuple[str, ...]]:
    """Whose outputs were shown."""
    return [tuple(makers[output] for output in outputs) for outputs in _decoded(texts)]


def told_vote(body: Mapping[str, Any], at: int) -> dict[str, Any]:
    """What the event of a vote says of it, as :func:`votes_frame` has it."""
    return {**body, "at": at, "shown": tuple(body["shown"])}


def replayed(events: Iterable[Event]) -> pd.DataFrame:
    """The counted votes as they stood after some events, :data:`COLUMNS`, in the order of their keys."""
    standing: dict[str, dict[str, Any]] = {}
    for event in events:
        if event.kind == "voted" and event.body is not None:
            standing[event.body["vote"]] = told_vote(event.body, event.at)
        elif event.kind == "undone" and event.body is not None:
            standing.pop(event.body["vote"], None)
    kept = [standing[key] for key in sorted(standing) if standing[key]["not_counted"] is None]
    return pd.DataFrame([[row[column] for column in COLUMNS] for row in kept], columns=list(COLUMNS))


def comparisons(votes: pd.DataFrame) -> pd.DataFrame:
    """Votes between two as the ranking reads them: rater, item, left, right, outcome, served_probability, seconds, at.

    >>> votes = pd.DataFrame({"rater": ["r"], "item": ["1"], "shown": [["a", "b"]], "answer": [{"choice": "tie"}],
    ...                       "served_probability": [0.5], "seconds": [2.0], "at": [0]})
    >>> comparisons(votes)[["left", "right", "outcome"]].values.tolist()
    [['a', 'b', 'tie']]
    """
    shown = votes["shown"].tolist()
    return pd.DataFrame(
        {
            "rater": votes["rater"],
            "item": votes["item"],
            "left": [names[0] for names in shown],
            "right": [names[1] for names in shown],
            "outcome": [answer["choice"] for answer in votes["answer"]],
            "served_probability": votes["served_probability"],
            "seconds": votes["seconds"],
            "at": votes["at"],
        }
    )


def points(votes: pd.DataFrame) -> pd.DataFrame:
    """Ratings on a scale and verdicts on rows: rater, item, generator, value (a number, or yes, no, unsure)."""
    return pd.DataFrame(
        {
            "rater": votes["rater"],
            "item": votes["item"],
            "generator": [names[0] for names in votes["shown"]],
            "value": [answer.get("value", answer.get("verdict")) for answer in votes["answer"]],
        }
    )
