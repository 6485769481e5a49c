"""What people preferred in a study, as a backbone learns from it: the outputs that they saw, and which of two they liked better."""

import tempfile
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from evalkit.core.errors import InputError
from evalkit.core.sample import Sample, Series, Texts
from evalkit.core.schema import Modality, Schema
from evalkit.data import Data, load
from evalkit.study import Store, StudyDesign
from evalkit.study.contents import PICTURE, ROW, ROWS, STEPS, TEXT, Content
from evalkit.study.log import events, found
from evalkit.study.outputs import contents_of, output_digests
from evalkit.study.votes import replayed, votes_frame

_MODALITIES: dict[str, Modality] = {TEXT: "texts", PICTURE: "images", ROW: "table", ROWS: "table", STEPS: "series"}


class Preferences(NamedTuple):
    """What :func:`evalkit.run.fit.fit` learns from.

    Attributes:
        shown: the outputs that votes prefer or reject, each content once.
        votes: ``preferred`` and ``rejected``, row numbers in ``shown``, and ``weight``. A vote about several outputs says
            something of several pairs, one about several rows of a table something of each: it is a line for each, and their
            weights add up to 1.
    """

    shown: Sample
    votes: pd.DataFrame


def last_event(store: Store, study: str) -> int:
    """The number of the newest event in a study's log.

    Raises:
        InputError: no such study.
    """
    with store.reading() as session:
        return found(session, study).head_number


def study_preferences(store: Store, study: str, schema: Schema | None = None, *, until: int | None = None) -> Preferences:
    """The counted votes of a study as preferences between its outputs.

    Ties, "both bad" and "none" prefer nothing and are left out, and so are votes between two outputs with equal contents.

    Args:
        store: an open store.
        study: its name.
        schema: of the model that is to learn; the outputs must be of that kind.
        until: as the votes stood after this event of the log; None: now.

    Raises:
        InputError: no such study, one that compares no outputs, or one in which nobody has preferred anything.
        SchemaError: the outputs are of another modality than the model, or lack its columns.
    """
    with store.reading() as session:
        row = found(session, study)
        task = StudyDesign.model_validate(row.design).task
        if task in ("likert", "review"):
            raise InputError(f"the task {task} compares no outputs with each other: a model learns from votes that do")
        columns = ["item", "shown", "answer"]
        votes = votes_frame(session, row, columns=columns) if until is None else replayed(events(session, row, until))[columns]
        digests = output_digests(session, row)
        lines = [
            (better, worse, weight)
            for item, shown, answer in votes.itertuples(index=False, name=None)
            for better, worse, weight in _preferred([digests[item, name] for name in shown], answer)
        ]
        if not lines:
            raise InputError(
                "no vote prefers an output over one of other contents: collect votes, or bring them with what was shown"
            )
        seen = sorted({digest for line in lines for digest in line[:2]})
        by_digest = contents_of(session, seen)
    outputs = [by_digest[digest] for digest in seen]
    sizes = [len(output.fields()["rows"]) if output.media_type == ROWS else 1 for output in outputs]
    rows = dict(zip(seen, np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1]), strict=True))
    pairs = [
        (first, second, weight / len(rows[better]))
        for better, worse, weight in lines
        for first, second in zip(rows[better], rows[worse], strict=True)
    ]
    return Preferences(_sample(outputs, schema, study), pd.DataFrame(pairs, columns=["preferred", "rejected", "weight"]))


def _preferred(shown: Sequence[str], answer: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
    """Of one vote: what was better than what, and how much that counts."""
    pairs = [(shown[a], shown[b]) for a, b in _pairs(len(shown), answer) if shown[a] != shown[b]]
    return ((better, worse, 1 / len(pairs)) for better, worse in pairs)


def _pairs(n: int, answer: dict[str, Any]) -> list[tuple[int, int]]:
    """Places on the screen: the better, the worse."""
    match answer:
        case {"choice": "left"}:
            return [(0, 1)]
        case {"choice": "right"}:
            return [(1, 0)]
        case {"choice": int(best)}:
            return [(best, other) for other in range(n) if other != best]
        case {"best": best, "worst": worst}:
            between = [place for place in range(n) if place not in (best, worst)]
            return [(best, worst), *((best, place) for place in between), *((place, worst) for place in between)]
        case {"ranks": ranks}:
            ordered = [(a, b) if ranks[a] < ranks[b] else (b, a) for a, b in combinations(range(n), 2)]
            return [(a, b) for a, b in ordered if ranks[a] != ranks[b]]
    return []


def _sample(contents: list[Content], schema: Schema | None, name: str) -> Sample:
    """Contents as the Sample that they once were rows of."""
    kinds = {content.media_type for content in contents}
    if len(kinds) > 1:
        raise InputError("the outputs of this study are of several kinds: a model learns from one")
    kind = kinds.pop()
    modality = _MODALITIES[kind]
    with tempfile.TemporaryDirectory() as folder:
        sample: Sample = load(_source(contents, kind, Path(folder)), modality=modality, schema=schema, name=name)
    return sample


def _source(contents: list[Content], kind: str, folder: Path) -> Data:
    """Contents as :func:`evalkit.load` reads them."""
    if kind == TEXT:
        return Texts.of(content.text() for content in contents)
    if kind == PICTURE:
        for number, content in enumerate(contents):
            (folder / f"{number:08d}.png").write_bytes(content.data)
        return folder
    fields = [content.fields() for content in contents]
    if kind == ROW:
        return pd.DataFrame(fields)
    if kind == ROWS:
        return pd.DataFrame([dict(zip(one["columns"], row, strict=True)) for one in fields for row in one["rows"]])
    channels = tuple(fields[0]["channels"])
    if any(tuple(one["channels"]) != channels for one in fields):
        raise InputError("the series of this study have different channels: a model learns from series that have the same")
    return Series.of([np.array(one["values"], dtype=np.float64).reshape(-1, len(channels)) for one in fields], channels)
