"""A battle as chat arenas publish it: two models, the winner, the judge, and sometimes what was said."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

from evalkit.core.errors import InputError
from evalkit.run.vote_rows import Read, needed, text, time
from evalkit.study.bringing import content_key

BATTLE_COLUMNS = ("model_a", "model_b", "winner", "judge")
_WINNERS = {"model_a": "left", "model_b": "right", "tie": "tie", "tie (bothbad)": "both_bad"}


def battle(row: Mapping[str, Any], where: str) -> Read:
    """A line of a battle log. Model A stood left.

    ``question_id`` names the item; without one each battle is an item of its own. Of ``conversation_a`` and ``conversation_b`` the
    last answers are what was judged, and the last question is the prompt.

    Raises:
        InputError: a cell is none; the sentence names row and column.
    """
    winner = needed(row, "winner", where)
    if winner not in _WINNERS:
        raise InputError(f"{where}, column winner: it is one of {', '.join(_WINNERS)}")
    models, judge = (needed(row, "model_a", where), needed(row, "model_b", where)), needed(row, "judge", where)
    if models[0] == models[1]:
        raise InputError(f"{where}, column model_b: it names the same model as model_a")
    at = time(row, "tstamp", where)
    said = [_conversation(row, f"conversation_{side}", where) for side in "ab"]
    texts = None if None in said else tuple(_last(one, "assistant") or "" for one in said)  # type: ignore[arg-type]
    item = text(row, "question_id") or f"battle {content_key(*models, winner, judge, row.get('tstamp'), texts)[:16]}"
    return Read(
        where,
        None,
        judge,
        item,
        models,
        "pairwise",
        {"choice": _WINNERS[winner]},
        at,
        texts=texts,
        prompt=_last(said[0], "user") if said[0] is not None else None,
    )


def _conversation(row: Mapping[str, Any], column: str, where: str) -> list[Any] | None:
    """The turns of a conversation: a list, or one as JSON in a cell of a table."""
    turns = row.get(column)
    if turns is None or turns == "":
        return None
    if isinstance(turns, str):
        try:
            turns = from_json(turns)
        except ValueError as error:
            raise InputError(f"{where}, column {column}: it is not valid JSON") from error
    if not isinstance(turns, list) or not all(isinstance(turn, Mapping) for turn in turns):
        raise InputError(f"{where}, column {column}: it is a list of turns, each with role and content")
    return turns


def _last(turns: list[Any], role: str) -> str | None:
    """What was said last in a role."""
    return next((str(turn.get("content") or "") for turn in reversed(turns) if turn.get("role") == role), None)
