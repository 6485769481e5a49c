"""A study out of a store, into a folder; see :mod:`evalkit.study.folder` for what it holds."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from evalkit.core.files import whole_folder
from evalkit.core.version import VERSION
from evalkit.study import folder as form
from evalkit.study.design import StudyDesign
from evalkit.study.log import locked, verify
from evalkit.study.serving import generator_names
from evalkit.study.store import Store
from evalkit.study.tables import (
    AssignmentRow,
    ContentRow,
    EventRow,
    EvidenceRow,
    ItemRow,
    OutputRow,
    QuestionRow,
    RaterRow,
    StudyRow,
    VoteRow,
)


class Exported(NamedTuple):
    """What was written: items, votes, events, and the head of the log to keep elsewhere."""

    items: int
    votes: int
    events: int
    head: str


def export_study(store: Store, study: str, folder: Path) -> Exported:
    """Write a whole study into a new folder: what :func:`~evalkit.study.importing.import_study` makes the same study of.

    Reasons that raters wrote are in it, their names and links are not, nor what they had begun to write. Nobody can vote meanwhile.

    Args:
        store: where the study is.
        study: its name.
        folder: new or empty; it appears whole or not at all.

    Raises:
        InputError: no such study, or the folder holds something.
        StoreError: the study's log was tampered with.
    """
    with whole_folder(folder) as temporary, store.writing() as session:
        row = locked(session, study)
        head = verify(session, row)
        names = _content_names(session, row)
        lists: dict[form.ListName, list[Any]] = {
            form.ITEMS: list(_items(session, row, names)),
            form.RATERS: list(_raters(session, row)),
            form.VOTES: list(_assignments(session, row)),
            form.EVIDENCE: list(_evidence(session, row)),
            form.EVENTS: list(_events(session, row)),
        }
        files = {name: _written(temporary / name, lines) for name, lines in lists.items()}
        (temporary / form.STUDY).write_text(_study(session, row, files).model_dump_json(indent=1), "utf-8")
        _write_outputs(session, names, temporary / form.OUTPUTS)
    votes = sum(len(line.votes) for line in lists[form.VOTES])
    return Exported(len(lists[form.ITEMS]), votes, *head)


def _written(path: Path, lines: Iterable[form.Line]) -> str:
    """Write a list; gives its SHA-256."""
    data = form.as_lines(lines)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def _study(session: Session, study: StudyRow, files: dict[form.ListName, str]) -> form.StudyFile:
    names = generator_names(session, study)
    weights = [([names[int(one)] for one in pair.split(",")], float(weight)) for pair, weight in study.pair_weights.items()]
    return form.StudyFile(
        format=1,
        evalkit=VERSION,
        name=study.name,
        state=study.state,  # type: ignore[arg-type]
        design=StudyDesign.model_validate(study.design),
        made_at=study.made_at,
        generators=[names[number] for number in sorted(names)],
        pair_weights=weights,
        events=study.head_number,
        head=study.head_digest,
        files=files,
    )


def _content_names(session: Session, study: StudyRow) -> dict[str, str]:
    """The file of every content that the study shows, by its hash."""
    mine = ItemRow.study_id == study.id
    shown = select(OutputRow.content).join(ItemRow, ItemRow.id == OutputRow.item_id).where(mine)
    digests = shown.union(select(ItemRow.reference).where(mine, ItemRow.reference.is_not(None)))
    rows = session.execute(select(ContentRow.digest, ContentRow.media_type).where(ContentRow.digest.in_(digests)))
    return {digest: form.content_name(digest, kind) for digest, kind in rows}


def _write_outputs(session: Session, names: dict[str, str], folder: Path) -> None:
    folder.mkdir()
    digests = sorted(names)
    for i in range(0, len(digests), 500):
        chosen = select(ContentRow.digest, ContentRow.data).where(ContentRow.digest.in_(digests[i : i + 500]))
        for digest, data in session.execute(chosen):
            (folder / names[digest]).write_bytes(data)


def _items(session: Session, study: StudyRow, names: dict[str, str]) -> Iterator[form.ItemLine]:
    generators = generator_names(session, study)
    made = select(OutputRow).join(ItemRow, ItemRow.id == OutputRow.item_id).where(ItemRow.study_id == study.id)
    outputs: dict[int, dict[str, str]] = {}
    for output in session.scalars(made.order_by(OutputRow.id)):
        outputs.setdefault(output.item_id, {})[generators[output.generator_id]] = names[output.content]
    questions: dict[int, list[list[str]]] = {}
    asked = select(QuestionRow.item_id, QuestionRow.pair).where(QuestionRow.study_id == study.id)
    for of, pair in session.execute(asked.order_by(QuestionRow.id)):
        questions.setdefault(of, []).append([generators[int(one)] for one in pair.split(",")])
    for item in session.scalars(select(ItemRow).where(ItemRow.study_id == study.id).order_by(ItemRow.id)):
        yield form.ItemLine(
            name=item.name,
            kind=item.kind,  # type: ignore[arg-type]
            prompt=item.prompt,
            reference=None if item.reference is None else names[item.reference],
            context=item.context,
            expected=item.expected,
            outputs=outputs.get(item.id, {}),
            questions=questions.get(item.id, []),
        )


def _raters(session: Session, study: StudyRow) -> Iterator[form.RaterLine]:
    for rater in session.scalars(select(RaterRow).where(RaterRow.study_id == study.id).order_by(RaterRow.id)):
        yield form.RaterLine(**{field: getattr(rater, field) for field in form.RaterLine.model_fields})


def _assignments(session: Session, study: StudyRow) -> Iterator[form.AssignmentLine]:
    votes: dict[int, list[form.VoteLine]] = {}
    for vote in session.scalars(select(VoteRow).where(VoteRow.study_id == study.id).order_by(VoteRow.id)):
        line = form.VoteLine(**{field: getattr(vote, field) for field in form.VoteLine.model_fields})
        votes.setdefault(vote.assignment_id, []).append(line)
    raters = dict(session.execute(select(RaterRow.id, RaterRow.key).where(RaterRow.study_id == study.id)).all())
    generators = generator_names(session, study)
    made = select(OutputRow.id, OutputRow.generator_id).join(ItemRow, ItemRow.id == OutputRow.item_id)
    outputs = {number: generators[one] for number, one in session.execute(made.where(ItemRow.study_id == study.id))}
    rows = (
        select(AssignmentRow, ItemRow.name)
        .join(QuestionRow, QuestionRow.id == AssignmentRow.question_id)
        .join(ItemRow, ItemRow.id == QuestionRow.item_id)
        .where(AssignmentRow.study_id == study.id)
        .order_by(AssignmentRow.id)
    )
    for assignment, item in session.execute(rows):
        yield form.AssignmentLine(
            key=assignment.key,
            rater=raters[assignment.rater_id],
            item=item,
            shown=[outputs[output] for output in assignment.shown],
            served_probability=assignment.served_probability,
            served_at=assignment.served_at,
            leased_until=assignment.leased_until,
            state=assignment.state,  # type: ignore[arg-type]
            votes=votes.get(assignment.id, []),
        )


def _evidence(session: Session, study: StudyRow) -> Iterator[form.EvidenceLine]:
    names = generator_names(session, study)
    for row in session.scalars(select(EvidenceRow).where(EvidenceRow.study_id == study.id).order_by(EvidenceRow.id)):
        generator = None if row.generator_id is None else names[row.generator_id]
        yield form.EvidenceLine(generator=generator, source=row.source, finding=row.finding, at=row.at)


def _events(session: Session, study: StudyRow) -> Iterator[form.EventLine]:
    for row in session.scalars(select(EventRow).where(EventRow.study_id == study.id).order_by(EventRow.number)):
        yield form.EventLine(**{field: getattr(row, field) for field in form.EventLine.model_fields})
