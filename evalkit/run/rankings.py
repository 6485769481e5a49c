"""The verb ``ratings``: rankings and agreement of a study's votes, and what they say of the next question."""

import hashlib
import json
import math
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from sqlalchemy.orm import Session

from evalkit.core.errors import InputError
from evalkit.core.evidence import Finding
from evalkit.ratings import (
    Comparisons,
    Components,
    Leaderboard,
    agreement,
    components,
    plan,
    rater_report,
    style_counts,
    style_differences,
    votes_for_ranking,
    votes_needed,
    without_one,
)
from evalkit.run.ranked import rank_votes, ranked
from evalkit.run.vote_reading import read_votes
from evalkit.study import Store, StudyDesign
from evalkit.study.board import BroughtVote
from evalkit.study.bringing import check_brought
from evalkit.study.contents import TEXT
from evalkit.study.log import append, events, found, locked
from evalkit.study.outputs import contents_of, media_types, output_digests
from evalkit.study.tables import StudyRow
from evalkit.study.votes import comparisons, points, replayed, votes_frame

_COMPARED = ("vote", "rater", "item", "shown", "answer", "served_probability", "seconds", "at")


class Planned(NamedTuple):
    """Votes to ask for.

    Attributes:
        independent: between two generators, if raters and items had no tastes of their own: a lower bound.
        board: of all generators at once, likewise; None for two.
        crossed: between two generators, with the tastes that the pilot shows; None without one.
        tastes: of raters and items, from the pilot.
    """

    independent: int
    board: int | None
    crossed: int | None
    tastes: Components | None


def study_comparisons(store: Store, study: str, until: int | None = None) -> pd.DataFrame:
    """The counted votes between two of a study, now or as they stood after an event of its log.

    Raises:
        InputError: no such study, or it asks something else than pairs.
    """
    with store.reading() as session:
        row = found(session, study)
        if StudyDesign.model_validate(row.design).task != "pairwise":
            raise InputError("this study does not ask about pairs")
        return comparisons(_counted(session, row, until))


def _counted(session: Session, study: StudyRow, until: int | None) -> pd.DataFrame:
    """The counted votes now, or rebuilt from the log as they stood after an event."""
    return votes_frame(session, study, columns=_COMPARED) if until is None else replayed(events(session, study, until))


def ranking_of(
    store: Store, study: str, *, until: int | None = None, ridge: float = 0.0, style: bool = False, attribute: str | None = None
) -> Leaderboard:
    """The ranking by people's votes, as :func:`~evalkit.run.ranked.ranked` gives it.

    The same votes give the same ranking in any database and in whatever order they came.

    Args:
        store: an open store.
        study: its name.
        until: as the votes stood after this event of the log.
        ridge: see :func:`evalkit.ratings.rank`; of pairs.
        style: take out what texts owe to their length and Markdown; see :func:`evalkit.ratings.style_covariates`. Of pairs.
        attribute: by this one of the design's further questions instead of the main one.

    Raises:
        InputError: there are no votes, or they do not connect the generators.
    """
    with store.reading() as session:
        row = found(session, study)
        design = StudyDesign.model_validate(row.design)
        votes = _counted(session, row, until)
    if style and design.task != "pairwise":
        raise InputError(f"style is taken out of pairs only, and this study's task is {design.task}")
    if style and len(votes):
        return ranked(votes, design, ridge=ridge, attribute=attribute, covariates=_styles(store, study, votes))
    return ranked(votes, design, ridge=ridge, attribute=attribute)


def _styles(store: Store, study: str, votes: pd.DataFrame) -> pd.DataFrame:
    """How the texts of each vote differ in style, left less right."""
    with store.reading() as session:
        row = found(session, study)
        if media_types(session, row) != {TEXT}:
            raise InputError("style is length and Markdown: this study does not show texts")
        digests = output_digests(session, row)
        left, right = (
            [digests[item, shown[side]] for item, shown in zip(votes["item"], votes["shown"], strict=True)] for side in (0, 1)
        )
        texts = contents_of(session, [*left, *right])
    if not any(content.data for content in texts.values()):
        raise InputError("style needs the texts, and this study was brought from votes without them")
    counts = style_counts([content.text() for content in texts.values()])
    places = {digest: place for place, digest in enumerate(texts)}
    return style_differences(*(counts[[places[digest] for digest in side]] for side in (left, right)))


def shows_texts(store: Store, study: str) -> bool:
    """Whether raters compare texts."""
    with store.reading() as session:
        row = found(session, study)
        return StudyDesign.model_validate(row.design).task == "pairwise" and media_types(session, row) == {TEXT}


def ranking_digest(ranking: Leaderboard) -> str:
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
        votes = votes_frame(session, row)
        return agreement_of_votes(StudyDesign.model_validate(row.design), votes, seed)


def agreement_of_votes(design: StudyDesign, votes: pd.DataFrame, seed: int = 0) -> Finding:
    """:func:`agreement_of`, of votes with their raters, items, what was shown, and answers."""
    task = design.task
    if task == "pairwise" and len(votes):
        return agreement(Comparisons.of(comparisons(votes)).preferences(), seed=seed)
    if task in ("likert", "review") and len(votes):
        given = points(votes)
        labels = pd.DataFrame({"unit": given["item"] + "\n" + given["generator"], "rater": given["rater"], "label": given["value"]})
        return agreement(labels, scale="ordinal" if task == "likert" else "nominal", seed=seed)
    raise InputError("nobody has voted yet" if votes.empty else f"agreement is not defined for the task {task}")


def rater_lines(store: Store, study: str) -> pd.DataFrame:
    """A line a rater of a study of pairs: agreement with others, speed, side, and what the ranking would be without them.

    Returns:
        As :func:`evalkit.ratings.rater_report`, and ``leader_without``: who would lead without this rater's votes, where that is
        somebody else.

    Raises:
        InputError: there are no votes, or they are not about pairs.
    """
    votes = study_comparisons(store, study)
    if votes.empty:
        raise InputError("nobody has voted yet: invite raters first")
    report = rater_report(votes)
    influence = without_one(rank_votes(votes), by="rater").set_index("rater")
    changes = influence["first_changes"].reindex(report["rater"]).fillna(False).to_numpy(dtype=bool)
    leaders = influence["first"].reindex(report["rater"])
    without = [leader if change else None for leader, change in zip(leaders, changes, strict=True)]
    return report.assign(leader_without=pd.Series(without, dtype=object))


def file_votes(path: Path) -> tuple[StudyDesign, pd.DataFrame]:
    """The counted votes of a file, without a store: how they were asked for, and what :func:`agreement_of_votes` reads.

    Raises:
        InputError: it holds no votes, or a row is none; see :func:`evalkit.run.vote_reading.read_votes`.
    """
    read = read_votes(path)
    for vote in read.votes:
        check_brought(read.design, vote)
    votes = pd.DataFrame([vote for vote in read.votes if vote.not_counted is None], columns=list(BroughtVote._fields))
    return read.design, votes


def ranking_of_file(path: Path, *, ridge: float = 0.0, attribute: str | None = None) -> Leaderboard:
    """The ranking by the votes of a file, without a store; see :func:`ranking_of`."""
    design, votes = file_votes(path)
    return ranked(votes, design, ridge=ridge, attribute=attribute)


def pairs_of_file(path: Path) -> pd.DataFrame:
    """The votes between two of a file.

    Raises:
        InputError: it holds none.
    """
    design, votes = file_votes(path)
    if design.task != "pairwise" or votes.empty:
        raise InputError(f"{path.name[:60]} holds no votes between two")
    return comparisons(votes)


def plan_votes(
    win_rate: float, *, power: float, generators: int = 2, pilot: pd.DataFrame | None = None, raters: int = 20, items: int = 50
) -> Planned:
    """How many votes find a win rate with this chance.

    Args:
        win_rate: of the better one of two neighbours, where one is preferred.
        power: chance to find it.
        generators: compared at once.
        pilot: votes between two from which it is seen how much raters and items have tastes of their own.
        raters: among whom votes will be spread.
        items: over which they will be.

    Raises:
        InputError: a figure is out of range, or no number of votes suffices; the sentence says how many raters or items would.
    """
    found = None if pilot is None else components(pilot)
    told = 1.0 if pilot is None else float((pilot["outcome"] != "both_bad").mean())
    ties = 0.0 if pilot is None else float((pilot["outcome"] == "tie").mean()) / max(told, 1e-9)
    independent = votes_needed(win_rate, power=power, tie_share=ties)
    crossed = None
    if found is not None:
        # With ties as half a win is nearer to one half; and tastes never make do with fewer, whatever a small pilot says.
        counted = 0.5 + (1 - ties) * (win_rate - 0.5)
        crossed = max(independent, plan(found, counted, raters=raters, items=items, power=power))
    board = None if generators == 2 else votes_for_ranking(generators, win_rate, power=power, tie_share=ties)

    # Votes that call both bad say nothing of who is better: so many more are asked for.
    def asked(votes: int) -> int:
        return math.ceil(votes / told - 1e-9)

    return Planned(asked(independent), board and asked(board), crossed and asked(crossed), found)


def note_look(store: Store, study: str) -> None:
    """Note in the log that somebody looked at the ranking before the study was done.

    Looking often and stopping when one likes what one sees makes every interval too narrow.
    """
    with store.writing() as session:
        append(session, locked(session, study), "looked", {})
