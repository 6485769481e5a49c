"""The verb ``study``: made from files, watched, paused, closed."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import func, select

from evalkit.compare.evaluation import Evaluation
from evalkit.core.errors import InputError
from evalkit.core.evidence import Finding
from evalkit.core.sample import Sample, Table
from evalkit.core.schema import Modality
from evalkit.core.seeds import generator as seeded
from evalkit.data import load
from evalkit.data.texts import read_lines
from evalkit.study import ItemPlan, Store, StudyDesign, create_study
from evalkit.study.findings import add_findings
from evalkit.study.log import append, locked
from evalkit.study.tables import GeneratorRow, QuestionRow, RaterRow, StudyRow
from evalkit.study.tasks import StopRule

MOST_ITEMS = 100
"""Asked about unless the caller says more: raters are people."""
StudyState = Literal["open", "paused", "closed"]
_KINDS = ("item", "practice", "check")


class StudyLine(BaseModel):
    """A study in a list.

    Attributes:
        name: of the study.
        state: open, paused or closed.
        task: what is asked.
        attributes: what is rated beside it.
        stop_rule: when it closes by itself.
        generators: their names.
        questions: how many there are, practice and checks left out.
        votes: counted ones.
        wanted: how many counted votes fill every question.
        raters: people invited who have not withdrawn.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    state: StudyState
    task: str
    attributes: tuple[str, ...]
    stop_rule: StopRule
    generators: tuple[str, ...]
    questions: int
    votes: int
    wanted: int
    raters: int


def create(
    store: Store,
    name: str,
    generators: Mapping[str, Path | Sample],
    design: StudyDesign,
    *,
    reference: Path | Sample | None = None,
    prompts: Path | None = None,
    items: int | None = None,
    rows: int = 1,
    modality: Modality | None = None,
) -> int:
    """Make a study from files; gives how many items it has.

    Args:
        store: where it is kept.
        name: unique in the store.
        generators: each one's outputs. With prompts, row i answers prompt i; without, rows are drawn at random and paired.
        design: how the study asks.
        reference: shown above the outputs, row by row beside the prompts.
        prompts: a .txt file with one a line, or a table with a column ``prompt`` and, if wanted, ``item`` (its name), ``kind``
            (item, practice or check) and ``expected`` (of practice and checks: a generator, or tie, a number, yes …).
        items: how many to ask about; by default at most :data:`MOST_ITEMS`.
        rows: of a table that make one output.
        modality: what the outputs are; by default found out.

    Raises:
        InputError: a file cannot be read, or they do not fit each other.
    """
    samples = {each: _sample(given, modality) for each, given in generators.items()}
    shown = None if reference is None else _sample(reference, modality)
    plans = None if prompts is None else read_items(prompts, set(samples), design)
    if plans is None:
        n = min(
            [items or MOST_ITEMS, *(len(sample) // max(rows, 1) for sample in (*samples.values(), *([shown] if shown else [])))]
        )
        # In an order that tells nothing; the reference keeps its own.
        samples = {each: sample.take(_drawn(each, len(sample), n * rows, design.seed)) for each, sample in samples.items()}
        shown = shown and shown.take(np.arange(n * rows))
        plans = [ItemPlan(name=str(i)) for i in range(1, n + 1)] if samples else []
    elif items is not None:
        plans = plans[:items]
        samples = {each: sample.take(slice(items * rows)) for each, sample in samples.items()}
    create_study(store, name, design, samples, plans, shown, rows)
    return len(plans)


def _sample(given: Path | Sample, modality: Modality | None) -> Sample:
    """A generator's outputs; of a .txt file each line is one."""
    if not isinstance(given, Path):
        return given
    if given.suffix.lower() == ".txt" and modality in (None, "texts"):
        return read_lines(given)
    return load(given, modality=modality)


def _drawn(generator: str, of: int, n: int, seed: int) -> np.ndarray:
    return seeded(seed, f"rows {generator}").permutation(of)[:n]


def read_items(path: Path, generators: set[str], design: StudyDesign) -> list[ItemPlan]:
    """Prompts from a file.

    Raises:
        InputError: it cannot be read, or a row is none.
    """
    if path.suffix.lower() == ".txt":
        return [ItemPlan(name=str(i), prompt=line) for i, line in enumerate(read_lines(path).texts.to_pylist(), 1)]
    table = load(path, modality="table")
    assert isinstance(table, Table)  # noqa: S101 the modality was asked for
    if "prompt" not in table.frame:
        raise InputError(f"the prompts in {path.name} need a column called prompt")
    cells = _as_text(table)
    return [
        _plan(i, dict(zip(map(str, cells.columns), row, strict=True)), generators, design)
        for i, row in enumerate(cells.itertuples(index=False, name=None), 1)
    ]


def _as_text(table: Table) -> pd.DataFrame:
    """The cells as they stand in the file; "" where there is nothing."""
    cells = table.frame if table.cells is None else table.frame.assign(**table.cells.to_pandas())
    return cells.astype(object).where(cells.notna(), "").astype(str)


def _plan(i: int, row: Mapping[str, str], generators: set[str], design: StudyDesign) -> ItemPlan:
    kind = row.get("kind", "").strip() or "item"
    if kind not in _KINDS:
        raise InputError(f"row {i} of the prompts: its kind is one of {', '.join(_KINDS)}")
    expected = row.get("expected", "").strip()
    try:
        return ItemPlan(
            name=row.get("item", "").strip() or str(i),
            prompt=row["prompt"] or None,
            kind=kind,
            expected=_expected(expected, generators, design) if expected else None,
        )
    except ValidationError as error:
        raise InputError(f"row {i} of the prompts is no item: {error.errors()[0]['msg']}") from error


def _expected(word: str, generators: set[str], design: StudyDesign) -> dict[str, str | int]:
    """A known answer from one word."""
    if word in generators:
        return {"generator": word}
    if design.task == "likert" and word.isdigit():
        return {"value": int(word)}
    return {"verdict" if design.task == "review" else "choice": word}


def studies(store: Store) -> list[StudyLine]:
    """All studies of a store, the oldest first."""
    with store.reading() as session:
        lines = []
        for study in session.scalars(select(StudyRow).order_by(StudyRow.id)):
            names = session.scalars(select(GeneratorRow.name).where(GeneratorRow.study_id == study.id).order_by(GeneratorRow.id))
            counts = select(func.count(), func.coalesce(func.sum(QuestionRow.votes), 0)).where(
                QuestionRow.study_id == study.id, QuestionRow.kind == "item"
            )
            questions, votes = session.execute(counts).one()
            people = select(func.count()).where(
                RaterRow.study_id == study.id, RaterRow.kind == "person", RaterRow.withdrawn_at.is_(None)
            )
            design = StudyDesign.model_validate(study.design)
            lines.append(
                StudyLine(
                    name=study.name,
                    state=study.state,
                    task=design.task,
                    attributes=tuple(attribute.name for attribute in design.attributes),
                    stop_rule=design.stop_rule,
                    generators=tuple(names),
                    questions=questions,
                    votes=votes,
                    wanted=questions * design.votes_per_question,
                    raters=session.scalar(people) or 0,
                )
            )
        return lines


def open_studies(store: Store) -> list[str]:
    """The studies that whoever can log in may rate now, the oldest first."""
    with store.reading() as session:
        rows = session.scalars(select(StudyRow).where(StudyRow.state == "open").order_by(StudyRow.id))
        return [row.name for row in rows if StudyDesign.model_validate(row.design).open_to_logins]


def study_line(store: Store, name: str) -> StudyLine:
    """One study.

    Raises:
        InputError: there is none of that name.
    """
    from evalkit.study.log import found

    with store.reading() as session:
        found(session, name)
    return next(line for line in studies(store) if line.name == name)


def set_state(store: Store, name: str, state: StudyState) -> None:
    """Pause, reopen or close a study; votes on what raters are looking at are still taken."""
    with store.writing() as session:
        study = locked(session, name)
        if study.state != state:
            study.state = state
            append(session, study, "state", {"state": state})


def check_generators(url: str | None, study: str, generators: Collection[str]) -> None:
    """Refuse, before hours of work, to keep figures in a study that does not have such generators.

    Raises:
        InputError: it has not, or there is no such study.
    """
    with Store(url) as store:
        known = study_line(store, study).generators
    strangers = set(generators) - set(known)
    if strangers:
        raise InputError(f"the study has no generator {min(strangers)[:60]!r}: it has {', '.join(known)}")


def keep_evaluation(url: str | None, study: str, evaluation: Evaluation) -> int:
    """Keep an evaluation's figures in a study; gives how many."""
    by_generator: dict[str, list[Finding]] = {}
    for each in evaluation.measured:
        by_generator.setdefault(each.generator, []).append(each.finding)
    with Store(url) as store:
        return add_findings(store, study, "evaluate", by_generator)


def links(tokens: Sequence[str], base: str) -> list[str]:
    """What invited raters open in a browser."""
    return [f"{base.rstrip('/')}/rate?r={token}" for token in tokens]
