"""A study from a folder into a store: the same votes, the same log, the same ranking; or one sentence and nothing written."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evalkit.core.errors import InputError, StoreError
from evalkit.study import folder as form
from evalkit.study.contents import Content
from evalkit.study.creating import is_name, keep
from evalkit.study.log import Head, events, verify
from evalkit.study.parts import Parts, read_parts
from evalkit.study.store import Store, insert_all
from evalkit.study.tables import (
    AssignmentRow,
    EventRow,
    EvidenceRow,
    GeneratorRow,
    ItemRow,
    OutputRow,
    QuestionRow,
    RaterRow,
    StudyRow,
    VoteRow,
)
from evalkit.study.votes import COLUMNS, told_vote, votes_frame


def import_study(store: Store, folder: Path, name: str | None = None) -> str:
    """Make a study of what :func:`~evalkit.study.exporting.export_study` wrote; gives its name.

    Its log has the same head and its votes rank alike. Raters come without names and links: invite new ones to go on.

    Args:
        store: where to.
        folder: what was exported, from a store of any kind.
        name: of the study; by default the one it had.

    Raises:
        InputError: the folder is damaged, parts of it do not fit each other, or the name is taken; then nothing is written.
    """
    parts = read_parts(folder)
    name = parts.study.name if name is None else name
    if not is_name(name):
        raise InputError("a study's name has 1 to 200 characters, all of them visible")
    contents = [form.read_content(folder, each) for each in sorted(_shown_files(parts.items))]
    with store.writing() as session:
        if session.scalar(select(StudyRow.id).where(StudyRow.name == name)) is not None:
            raise InputError(f"a study called {name[:60]!r} is there already: choose another name with --name")
        try:
            study = _insert(session, name, parts, contents)
            verify(session, study, Head(parts.study.events, parts.study.head))
        except IntegrityError as error:
            raise InputError(f"the parts of {folder.name} do not fit each other: export the study again") from error
        except StoreError as error:
            raise InputError(f"{folder.name} is not taken: {error}") from error
        _agree_with_log(session, study, folder)
    return name


def _insert(session: Session, name: str, parts: Parts, contents: list[Content]) -> StudyRow:
    """All rows of a study, many at a time."""
    keep(session, contents)
    study = StudyRow(
        name=name,
        state=parts.study.state,
        design=parts.study.design.model_dump(mode="json"),
        pair_weights={},
        made_at=parts.study.made_at,
        head_number=parts.study.events,
        head_digest=parts.study.head,
    )
    session.add(study)
    session.flush()
    generators = {}
    for each in parts.study.generators:
        generator = GeneratorRow(study_id=study.id, name=each)
        session.add(generator)
        session.flush()
        generators[each] = generator.id
    pairs = {",".join(str(generators[one]) for one in pair): weight for pair, weight in parts.study.pair_weights}
    study.pair_weights = pairs
    _insert_items(session, study, parts, generators)
    _insert_votes(session, study, parts, generators)
    evidence = [
        {
            "study_id": study.id,
            "generator_id": line.generator and generators[line.generator],
            **line.model_dump(exclude={"generator"}),
        }
        for line in parts.evidence
    ]
    insert_all(session, EvidenceRow, evidence)
    insert_all(session, EventRow, [{"study_id": study.id, **line.model_dump()} for line in parts.events])
    return study


def _insert_items(session: Session, study: StudyRow, parts: Parts, generators: dict[str, int]) -> None:
    items = [
        {
            "study_id": study.id,
            "reference": item.reference and _digest(item.reference),
            **item.model_dump(include={"name", "kind", "prompt", "context", "expected"}),
        }
        for item in parts.items
    ]
    insert_all(session, ItemRow, items)
    ids = _ids(session, study, ItemRow.name, ItemRow.id, ItemRow.study_id)
    outputs = [
        {"item_id": ids[item.name], "generator_id": generators[one], "content": _digest(file)}
        for item in parts.items
        for one, file in item.outputs.items()
    ]
    insert_all(session, OutputRow, outputs)
    made = _outputs(session, study)
    counted, held = _held(parts.votes)
    questions = [
        {
            "study_id": study.id,
            "item_id": ids[item.name],
            "kind": item.kind,
            "pair": ",".join(str(generators[one]) for one in group),
            "outputs": [made[ids[item.name], generators[one]] for one in group],
            "votes": counted[item.name, frozenset(group)],
            "leases": held[item.name, frozenset(group)],
        }
        for item in parts.items
        for group in item.questions
    ]
    insert_all(session, QuestionRow, questions)


_Asked = tuple[str, frozenset[str]]


def _held(lines: list[form.AssignmentLine]) -> tuple[Counter[_Asked], Counter[_Asked]]:
    """Counted votes and open assignments of each question."""
    counted, held = Counter[_Asked](), Counter[_Asked]()
    for line in lines:
        question = (line.item, frozenset(line.shown))
        counted[question] += sum(vote.not_counted is None for vote in line.votes)
        held[question] += line.state == "open"
    return counted, held


def _insert_votes(session: Session, study: StudyRow, parts: Parts, generators: dict[str, int]) -> None:
    insert_all(session, RaterRow, [{"study_id": study.id, **rater.model_dump()} for rater in parts.raters])
    raters = _ids(session, study, RaterRow.key, RaterRow.id, RaterRow.study_id)
    items = _ids(session, study, ItemRow.name, ItemRow.id, ItemRow.study_id)
    made, names = _outputs(session, study), {number: name for name, number in generators.items()}
    rows = session.execute(select(QuestionRow.id, QuestionRow.item_id, QuestionRow.pair).where(QuestionRow.study_id == study.id))
    questions = {(item, frozenset(names[int(one)] for one in pair.split(","))): number for number, item, pair in rows}
    assignments = [
        {
            "study_id": study.id,
            "question_id": questions[items[line.item], frozenset(line.shown)],
            "rater_id": raters[line.rater],
            "shown": [made[items[line.item], generators[one]] for one in line.shown],
            **line.model_dump(include={"key", "served_probability", "served_at", "leased_until", "state"}),
        }
        for line in parts.votes
    ]
    insert_all(session, AssignmentRow, assignments)
    ids = _ids(session, study, AssignmentRow.key, AssignmentRow.id, AssignmentRow.study_id)
    votes = [
        {"study_id": study.id, "assignment_id": ids[line.key], "rater_id": raters[line.rater], **vote.model_dump()}
        for line in parts.votes
        for vote in line.votes
    ]
    insert_all(session, VoteRow, votes)


def _agree_with_log(session: Session, study: StudyRow, folder: Path) -> None:
    """The votes, counted or not, must be those that the log tells of."""
    told: dict[str, dict[str, Any]] = {}
    for event in events(session, study):
        if event.kind == "voted" and event.body is not None:
            told[event.body["vote"]] = told_vote(event.body, event.at)
        elif event.kind == "undone" and event.body is not None and event.body["vote"] in told:
            told[event.body["vote"]]["not_counted"] = "undone"
    held = votes_frame(session, study, counted=False).astype(object)
    rows = held.where(held.notna(), None).to_dict("records")
    if len(rows) != len(told) or any(row[column] != told.get(row["vote"], {}).get(column) for row in rows for column in COLUMNS):
        raise InputError(f"{folder.name} is not taken: its votes are not those that its log tells of")


def _outputs(session: Session, study: StudyRow) -> dict[tuple[int, int], int]:
    """The number of an output by item and generator."""
    made = select(OutputRow.item_id, OutputRow.generator_id, OutputRow.id).join(ItemRow, ItemRow.id == OutputRow.item_id)
    return {(item, generator): number for item, generator, number in session.execute(made.where(ItemRow.study_id == study.id))}


def _ids(session: Session, study: StudyRow, name: Any, number: Any, owner: Any) -> dict[str, int]:
    return {key: value for key, value in session.execute(select(name, number).where(owner == study.id))}


def _shown_files(items: Iterable[form.ItemLine]) -> set[str]:
    """Every file of an output or a reference."""
    names = {name for item in items for name in item.outputs.values()}
    return names | {item.reference for item in items if item.reference is not None}


def _digest(file: str) -> str:
    return file.partition(".")[0]
