"""Votes as files: who said what, when, shown how."""

import io
import json

import pandas as pd

from evalkit.study import Store, StudyDesign
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
    return str(table.to_json(orient="records", lines=True, date_format="iso", force_ascii=False)).encode()
