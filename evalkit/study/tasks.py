"""What a rater can be asked: one answer form each, and the rules of a valid answer.

An answer speaks of places on the screen, counted from 0; which generator stood there is kept with the assignment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from evalkit.core.errors import InputError

TaskName = Literal["pairwise", "choice", "likert", "best_worst", "ranking", "review"]
Pairing = Literal["uniform", "least_voted", "informative"]
PAIRINGS: dict[Pairing, str] = {
    "uniform": "every open question is as likely as any other",
    "least_voted": "one of those with the fewest votes",
    "informative": "the more a pair's vote would tell of the ranking, the likelier; every pair keeps a chance",
}
StopRule = Literal["none", "vote", "rater"]
STOP_RULES: dict[StopRule, str] = {
    "none": "when every question has its votes",
    "vote": "as soon as every pair is decided, each vote counted by itself: for raters who cast few votes",
    "rater": "as soon as every pair is decided, each rater counted once, when done: for raters with tastes of their own",
}
PAIRWISE_OUTCOMES = ("left", "right", "tie", "both_bad")
VERDICTS = ("yes", "no", "unsure")
Answer = Mapping[str, Any]


@dataclass(frozen=True)
class TaskSpec:
    """A task.

    Attributes:
        name: as the command line and the store know it.
        summary: one line for people who choose.
        shown: how many outputs a question shows, (fewest, most); the most is None for all generators.
        check: raises InputError unless an answer is one, given how many outputs were shown and how many points the scale has.
    """

    name: TaskName
    summary: str
    shown: tuple[int, int | None]
    check: Callable[[Answer, int, int], None]


def _pairwise(answer: Answer, _shown: int, _points: int) -> None:
    _only(answer, "choice")
    if answer["choice"] not in PAIRWISE_OUTCOMES:
        raise InputError(f"a vote between two is one of {', '.join(PAIRWISE_OUTCOMES)}")


def _choice(answer: Answer, shown: int, _points: int) -> None:
    _only(answer, "choice")
    if answer["choice"] != "none" and not _place(answer["choice"], shown):
        raise InputError(f"a choice is a place from 0 to {shown - 1}, or none")


def _likert(answer: Answer, _shown: int, points: int) -> None:
    _only(answer, "value")
    if not _whole(answer["value"]) or not 1 <= answer["value"] <= points:
        raise InputError(f"a rating is a whole number from 1 to {points}")


def _best_worst(answer: Answer, shown: int, _points: int) -> None:
    _only(answer, "best", "worst")
    if not _place(answer["best"], shown) or not _place(answer["worst"], shown) or answer["best"] == answer["worst"]:
        raise InputError(f"best and worst are two different places from 0 to {shown - 1}")


def _ranking(answer: Answer, shown: int, _points: int) -> None:
    _only(answer, "ranks")
    ranks = answer["ranks"]
    if not isinstance(ranks, list) or len(ranks) != shown or not all(_whole(rank) and 1 <= rank <= shown for rank in ranks):
        raise InputError(f"a ranking gives each of the {shown} outputs a rank from 1, the best, to {shown}; equal ranks are ties")


def _review(answer: Answer, _shown: int, _points: int) -> None:
    _only(answer, "verdict")
    if answer["verdict"] not in VERDICTS:
        raise InputError(f"a verdict is one of {', '.join(VERDICTS)}")


TASKS: dict[TaskName, TaskSpec] = {
    spec.name: spec
    for spec in (
        TaskSpec("pairwise", "Which of two is better, with tie and both bad.", (2, 2), _pairwise),
        TaskSpec("choice", "Which of several is best, or none.", (2, None), _choice),
        TaskSpec("likert", "How good one is, on a scale with named ends.", (1, 1), _likert),
        TaskSpec("best_worst", "The best and the worst of several.", (3, None), _best_worst),
        TaskSpec("ranking", "Several in order, ties allowed.", (2, None), _ranking),
        TaskSpec("review", "Does this row belong: yes, no, unsure.", (1, 1), _review),
    )
}
"""What can be asked, by name."""


def check_answer(task: TaskName, answer: Answer, shown: int, points: int) -> None:
    """Refuse what is no answer to a task.

    Raises:
        InputError: parts are missing, unknown or out of range.

    >>> check_answer("pairwise", {"choice": "left"}, 2, 5)
    """
    TASKS[task].check(answer, shown, points)


def _only(answer: Answer, *parts: str) -> None:
    """An answer with just these parts."""
    if not isinstance(answer, Mapping) or set(answer) != set(parts):
        raise InputError(f"an answer has {' and '.join(parts)} and nothing else")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _place(value: object, shown: int) -> bool:
    return isinstance(value, int) and _whole(value) and 0 <= value < shown
