"""A study's votes as tasks that Label Studio imports, with what each rater said as an annotation."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from evalkit.core.errors import InputError
from evalkit.study import Store, StudyDesign
from evalkit.study.contents import PICTURE, Content
from evalkit.study.log import found
from evalkit.study.serving import content_in
from evalkit.study.tables import GeneratorRow, ItemRow, OutputRow, StudyRow
from evalkit.study.votes import votes_frame

_SIDES = ("left", "right")
_TIES = {"tie": "tie", "both_bad": "both bad"}


def label_studio_bytes(store: Store, study: str) -> bytes:
    """Counted votes as Label Studio's JSON: a task for each item and order of the outputs, an annotation for each vote.

    The interface that shows them is ``<Pairwise name="preference" toName="left,right"/>`` and
    ``<Choices name="tie" toName="left"><Choice value="tie"/><Choice value="both bad"/></Choices>``, since its pairs know no
    ties; of ratings ``<Rating name="rating" toName="text"/>``. Raters are numbers.

    Raises:
        InputError: no such study, or it asks for neither pairs nor ratings.
    """
    with store.reading() as session:
        row = found(session, study)
        task = StudyDesign.model_validate(row.design).task
        if task not in ("pairwise", "likert"):
            raise InputError(f"Label Studio has choices between two and ratings, and this study's task is {task}: export a table")
        votes = votes_frame(session, row)
        shown = _shown(session, row)
        prompts = dict(session.execute(select(ItemRow.name, ItemRow.prompt).where(ItemRow.study_id == row.id)).all())
    raters = {key: number for number, key in enumerate(sorted(set(votes["rater"])), 1)}
    tasks = []
    groups = votes.groupby([votes["item"], votes["shown"].map(tuple)], sort=True)
    for number, (_, said) in enumerate(groups, 1):
        data = _data(said["item"].iloc[0], said["shown"].iloc[0], prompts, shown)
        tasks.append({"id": number, "data": data, "annotations": [_annotation(vote, raters) for vote in said.itertuples()]})
    return json.dumps(tasks, ensure_ascii=False, indent=1, allow_nan=False).encode()


def _shown(session: Session, study: StudyRow) -> dict[tuple[str, str], str]:
    """What is shown of each item and generator."""
    made = (
        select(ItemRow.name, GeneratorRow.name, OutputRow.content)
        .join(ItemRow, ItemRow.id == OutputRow.item_id)
        .join(GeneratorRow, GeneratorRow.id == OutputRow.generator_id)
        .where(ItemRow.study_id == study.id)
    )
    return {(item, name): _as_text(content_in(session, digest)) for item, name, digest in session.execute(made)}


def _as_text(content: Content) -> str:
    """A text, a row or a series as text, an image as a data URI."""
    if content.media_type == PICTURE:
        return f"data:{PICTURE};base64,{base64.b64encode(content.data).decode()}"
    return content.data.decode()


def _data(item: str, order: list[str], prompts: dict[str, str | None], shown: dict[tuple[str, str], str]) -> dict[str, str]:
    data = {"item": item, **({"prompt": prompt} if (prompt := prompts[item]) is not None else {})}
    if len(order) == 1:
        return {**data, "generator": order[0], "text": shown[item, order[0]]}
    for side, name in zip(_SIDES, order, strict=True):
        data |= {f"{side}_generator": name, f"{side}_text": shown[item, name]}
    return data


def _annotation(vote: Any, raters: dict[str, int]) -> dict[str, Any]:
    results = [{"id": vote.vote[:10], **_result(vote.answer)}]
    if vote.rationale is not None:
        results.append(
            {
                "id": f"{vote.vote[:8]}-r",
                "from_name": "reason",
                "to_name": "left",
                "type": "textarea",
                "value": {"text": [vote.rationale]},
            }
        )
    return {
        "completed_by": raters[vote.rater],
        "created_at": datetime.fromtimestamp(vote.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "lead_time": None if pd.isna(vote.seconds) else vote.seconds,
        "was_cancelled": False,
        "ground_truth": False,
        "result": results,
    }


def _result(answer: dict[str, Any]) -> dict[str, Any]:
    if "value" in answer:
        return {"from_name": "rating", "to_name": "text", "type": "rating", "value": {"rating": answer["value"]}}
    if answer["choice"] in _TIES:
        return {"from_name": "tie", "to_name": "left", "type": "choices", "value": {"choices": [_TIES[answer["choice"]]]}}
    return {"from_name": "preference", "to_name": "left,right", "type": "pairwise", "value": {"selected": answer["choice"]}}
