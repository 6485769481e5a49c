"""What a study asks about, by name, and how it grows by what votes from elsewhere name."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from evalkit.core.errors import InputError
from evalkit.study.contents import Content, text_content
from evalkit.study.creating import MOST_QUESTIONS, keep
from evalkit.study.log import append, events
from evalkit.study.serving import generator_names
from evalkit.study.store import insert_all
from evalkit.study.tables import GeneratorRow, ItemRow, OutputRow, QuestionRow, StudyRow


class BroughtVote(NamedTuple):
    """A vote as another program kept it.

    Attributes:
        where: of the file, for messages: ``row 3``.
        key: the same vote has the same key whenever it is brought: see :func:`content_key`.
        rater: who cast it, as the file calls them; only the organiser sees it.
        item: what it is about.
        shown: the generators in the order in which they were shown.
        answer: see :mod:`evalkit.study.tasks`.
        at: when, in milliseconds since 1970; None where nobody knows.
        seconds: for how long the rater looked.
        rationale: the reason, in the rater's words.
        served_probability: with which it was asked; 1 where nobody knows.
        not_counted: why it stays out of the ranking, if it does.
        texts: what was shown, in that order; None where the file does not hold it.
        prompt: what the generators were asked.
    """

    where: str
    key: str
    rater: str
    item: str
    shown: tuple[str, ...]
    answer: dict[str, Any]
    at: int | None = None
    seconds: float | None = None
    rationale: str | None = None
    served_probability: float = 1.0
    not_counted: str | None = None
    texts: tuple[str, ...] | None = None
    prompt: str | None = None


@dataclass
class Board:
    """What a study asks about, by name: numbers in the store, and counted votes by a question's number."""

    generators: dict[str, int]
    items: dict[str, int]
    outputs: dict[tuple[str, str], int]
    questions: dict[tuple[str, frozenset[str]], int]
    counted: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, study: StudyRow) -> "Board":
        """Read it."""
        names = generator_names(session, study)
        made = select(ItemRow.name, OutputRow.generator_id, OutputRow.id).join(ItemRow, ItemRow.id == OutputRow.item_id)
        outputs = session.execute(made.where(ItemRow.study_id == study.id))
        asked = select(QuestionRow.id, ItemRow.name, QuestionRow.pair, QuestionRow.votes).join(
            ItemRow, ItemRow.id == QuestionRow.item_id
        )
        rows = session.execute(asked.where(QuestionRow.study_id == study.id)).all()
        items = session.execute(select(ItemRow.name, ItemRow.id).where(ItemRow.study_id == study.id))
        return cls(
            {name: number for number, name in names.items()},
            dict(items.all()),
            {(item, names[generator]): number for item, generator, number in outputs},
            {(item, frozenset(names[int(one)] for one in pair.split(","))): number for number, item, pair, _ in rows},
            {number: votes for number, _, _, votes in rows},
        )

    def question(self, vote: BroughtVote) -> int:
        """The number of the question that a vote answers."""
        if vote.item not in self.items:
            raise InputError(f"{vote.where}, column item: the study asks about no such item")
        found = self.questions.get((vote.item, frozenset(vote.shown)))
        if found is None:
            raise InputError(f"{vote.where}: the study does not ask about these generators together")
        return found


def grows(session: Session, study: StudyRow) -> bool:
    """Whether a study was made from votes, so that more votes may add to what it asks about."""
    first = next(events(session, study, 1))
    return first.body is not None and bool(first.body.get("from_votes"))


def grow(session: Session, study: StudyRow, board: Board, votes: Iterable[BroughtVote]) -> None:
    """Add generators, items, outputs and questions that a study lacks."""
    prompts, texts, groups = (
        dict[str, str | None](),
        dict[tuple[str, str], str](),
        dict[tuple[str, frozenset[str]], tuple[str, ...]](),
    )
    for vote in votes:
        if vote.item not in board.items:
            prompts.setdefault(vote.item, vote.prompt)
        for name, text in zip(vote.shown, vote.texts or [""] * len(vote.shown), strict=True):
            if (vote.item, name) not in board.outputs:
                texts.setdefault((vote.item, name), text)
        if (vote.item, group := frozenset(vote.shown)) not in board.questions:
            groups.setdefault((vote.item, group), tuple(sorted(vote.shown)))
    if len(board.questions) + len(groups) > MOST_QUESTIONS:
        raise InputError(
            f"the votes are about more than {MOST_QUESTIONS:,} questions: bring fewer at a time into studies of their own"
        )
    names = sorted({name for _, name in texts} - set(board.generators))
    if names:
        insert_all(session, GeneratorRow, [{"study_id": study.id, "name": name} for name in names])
        board.generators = {name: number for number, name in generator_names(session, study).items()}
        append(session, study, "generators", {"generators": names})
    if prompts:
        rows: list[dict[str, Any]] = [
            {
                "study_id": study.id,
                "name": name,
                "kind": "item",
                "prompt": prompt,
                "reference": None,
                "context": {},
                "expected": None,
            }
            for name, prompt in prompts.items()
        ]
        insert_all(session, ItemRow, rows)
        append(session, study, "items", {"items": [{"name": name, "prompt": prompt} for name, prompt in prompts.items()]})
    board.items = _ids(session, ItemRow, study, prompts, board.items)
    _add_questions(session, study, board, texts, groups)


def _add_questions(
    session: Session,
    study: StudyRow,
    board: Board,
    texts: dict[tuple[str, str], str],
    groups: dict[tuple[str, frozenset[str]], tuple[str, ...]],
) -> None:
    contents: dict[str, Content] = {text: text_content(text) for text in set(texts.values())}
    digests = {text: content.digest for text, content in contents.items()}
    keep(session, contents.values())
    outputs = [
        {"item_id": board.items[item], "generator_id": board.generators[name], "content": digests[text]}
        for (item, name), text in texts.items()
    ]
    insert_all(session, OutputRow, outputs)
    board.outputs = Board.of(session, study).outputs
    questions = [
        {
            "study_id": study.id,
            "item_id": board.items[item],
            "kind": "item",
            "pair": ",".join(str(board.generators[name]) for name in names),
            "outputs": [board.outputs[item, name] for name in names],
            "votes": 0,
            "leases": 0,
        }
        for (item, _), names in groups.items()
    ]
    insert_all(session, QuestionRow, questions)
    whole = Board.of(session, study)
    board.questions, board.counted = whole.questions, whole.counted


def _ids(session: Session, table: type[Any], study: StudyRow, names: Collection[str], known: dict[str, int]) -> dict[str, int]:
    """Numbers by name, asked for again where names were added."""
    if not names:
        return known
    return dict(session.execute(select(table.name, table.id).where(table.study_id == study.id)).all())
