"""From votes as a study keeps them to a leaderboard, whatever was asked."""

from typing import Any

import pandas as pd

from evalkit.core.errors import InputError
from evalkit.ratings import Leaderboard, Ranking, Strengths, mean_ratings, rank, rank_best_worst, rank_orders
from evalkit.study import StudyDesign
from evalkit.study.votes import comparisons, points


def ranked(
    votes: pd.DataFrame,
    design: StudyDesign,
    *,
    ridge: float = 0.0,
    attribute: str | None = None,
    covariates: pd.DataFrame | None = None,
) -> Leaderboard:
    """The ranking by votes: strengths where outputs were compared, mean ratings where each was rated.

    Args:
        votes: as :func:`evalkit.study.votes.votes_frame` gives them.
        design: how they were asked for.
        ridge: see :func:`evalkit.ratings.rank`; of pairs.
        attribute: by this one of the further questions instead of the main one.
        covariates: of pairs: a line a vote.

    Raises:
        InputError: there are no votes, they do not connect the generators, or they rank nothing.
    """
    if votes.empty:
        raise InputError("nobody has voted yet: invite raters first")
    if attribute is not None and attribute not in (known := [one.name for one in design.attributes]):
        raise InputError(f"the attributes that were rated are: {', '.join(known) or 'none'}")
    if design.task == "pairwise":
        if attribute is not None:
            votes = votes.assign(answer=pd.Series([{"choice": answer["attributes"][attribute]} for answer in votes["answer"]]))
        compared = comparisons(votes)
        if covariates is None:
            return rank_votes(compared, ridge=ridge)
        return rank_votes(compared.join(covariates), ridge=ridge, covariates=tuple(covariates.columns))
    if ridge:
        raise InputError(f"a ridge is there for pairs only, and this study's task is {design.task}")
    if attribute is not None:
        return _rated(_attribute_points(votes, attribute), design)
    if design.task == "likert":
        return _rated(points(votes), design)
    if design.task == "review":
        raise InputError("the task review compares no generators: evalkit ratings precision says how many alarms were right")
    return _several(votes, design.task)


def _attribute_points(votes: pd.DataFrame, attribute: str) -> pd.DataFrame:
    """A line for each output that was rated beside the main answer."""
    lines = [
        (rater, item, generator, value)
        for rater, item, shown, answer in votes[["rater", "item", "shown", "answer"]].itertuples(index=False, name=None)
        for generator, value in zip(shown, _listed(answer["attributes"][attribute]), strict=True)
    ]
    return pd.DataFrame(lines, columns=["rater", "item", "generator", "value"])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _rated(given: pd.DataFrame, design: StudyDesign) -> Leaderboard:
    """Mean ratings, the same in whatever order they came."""
    ordered = given.sort_values(["item", "generator", "rater", "value"], kind="stable", ignore_index=True)
    return mean_ratings(ordered, scale=(1, design.points))


def rank_votes(votes: pd.DataFrame, *, ridge: float = 0.0, covariates: tuple[str, ...] = ()) -> Ranking:
    """The ranking by a table of votes between two, in whatever order they stand.

    Args:
        votes: see :func:`evalkit.ratings.rank`.
        ridge: likewise.
        covariates: likewise.

    Raises:
        InputError: they do not connect the generators.
    """
    order = ["item", "left", "right", "outcome", "rater"]
    ordered = votes.sort_values(order, kind="stable", ignore_index=True)
    return rank(ordered, ridge=ridge, position=_turned(votes), covariates=covariates)


def _several(votes: pd.DataFrame, task: str) -> Strengths:
    """The ranking by answers about several outputs at a time."""
    answered = votes[[answer.get("choice") != "none" for answer in votes["answer"]]]
    if answered.empty:
        raise InputError("nobody has preferred one output over another yet")
    shown, answers = answered["shown"].tolist(), answered["answer"].tolist()
    of: dict[str, Any] = {"raters": answered["rater"].tolist(), "items": answered["item"].tolist()}
    if task == "choice":
        return rank_orders([[names[answer["choice"]]] for names, answer in zip(shown, answers, strict=True)], among=shown, **of)
    if task == "best_worst":
        named = zip(shown, answers, strict=True)
        return rank_best_worst([(names[answer["best"]], names[answer["worst"]], names) for names, answer in named], **of)
    return rank_orders([_order(names, answer["ranks"]) for names, answer in zip(shown, answers, strict=True)], **of)


def _order(names: list[str], ranks: list[int]) -> list[tuple[str, ...]]:
    """Names by rank, the best first; those of one rank together."""
    return [tuple(name for name, own in zip(names, ranks, strict=True) if own == rank) for rank in sorted(set(ranks))]


def _turned(votes: pd.DataFrame) -> bool:
    """Whether any pair was shown in both orders: else a side's effect cannot be told from strength."""
    seen = set(votes[["left", "right"]].drop_duplicates().itertuples(index=False, name=None))
    return any((right, left) in seen for left, right in seen)
