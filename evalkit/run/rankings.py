"""The verb ``ratings``: rankings and agreement of a study's votes, and what they say of the next question."""

import hashlib
import json

import numpy as np
import pandas as pd

from evalkit.core.errors import InputError
from evalkit.core.evidence import Finding
from evalkit.ratings import Comparisons, Ranking, agreement, rank
from evalkit.statistics.simultaneous import difference_errors
from evalkit.study import Store, StudyDesign
from evalkit.study.log import append, events, found, locked
from evalkit.study.serving import generator_names
from evalkit.study.tables import StudyRow
from evalkit.study.votes import comparisons, points, replayed, votes_frame

_EVERY = 10  # votes between two looks at which pair tells most: each look fits the ranking anew


def study_comparisons(store: Store, study: str, until: int | None = None) -> pd.DataFrame:
    """The counted votes between two of a study, now or as they stood after an event of its log.

    Raises:
        InputError: no such study, or it asks something else than pairs.
    """
    with store.reading() as session:
        row = found(session, study)
        if StudyDesign.model_validate(row.design).task != "pairwise":
            raise InputError("this study does not ask about pairs: its votes have no ranking by Bradley-Terry")
        votes = votes_frame(session, row) if until is None else replayed(events(session, row, until))
    return comparisons(votes)


def ranking_of(store: Store, study: str, *, until: int | None = None, ridge: float = 0.0) -> Ranking:
    """The ranking by people's votes; see :func:`evalkit.ratings.rank`.

    The same votes give the same ranking in any database and in whatever order they came.

    Raises:
        InputError: there are no votes, or they do not connect the generators.
    """
    votes = study_comparisons(store, study, until)
    if votes.empty:
        raise InputError("nobody has voted yet: invite raters first")
    order = ["item", "left", "right", "outcome", "rater"]
    return rank(votes.sort_values(order, kind="stable", ignore_index=True), ridge=ridge, position=_turned(votes))


def _turned(votes: pd.DataFrame) -> bool:
    """Whether any pair was shown in both orders: else a side's effect cannot be told from strength."""
    seen = set(votes[["left", "right"]].drop_duplicates().itertuples(index=False, name=None))
    return any((right, left) in seen for left, right in seen)


def ranking_digest(ranking: Ranking) -> str:
    """A digest of a ranking to 8 digits: two stores that hold the same votes give the same."""
    lines = [
        [name, *(f"{figure:.8g}" for figure in strength), *places, f"{votes:.8g}"]
        for name, strength, places, votes in zip(
            ranking.generators, ranking.intervals(), ranking.rank_intervals(), ranking.votes_of, strict=True
        )
    ]
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()


def agreement_of(store: Store, study: str, seed: int = 0) -> Finding:
    """How far raters agree on the same questions: Krippendorff's alpha; ordinal for ratings, else nominal.

    Raises:
        InputError: no such study, or raters rank several outputs at a time.
    """
    with store.reading() as session:
        row = found(session, study)
        task = StudyDesign.model_validate(row.design).task
        votes = votes_frame(session, row)
    if task == "pairwise" and len(votes):
        return agreement(Comparisons.of(comparisons(votes)).preferences(), seed=seed)
    if task in ("likert", "review") and len(votes):
        given = points(votes)
        labels = pd.DataFrame({"unit": given["item"] + "\n" + given["generator"], "rater": given["rater"], "label": given["value"]})
        return agreement(labels, scale="ordinal" if task == "likert" else "nominal", seed=seed)
    raise InputError("nobody has voted yet" if votes.empty else f"agreement is not defined for the task {task}")


def weigh_pairs(store: Store, study: str, *, always: bool = False) -> bool:
    """Say how much a vote on each pair would tell, for the pairing ``informative``; gives whether anything was written.

    A vote on a pair tells the more, the less sure their difference is and the closer they are: p (1 - p) times the variance of the
    difference. It is done every few votes.
    """
    with store.reading() as session:
        row = found(session, study)
        if StudyDesign.model_validate(row.design).pairing != "informative":
            return False
        n = len(votes_frame(session, row))
        numbers = {name: number for number, name in generator_names(session, row).items()}
    if n == 0 or (n % _EVERY and not always):
        return False
    # Before every pair has met, a pull toward equality keeps the estimate finite; it only chooses questions.
    ranking = ranking_of(store, study, ridge=0.1)
    weights = _weights(ranking, numbers)
    with store.writing() as session:
        locked(session, study).pair_weights = weights
    return True


def _weights(ranking: Ranking, numbers: dict[str, int]) -> dict[str, float]:
    errors = difference_errors(ranking.covariance)
    weights = {}
    for i, first in enumerate(ranking.generators):
        for j, second in enumerate(ranking.generators[:i]):
            chance = ranking.win_probability(first, second).value
            key = ",".join(str(number) for number in sorted((numbers[first], numbers[second])))
            weights[key] = float(chance * (1 - chance) * np.square(errors[i, j]))
    return weights


def note_look(store: Store, study: str) -> None:
    """Note in the log that somebody looked at the ranking before the study was done.

    Looking often and stopping when one likes what one sees makes every interval too narrow.
    """
    with store.writing() as session:
        row: StudyRow = locked(session, study)
        append(session, row, "looked", {})
