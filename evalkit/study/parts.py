"""The parts of an exported study, read and checked against each other before anything is written."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from evalkit.core.errors import InputError
from evalkit.study import folder as form
from evalkit.study.voting import check


class Parts(NamedTuple):
    """A folder's lines, read and checked against each other."""

    study: form.StudyFile
    items: list[form.ItemLine]
    raters: list[form.RaterLine]
    votes: list[form.AssignmentLine]
    evidence: list[form.EvidenceLine]
    events: list[form.EventLine]


def read_parts(folder: Path) -> Parts:
    """Read a folder and check that its parts fit each other.

    Raises:
        InputError: a file is missing, damaged or too large, or names what is not there.
    """
    study = form.read_study(folder)
    if set(study.files) != set(form.LISTS):
        raise InputError(f"{form.STUDY} in {folder.name} is damaged: it does not name all files")
    parts = Parts(
        study,
        form.read_lines(folder, form.ITEMS, form.ItemLine, study.files),
        form.read_lines(folder, form.RATERS, form.RaterLine, study.files),
        form.read_lines(folder, form.VOTES, form.AssignmentLine, study.files),
        form.read_lines(folder, form.EVIDENCE, form.EvidenceLine, study.files),
        form.read_lines(folder, form.EVENTS, form.EventLine, study.files),
    )
    _check_items(parts)
    _check_votes(parts)
    _check_events(parts.events)
    for line in parts.evidence:
        _known(line.generator is None or line.generator in study.generators, form.EVIDENCE, "names a generator", line.source)
    return parts


def _check_items(parts: Parts) -> None:
    generators = set(parts.study.generators)
    _unique(parts.study.generators, form.STUDY)
    _unique([item.name for item in parts.items], form.ITEMS)
    for weights, _ in parts.study.pair_weights:
        _known(set(weights) <= generators, form.STUDY, "weighs a generator", "pair_weights")
    for item in parts.items:
        groups = [frozenset(group) for group in item.questions]
        _known(set(item.outputs) <= generators, form.ITEMS, "names a generator", item.name)
        _known(all(group <= set(item.outputs) for group in groups), form.ITEMS, "asks about an output", item.name)
        whole = len(set(groups)) == len(groups) and all(len(set(group)) == len(group) > 0 for group in item.questions)
        if not whole:
            raise InputError(f"{form.ITEMS} is damaged: {item.name[:60]!r} repeats a question or an output in it")


def _check_votes(parts: Parts) -> None:
    """Every vote answers a question of an item by a known rater, and is an answer."""
    raters = {rater.key for rater in parts.raters}
    _unique([rater.key for rater in parts.raters], form.RATERS)
    _unique([line.key for line in parts.votes], form.VOTES)
    _unique([vote.key for line in parts.votes for vote in line.votes], form.VOTES)
    asked = {(item.name, frozenset(group)) for item in parts.items for group in item.questions}
    for line in parts.votes:
        _known(line.rater in raters, form.VOTES, "names a rater", line.key)
        known = (line.item, frozenset(line.shown)) in asked and len(set(line.shown)) == len(line.shown)
        _known(known, form.VOTES, "answers a question", line.key)
        for vote in line.votes:
            try:
                check(parts.study.design, vote.answer, len(line.shown), "given or erased")
            except (InputError, TypeError) as error:
                raise InputError(f"{form.VOTES}, vote {vote.key}: it is no answer to the question of this study") from error


class _Body(BaseModel):
    """What an event's body must hold for the log to be replayed, whatever else it holds."""

    model_config = ConfigDict(extra="allow", strict=True)


class _Voted(_Body):
    vote: str
    assignment: str
    rater: str
    item: str
    shown: list[str]
    answer: dict[str, Any]
    served_probability: float
    seconds: float | None
    app_version: str
    not_counted: str | None


class _Undone(_Body):
    vote: str


class _Erased(_Body):
    events: list[int]


_BODIES: dict[str, type[_Body]] = {"voted": _Voted, "undone": _Undone, "erased": _Erased}


def _check_events(lines: Iterable[form.EventLine]) -> None:
    for line in lines:
        if line.body is not None:
            try:
                _BODIES.get(line.kind, _Body).model_validate_json(line.body)
            except ValidationError as error:
                raise InputError(f"{form.EVENTS}, event {line.number} is damaged: it says nothing that can be read") from error


def _unique(names: list[str], file: str) -> None:
    if len(set(names)) < len(names):
        raise InputError(f"{file} is damaged: the same name or key stands in it twice")


def _known(right: bool, file: str, does: str, where: str) -> None:
    if not right:
        raise InputError(f"{file} is damaged: {where[:60]!r} {does} that is not there")
