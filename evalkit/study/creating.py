"""A study from Samples: items, what each generator made of them, and the questions that follow."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import comb
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evalkit.core.errors import InputError
from evalkit.core.sample import Sample
from evalkit.study.contents import MOST_ROWS, Content, content_of
from evalkit.study.design import StudyDesign
from evalkit.study.log import START, append
from evalkit.study.store import Store, now
from evalkit.study.tables import ContentRow, GeneratorRow, ItemRow, OutputRow, QuestionRow, StudyRow
from evalkit.study.tasks import TASKS, TaskName

MOST_QUESTIONS = 500_000
"""Of one study: more cannot be asked, and choosing among them would be slow."""
ItemKind = Literal["item", "practice", "check"]


class ItemPlan(BaseModel):
    """An item before it has outputs.

    Attributes:
        name: unique in the study.
        prompt: what the generators were asked, if anything.
        kind: ``item``; ``practice`` is asked first, with feedback; ``check`` is asked now and then to see who is attentive.
        expected: the known answer of practice and checks: ``{"generator": NAME}`` of the better one, ``{"choice": "tie"}``,
            ``{"value": 4}`` or ``{"verdict": "yes"}``.
        context: anything else to show, as names and values.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    prompt: str | None = None
    kind: ItemKind = "item"
    expected: dict[str, str | int] | None = None
    context: dict[str, str] = {}


def create_study(
    store: Store,
    name: str,
    design: StudyDesign,
    generators: Mapping[str, Sample],
    items: Sequence[ItemPlan] = (),
    reference: Sample | None = None,
    rows: int = 1,
) -> None:
    """Make a study: item i shows row i of every generator, beside row i of the reference if there is one.

    Args:
        store: where it is kept.
        name: unique in the store, at most 200 characters.
        design: how it asks.
        generators: each one's outputs, as many rows each as there are items.
        items: what the rows are about; by default they are numbered from 1.
        reference: what an output is to be compared with, shown above them.
        rows: of a table that make one output: how they go together can only be seen of several. Item i then shows the i-th so many.

    Raises:
        InputError: the name is taken, Samples do not fit each other or the task, or an output is too large to show.
    """
    if not 1 <= rows <= MOST_ROWS:
        raise InputError(f"an output has 1 to {MOST_ROWS} rows of a table, not {rows}")
    plans = list(items) or [ItemPlan(name=str(i)) for i in range(1, _rows(generators) // rows + 1)]
    _check(name, design, generators, plans, reference, rows)
    contents = {generator: _outputs(sample, len(plans), rows) for generator, sample in generators.items()}
    shown = None if reference is None else _outputs(reference, len(plans), rows)
    try:
        with store.writing() as session:
            study = opened(session, name, design)
            made = {generator: _added(session, study, generator) for generator in generators}
            _add_items(session, study, design, plans, made, contents, shown)
            append(session, study, "created", {"design": design.model_dump(mode="json"), "generators": list(generators)})
            append(session, study, "items", {"items": [plan.model_dump(mode="json") for plan in plans]})
    except IntegrityError as error:
        raise InputError(f"a study called {name[:60]!r} is there already: choose another name") from error


def _outputs(sample: Sample, items: int, rows: int) -> list[Content]:
    return [content_of(sample, i * rows, rows) for i in range(items)]


def opened(session: Session, name: str, design: StudyDesign) -> StudyRow:
    """A new study's row, with nothing in it yet."""
    study = StudyRow(
        name=name,
        state="open",
        design=design.model_dump(mode="json"),
        pair_weights={},
        made_at=now(),
        head_number=0,
        head_digest=START,
    )
    session.add(study)
    session.flush()
    return study


def _added(session: Session, study: StudyRow, name: str) -> int:
    generator = GeneratorRow(study_id=study.id, name=name)
    session.add(generator)
    session.flush()
    return generator.id


def _add_items(
    session: Session,
    study: StudyRow,
    design: StudyDesign,
    plans: Sequence[ItemPlan],
    generators: Mapping[str, int],
    contents: Mapping[str, Sequence[Content]],
    reference: Sequence[Content] | None,
) -> None:
    """Items, contents, outputs and questions, many rows at a time."""
    keep(session, [content for column in contents.values() for content in column] + list(reference or ()))
    session.execute(insert(ItemRow), [_item(study, plan, i, reference) for i, plan in enumerate(plans)])
    ids = dict(session.execute(select(ItemRow.name, ItemRow.id).where(ItemRow.study_id == study.id)).all())
    outputs = [
        {"item_id": ids[plan.name], "generator_id": generators[name], "content": contents[name][i].digest}
        for i, plan in enumerate(plans)
        for name in generators
    ]
    session.execute(insert(OutputRow), outputs)
    mine = select(OutputRow).join(ItemRow, ItemRow.id == OutputRow.item_id).where(ItemRow.study_id == study.id)
    by_item: dict[int, list[OutputRow]] = {}
    for output in session.scalars(mine.order_by(OutputRow.id)):
        by_item.setdefault(output.item_id, []).append(output)
    kinds = {ids[plan.name]: plan.kind for plan in plans}
    questions = [
        _question(study, item, kinds[item], group)
        for item, made in by_item.items()
        for group in combinations(made, _together(design, len(made)))
    ]
    session.execute(insert(QuestionRow), questions)


def _item(study: StudyRow, plan: ItemPlan, i: int, reference: Sequence[Content] | None) -> dict[str, Any]:
    shown = None if reference is None else reference[i].digest
    fields = plan.model_dump(include={"name", "kind", "prompt", "context", "expected"})
    return {"study_id": study.id, "reference": shown, **fields}


def _question(study: StudyRow, item: int, kind: str, group: Sequence[OutputRow]) -> dict[str, Any]:
    pair = ",".join(str(output.generator_id) for output in group)
    ids = [output.id for output in group]
    return {"study_id": study.id, "item_id": item, "kind": kind, "pair": pair, "outputs": ids, "votes": 0, "leases": 0}


def keep(session: Session, contents: Iterable[Content]) -> None:
    """Store contents that the store does not hold yet."""
    unique = {content.digest: content for content in contents}
    digests, there = list(unique), set[str]()
    for i in range(0, len(digests), 500):
        there.update(session.scalars(select(ContentRow.digest).where(ContentRow.digest.in_(digests[i : i + 500]))))
    new = [{"digest": key, **content._asdict()} for key, content in unique.items() if key not in there]
    if new:
        session.execute(insert(ContentRow), new)


def _rows(generators: Mapping[str, Sample]) -> int:
    """How many rows every generator has."""
    return min((len(sample) for sample in generators.values()), default=0)


def _together(design: StudyDesign, generators: int) -> int:
    """How many outputs a question shows."""
    fewest, most = TASKS[design.task].shown
    return fewest if most == fewest else design.shown or generators


def _check(
    name: str,
    design: StudyDesign,
    generators: Mapping[str, Sample],
    plans: Sequence[ItemPlan],
    reference: Sample | None,
    rows: int,
) -> None:
    """Refuse what cannot become a study, before anything is written."""
    if not is_name(name):
        raise InputError("a study's name has 1 to 200 characters, all of them visible")
    if not generators or not plans:
        raise InputError("a study needs generators with at least one row each: --generator NAME=PATH")
    _check_samples(generators, len(plans), reference, rows)
    names = [plan.name for plan in plans]
    if len(set(names)) < len(names) or not all(map(is_name, names)):
        raise InputError("every item needs a name of its own of 1 to 200 characters")
    if any("\x00" in (plan.prompt or "") for plan in plans):
        raise InputError("a prompt holds a NUL character, which no rater could be shown")
    for plan in plans:
        _check_expected(plan, design.task, set(generators))
    together = _together(design, len(generators))
    if len(generators) < max(together, TASKS[design.task].shown[0]):
        raise InputError(f"the task {design.task} shows {max(together, 2)} outputs side by side, and there are {len(generators)}")
    if len(plans) * comb(len(generators), together) > MOST_QUESTIONS:
        raise InputError(
            f"{len(plans)} items and {len(generators)} generators make more than {MOST_QUESTIONS:,} questions: take fewer items"
        )


def _check_samples(generators: Mapping[str, Sample], items: int, reference: Sample | None, rows: int) -> None:
    """Every item needs one row, or so many, of each generator, all of one kind."""
    each = "one row" if rows == 1 else f"{rows} rows"
    for generator, sample in generators.items():
        if not is_name(generator):
            raise InputError("a generator's name has 1 to 200 characters, all of them visible")
        if len(sample) != items * rows:
            raise InputError(f"{generator} has {len(sample)} rows for {items} items: every item needs {each} of each generator")
    if len({sample.schema.modality for sample in generators.values()}) > 1:
        raise InputError("the generators' outputs are of different kinds: all must be tables, images, texts or series")
    if reference is not None and len(reference) < items * rows:
        raise InputError(f"the reference has {len(reference)} rows for {items} items: each shows {each} of it")


def is_name(name: str) -> bool:
    """Whether a study, an item or a generator may be called so."""
    return bool(name.strip()) and len(name) <= 200 and name.isprintable()


def _check_expected(plan: ItemPlan, task: TaskName, generators: set[str]) -> None:
    """Practice and checks need an answer that can be right."""
    if plan.kind == "item":
        return
    allowed = {"pairwise": {"generator", "choice"}, "likert": {"value"}, "review": {"verdict"}}.get(task, {"generator"})
    if plan.expected is None or len(plan.expected) != 1 or not set(plan.expected) <= allowed:
        raise InputError(f"the {plan.kind} item {plan.name[:60]!r} needs the answer expected: one of {', '.join(sorted(allowed))}")
    if "generator" in plan.expected and plan.expected["generator"] not in generators:
        raise InputError(f"the {plan.kind} item {plan.name[:60]!r} expects a generator that the study does not have")
