"""What a study does by itself while votes come in: ask where a vote tells most, and stop when it is decided."""

from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from sqlalchemy import func, select

from evalkit.core.errors import InputError, UndefinedError
from evalkit.ratings import Strengths, Watched, watch
from evalkit.run.ranked import rank_votes
from evalkit.run.rankings import study_comparisons
from evalkit.statistics.simultaneous import difference_errors
from evalkit.study import Store, StudyDesign
from evalkit.study.log import append, found, locked
from evalkit.study.serving import finished_raters, generator_names
from evalkit.study.tables import QuestionRow
from evalkit.study.votes import counted_votes

_EVERY = 10  # votes between two looks: each reads all votes
_looked_at: dict[tuple[str, int], int] = {}  # votes at the last look of this process, by store and study


class Pair(NamedTuple):
    """Two generators under watch.

    Attributes:
        first, second: their names.
        watched: how often the first wins, and whether that is decided; None while nobody has preferred one of them.
    """

    first: str
    second: str
    watched: Watched | None


def steer(store: Store, study: str, design: StudyDesign) -> None:
    """Do what the study's design asks for after a vote, and nothing for a design that asks nothing.

    By raters it is looked whether to stop after every vote: any may be a rater's last. Else once in ten votes, and at the end.

    Args:
        store: an open store.
        study: its name.
        design: as it was served with the question.
    """
    if design.pairing != "informative" and design.stop_rule == "none":
        return
    with store.reading() as session:
        row = found(session, study)
        n, asked = counted_votes(session, row), (store.shown, row.id)
        questions = select(func.count()).where(QuestionRow.study_id == row.id, QuestionRow.kind == "item")
        full = n >= design.votes_per_question * (session.scalar(questions) or 0)
    due = full or not 0 <= n - _looked_at.get(asked, 0) < _EVERY
    if due:
        _looked_at[asked] = n
    if due and design.pairing == "informative":
        weigh_pairs(store, study)
    if design.stop_rule == "rater" or (due and design.stop_rule == "vote"):
        stop_when_decided(store, study)


def watched(store: Store, study: str) -> list[Pair]:
    """For every pair of generators, whether one may stop asking: valid however often one looks.

    Over all pairs the chance of ever calling equal generators different is at most the design's ``alpha`` (Bonferroni). With the
    stop rule ``rater`` each rater counts once, when finished; those for whom others left too few questions do not count. Else every
    vote counts by itself, which is right if raters have no tastes of their own, or cast one vote each.

    Raises:
        InputError: no such study, or it asks something else than pairs.
    """
    votes = study_comparisons(store, study).sort_values("at", kind="stable", ignore_index=True)
    with store.reading() as session:
        row = found(session, study)
        design = StudyDesign.model_validate(row.design)
        names = sorted(generator_names(session, row).values())
        if design.stop_rule == "rater":
            votes = _by_end(votes, finished_raters(session, row, design))
    pairs = list(combinations(names, 2))
    by: Literal["vote", "rater"] = "rater" if design.stop_rule == "rater" else "vote"
    return [Pair(*pair, _watched(votes, *pair, by, design.alpha / len(pairs))) for pair in pairs]


def _by_end(votes: pd.DataFrame, finished: dict[str, int]) -> pd.DataFrame:
    """The votes of raters who have finished, in the order in which they did: a later look finds those of an earlier one first."""
    votes = votes[votes["rater"].isin(finished)]
    return votes.assign(end=votes["rater"].map(finished)).sort_values(["end", "rater", "at"], kind="stable", ignore_index=True)


def _watched(votes: pd.DataFrame, first: str, second: str, by: Literal["vote", "rater"], alpha: float) -> Watched | None:
    there = {*votes["left"], *votes["right"]}
    if not {first, second} <= there:
        return None
    try:
        return watch(votes, first, second, by=by, alpha=alpha)
    except UndefinedError:
        return None


def stop_when_decided(store: Store, study: str) -> bool:
    """Close an open study when each of its pairs is decided; gives whether it did. Votes on what raters look at are still taken."""
    pairs = watched(store, study)
    if not pairs or any(pair.watched is None or pair.watched.decided_after is None for pair in pairs):
        return False
    with store.writing() as session:
        row = locked(session, study)
        if row.state != "open":
            return False
        row.state = "closed"
        append(session, row, "state", {"state": "closed", "why": "decided"})
    return True


def weigh_pairs(store: Store, study: str) -> bool:
    """Say how much a vote on each pair would tell, for the pairing ``informative``; gives whether anything was written.

    A vote on a pair tells the more, the less sure their difference is and the closer they are: p (1 - p) times the variance of the
    difference.
    """
    with store.reading() as session:
        numbers = {name: number for number, name in generator_names(session, found(session, study)).items()}
    try:
        # Before every pair has met, a pull toward equality keeps the estimate finite; it only chooses questions.
        ranking = rank_votes(study_comparisons(store, study), ridge=0.1)
    except InputError:
        return False  # the side has decided every vote so far: the weights stay as they are
    weights = _weights(ranking, numbers)
    with store.writing() as session:
        locked(session, study).pair_weights = weights
    return True


def _weights(ranking: Strengths, numbers: dict[str, int]) -> dict[str, float]:
    errors = difference_errors(ranking.covariance)
    weights = {}
    for i, first in enumerate(ranking.generators):
        for j, second in enumerate(ranking.generators[:i]):
            chance = ranking.win_probability(first, second).value
            key = ",".join(str(number) for number in sorted((numbers[first], numbers[second])))
            weights[key] = float(chance * (1 - chance) * np.square(errors[i, j]))
    return weights
