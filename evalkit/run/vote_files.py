"""Votes as files: who said what, when, shown how; out of a study and into one."""

import io
import json
from pathlib import Path
from typing import Literal

import pandas as pd

from evalkit.core.errors import InputError
from evalkit.core.files import whole_file
from evalkit.run.label_studio import Fields
from evalkit.run.label_studio_tasks import label_studio_bytes
from evalkit.run.vote_reading import Format, read_votes
from evalkit.study import Store, StudyDesign
from evalkit.study.bringing import Brought, bring_votes
from evalkit.study.log import found
from evalkit.study.votes import votes_frame

VOTE_FILES = {".csv": "CSV", ".jsonl": "JSONL", ".parquet": "Parquet"}
"""What votes can be written as, by the file's ending."""


def vote_table(store: Store, study: str) -> pd.DataFrame:
    """All votes of a study, also those that are not counted, a row each.

    Returns:
        ``vote``, ``rater`` (a random key, no name), ``rater_kind``, ``item``, ``item_kind``, ``task``, ``shown`` (the generators in
        the order of the screen, as JSON), ``left`` and ``right`` of pairs, ``outcome`` (of pairs: left, right, tie, both_bad; else
        the answer as JSON), ``attributes`` (JSON), ``rationale``, ``seconds``, ``at`` (UTC), ``served_probability``,
        ``not_counted`` (why, or empty), ``app_version``.
    """
    with store.reading() as session:
        row = found(session, study)
        task = StudyDesign.model_validate(row.design).task
        votes = votes_frame(session, row, counted=False)
    pairs = task == "pairwise"
    main = [{part: value for part, value in answer.items() if part != "attributes"} for answer in votes["answer"]]
    return pd.DataFrame(
        {
            "vote": votes["vote"],
            "rater": votes["rater"],
            "rater_kind": votes["rater_kind"],
            "item": votes["item"],
            "item_kind": votes["item_kind"],
            "task": task,
            "shown": [json.dumps(names, ensure_ascii=False) for names in votes["shown"]],
            "left": [names[0] if pairs else None for names in votes["shown"]],
            "right": [names[1] if pairs else None for names in votes["shown"]],
            "outcome": [answer["choice"] if pairs else json.dumps(answer) for answer in main],
            "attributes": [json.dumps(answer["attributes"]) if "attributes" in answer else None for answer in votes["answer"]],
            "rationale": votes["rationale"],
            "seconds": votes["seconds"],
            "at": pd.to_datetime(votes["at"], unit="ms", utc=True),
            "served_probability": votes["served_probability"],
            "not_counted": votes["not_counted"],
            "app_version": votes["app_version"],
        }
    )


def vote_bytes(store: Store, study: str, ending: str) -> bytes:
    """:func:`vote_table` as a file with one of the endings of :data:`VOTE_FILES`."""
    table = vote_table(store, study)
    if ending == ".parquet":
        file = io.BytesIO()
        table.to_parquet(file, index=False)
        return file.getvalue()
    if ending == ".csv":
        return str(table.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%S.%fZ")).encode()
    table["at"] = table["at"].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows).encode()


def export_votes(store: Store, study: str, path: Path, form: Literal["table", "label-studio"] = "table") -> None:
    """Write a study's votes into a file, whole or not at all.

    Args:
        store: where the study is.
        study: its name.
        path: ends in one of :data:`VOTE_FILES`, or in ``.json`` for Label Studio.
        form: a table of all votes, or Label Studio's tasks with the counted ones.

    Raises:
        InputError: no such study, or the ending does not fit.
    """
    ending, fitting = path.suffix.lower(), tuple(VOTE_FILES) if form == "table" else (".json",)
    if ending not in fitting:
        raise InputError(f"{path.name[:60]} cannot be written: the form {form} needs a file that ends in {', '.join(fitting)}")
    data = vote_bytes(store, study, ending) if form == "table" else label_studio_bytes(store, study)
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


def import_votes(
    store: Store, study: str, path: Path, form: Format = "auto", fields: Fields | None = None
) -> tuple[Brought, list[str]]:
    """Bring the votes of a file into a study, which is made if it is not there; what is there already is not stored again.

    Args:
        store: where to.
        study: its name.
        path: see :func:`evalkit.run.vote_reading.read_votes`.
        form: of the file.
        fields: of Label Studio's tasks.

    Returns:
        What was stored, and what was noticed in the file.

    Raises:
        InputError: a row is no vote, or the study does not ask that; then nothing is written.
    """
    read = read_votes(path, form, fields)
    return bring_votes(store, study, read.votes, read.design), read.notes
