"""Were the alarms right? Flagged rows as a review study, verdicts of the Detect page as its votes, and the alarms' precision."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from evalkit.anomaly import Detection
from evalkit.compare.alarms import reasons_of, row_name
from evalkit.core.errors import InputError
from evalkit.core.evidence import Evidence, Failure, Finding
from evalkit.core.sample import Table
from evalkit.core.seeds import generator
from evalkit.data import load
from evalkit.run.jobs import find_job
from evalkit.run.requests import DetectRequest
from evalkit.run.studies import MOST_ITEMS
from evalkit.run.verdicts import Verdict, verdicts
from evalkit.statistics.intervals import proportion_interval
from evalkit.study import ItemPlan, Store, StudyDesign, create_study
from evalkit.study.board import BroughtVote
from evalkit.study.bringing import Brought, bring_votes, content_key
from evalkit.study.log import append, found, locked
from evalkit.study.tables import AssignmentRow, ItemRow, QuestionRow, RaterRow, VoteRow
from evalkit.study.votes import votes_frame

QUESTION = "Does this row belong?"
_GENERATOR = "alarms"
_SAID: dict[Verdict, str] = {"real": "no", "false alarm": "yes", "unsure": "unsure"}
_OWN = "verdict-"  # how the keys of votes begin that come from the Detect page


class Flagged(NamedTuple):
    """Rows that a detection flagged: their positions in the table, and what a reviewer is told of each."""

    table: Table
    rows: list[int]
    told: list[dict[str, str]]


def flagged_by_run(run: str) -> Flagged:
    """The alarms of a run of the Detect page, each with its score and the reasons for it.

    Raises:
        InputError: there is no such run, or it is no finished detection.
    """
    job = find_job(run)
    request = job.request()
    if not isinstance(request, DetectRequest) or job.status().state != "finished":
        raise InputError("this run is no finished detection: name one that the Detect page lists")
    detection = job.detection()
    rows = np.flatnonzero(detection.scores["is_anomaly"].to_numpy())
    return Flagged(load(request.data, modality="table"), rows.tolist(), [_told(detection, int(row)) for row in rows])


def flagged_by_scores(scores: Path, data: Path) -> Flagged:
    """The alarms of a file that ``evalkit detect --out`` wrote, beside the table that was scored.

    Raises:
        InputError: the file has no column is_anomaly, or another number of rows than the table.
    """
    table, lines = load(data, modality="table"), load(scores, modality="table")
    if "is_anomaly" not in lines.frame:
        raise InputError(f"{scores.name[:60]} has no column is_anomaly: give what evalkit detect --out wrote")
    if len(lines) != len(table):
        raise InputError(
            f"{scores.name[:60]} has {len(lines):,} rows and {data.name[:60]} {len(table):,}: they must be the same rows"
        )
    flags = lines.frame["is_anomaly"].astype(str).str.lower().isin(("true", "1", "1.0"))
    rows = np.flatnonzero(flags.to_numpy()).tolist()
    parts = [name for name in ("anomaly_score", "p_value", "reason_1", "reason_2", "reason_3") if name in lines.frame]
    cells = lines.frame[parts].iloc[rows]
    told = [
        {str(name).replace("_", " "): str(cell) for name, cell in line.items() if not pd.isna(cell)}
        for line in cells.to_dict("records")
    ]
    return Flagged(table, rows, told)


def _told(detection: Detection, row: int) -> dict[str, str]:
    """A row's name, score and main reasons, in words."""
    line = detection.scores.iloc[row]
    reasons = reasons_of(detection, row).head(3)
    why = {f"reason: {one.column}": f"{one.value} (usual: {one.usual})" for one in reasons.itertuples()}
    about = {"row": row_name(detection, row), "anomaly score": f"{line['anomaly_score']:.3g}", "p-value": f"{line['p_value']:.2g}"}
    return about | why


def create_review(store: Store, name: str, flagged: Flagged, *, votes: int = 3, items: int = MOST_ITEMS, seed: int = 0) -> int:
    """Make a study that asks of each flagged row whether it belongs; gives how many rows it asks about.

    Where there are more alarms than items, they are drawn at random, so that their precision speaks for all of them.

    Args:
        store: where it is kept.
        name: unique in the store.
        flagged: the rows.
        votes: wanted for each.
        items: at most so many rows.
        seed: of the draw.

    Raises:
        InputError: nothing was flagged, or the name is taken.
    """
    if not flagged.rows:
        raise InputError("nothing was flagged: there is nothing to review")
    chosen = np.sort(generator(seed, "alarms to review").permutation(len(flagged.rows))[:items])
    rows = [flagged.rows[i] for i in chosen]
    plans = [ItemPlan(name=_item(row), context=flagged.told[i]) for i, row in zip(chosen, rows, strict=True)]
    design = StudyDesign(task="review", question=QUESTION, votes_per_question=votes, seed=seed)
    create_study(store, name, design, {_GENERATOR: flagged.table.take(np.array(rows))}, plans)
    return len(rows)


def bring_verdicts(store: Store, study: str, run: str, rater: str) -> tuple[Brought, int]:
    """Bring what a person said on the Detect page into a review study, as that person's votes.

    Done again it brings what is new; a verdict that was changed or taken back on the page is taken back here first.

    Args:
        store: where the study is.
        study: made of the same run, :func:`create_review`.
        run: of the Detect page.
        rater: what the organiser calls the person.

    Returns:
        What was stored, and how many verdicts are on rows that the study does not ask about.

    Raises:
        InputError: there is no such run or study, the study asks something else, or nothing was said on its rows.
    """
    said = verdicts(find_job(run).folder)
    with store.writing() as session:
        row = locked(session, study)
        if StudyDesign.model_validate(row.design).task != "review":
            raise InputError("verdicts are votes of the task review: evalkit study review makes such a study")
        items = set(session.scalars(select(ItemRow.name).where(ItemRow.study_id == row.id)))
        wanted = {_item(number): _SAID[verdict] for number, verdict in said.items() if _item(number) in items}
        times = _taken_back(session, study, rater, wanted)
        if not wanted and not times:
            raise InputError("nothing was said of this study's rows on the Detect page of that run")
    if not wanted:
        return Brought(False, 0, 0, 0), len(said)
    brought = [
        BroughtVote(item, _OWN + content_key(rater, item, times.get(item, 0)), rater, item, (_GENERATOR,), {"verdict": answer})
        for item, answer in wanted.items()
    ]
    design = StudyDesign(task="review", question=QUESTION)
    return bring_votes(store, study, brought, design, kind="person"), len(said) - len(wanted)


def _taken_back(session: Session, study: str, rater: str, wanted: dict[str, str]) -> Counter[str]:
    """Take back a person's brought verdicts that are no longer said; gives how many were ever taken back, by item."""
    row, times = found(session, study), Counter[str]()
    chosen = (
        select(VoteRow, AssignmentRow, QuestionRow, ItemRow.name, RaterRow.key)
        .join(AssignmentRow, AssignmentRow.id == VoteRow.assignment_id)
        .join(QuestionRow, QuestionRow.id == AssignmentRow.question_id)
        .join(ItemRow, ItemRow.id == QuestionRow.item_id)
        .join(RaterRow, RaterRow.id == VoteRow.rater_id)
        .where(VoteRow.study_id == row.id, RaterRow.name == rater, VoteRow.key.startswith(_OWN))
    )
    for vote, assignment, question, item, key in session.execute(chosen).all():
        if vote.not_counted is None and wanted.get(item) != vote.answer["verdict"]:
            vote.not_counted, assignment.state = "undone", "expired"
            question.votes -= 1
            append(session, row, "undone", {"rater": key, "vote": vote.key, "assignment": assignment.key})
        times[item] += vote.not_counted == "undone"
    return times


class Reviewed(NamedTuple):
    """What reviewers say of the alarms.

    Attributes:
        precision: share of alarms of which most of those who decided say that the row does not belong, with its exact interval.
        rows: a line an alarm: ``item``, ``no``, ``yes``, ``unsure`` (votes), ``verdict`` (no, yes, or open where nobody decided or
            as many say the one as the other).
        disagreements: the lines on which some say no and some yes.
    """

    precision: Finding
    rows: pd.DataFrame
    disagreements: pd.DataFrame


def review_of(store: Store, study: str) -> Reviewed:
    """Sum up a review study.

    Raises:
        InputError: no such study, or it asks something else.
    """
    with store.reading() as session:
        row = found(session, study)
        if StudyDesign.model_validate(row.design).task != "review":
            raise InputError("this study does not ask whether rows belong: evalkit study review makes such a study")
        votes = votes_frame(session, row)
        asked = select(ItemRow.name).where(ItemRow.study_id == row.id, ItemRow.kind == "item").order_by(ItemRow.id)
        items = list(session.scalars(asked))
    votes = votes[votes["item"].isin(items)]
    said = pd.crosstab(votes["item"], [answer["verdict"] for answer in votes["answer"]]) if len(votes) else pd.DataFrame()
    rows = said.reindex(index=items, columns=["no", "yes", "unsure"], fill_value=0).rename_axis("item").reset_index()
    rows["verdict"] = np.select([rows["no"] > rows["yes"], rows["yes"] > rows["no"]], ["no", "yes"], "open")
    return Reviewed(_precision(rows), rows, rows[(rows["no"] > 0) & (rows["yes"] > 0)])


def _precision(rows: pd.DataFrame) -> Finding:
    decided = int((rows["verdict"] != "open").sum())
    if not decided:
        return Failure(name="precision of the alarms", reason="nobody has decided on any alarm yet", remedy="collect more votes")
    share = proportion_interval(int((rows["verdict"] == "no").sum()), decided)
    return Evidence(
        name="precision of the alarms",
        **share._asdict(),
        direction="higher",
        n=decided,
        method="share of decided alarms whose row does not belong, by most of those who decided; Clopper-Pearson",
        settings={"alarms": len(rows), "open": len(rows) - decided},
    )


def _item(row: int) -> str:
    """What an alarm is called, by its position in the table counted from 0; people count from 1."""
    return f"row {row + 1}"
