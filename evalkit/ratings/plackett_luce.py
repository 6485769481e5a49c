"""Rankings, choices and best–worst answers: Plackett–Luce by maximum likelihood, with errors by raters and items."""

import math
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg, sparse

from evalkit.core.errors import InputError, SchemaError
from evalkit.ratings.connectivity import obstacle, refuse
from evalkit.ratings.likelihood import UNBOUNDED
from evalkit.ratings.ranking import Ranking
from evalkit.statistics.sandwich import Meat, clustered_meat, groups_of, sandwich, two_way_meat

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Errors = Literal["auto", "rater", "item", "both", "independent", "model"]
_STEPS, _CONVERGED, _LONGEST = 100, 1e-9, 3.0


class _Stages(NamedTuple):
    """All choices that the ballots are made of: who was chosen at each, out of whom.

    Attributes:
        chosen: (s, k) shares of those chosen; a row adds up to 1.
        among: (s, k) 1 for each generator that could still be chosen, less where a tie has used part of it up.
        ballot: (s,) whose stage it is.
    """

    chosen: sparse.csr_array
    among: sparse.csr_array
    ballot: Codes


def rank_orders(
    orders: pd.DataFrame,
    *,
    errors: Errors = "auto",
    ridge: float = 0.0,
    level: float = 0.95,
    seed: int = 0,
) -> Ranking:
    """Which generator is better, by rankings of several outputs at a time, by choices of the best, or by best and worst.

    Plackett–Luce: the best of a set is chosen with odds exp(strength), then the best of the rest, and so on. Those that share the
    last rank say nothing of each other: a choice of one out of several is rank 1 and rank 2 for all others. Equal ranks before the
    last are taken as orders that nobody told (after Efron): strengths come out a little nearer together where there are many.

    Args:
        orders: a row an output: ``vote``, ``generator``, ``rank`` (1 is best, equal ranks are ties), and where known ``rater`` and
            ``item``; as :func:`evalkit.study.votes.ranks` gives them.
        errors: what is independent, as in :func:`~evalkit.ratings.rank`.
        ridge: > 0 pulls strengths together, half of it times their squared sum; makes estimates finite, and biased.
        level: of the intervals, 0 < level < 1.
        seed: of the draws behind ranks.

    Raises:
        SchemaError: a column is missing.
        InputError: a rank is none, a vote names a generator twice, or there is no finite estimate (the sentence names generators).

    Source: Plackett, Applied Statistics 24 (1975); Luce, Individual Choice Behavior, 1959; Hunter, Annals of Statistics 32 (2004);
    ties after Efron, JASA 72 (1977).

    >>> orders = pd.DataFrame({"vote": [1, 1, 2, 2, 3, 3], "generator": list("ababba"), "rank": [1, 2] * 3})
    >>> rank_orders(orders).generators
    ('a', 'b')
    """
    if not 0 < level < 1 or not 0 <= ridge < math.inf:
        raise InputError(f"the level must lie between 0 and 1 and the ridge must be 0 or more, got {level} and {ridge}")
    names, generator, ballot, rank = _read(orders)
    stages = _stages(generator, ballot, rank, len(names))
    notes = _possible(stages, names, ridge)
    strengths = _maximum(stages, ridge)
    groups = {name: _of_ballot(orders, name, ballot) for name in ("rater", "item") if name in orders}
    kind = "model" if notes else _kind(errors, groups)
    covariance, degrees = _covariance(stages, strengths, groups, kind, ridge)
    order = np.argsort(-strengths, kind="stable")
    shown = np.bincount(generator, minlength=len(names)).astype(np.float64)
    return Ranking(
        generators=tuple(names[i] for i in order),
        strengths=strengths[order],
        covariance=covariance[np.ix_(order, order)],
        degrees=degrees,
        effects=(),
        tie_weight=None,
        left_share=None,
        n_votes=float(ballot.max() + 1),
        votes_of=shown[order],
        both_bad=(),
        log_likelihood=_value(stages, strengths),
        method=f"Plackett-Luce, {_WORDS[kind]}",
        notes=tuple(notes),
        settings={"errors": kind, "ridge": ridge, "level": level},
        level=level,
        seed=seed,
        likelihood=None,
        parameters=strengths,
        groups={},
        group_names={},
    )


_WORDS = {
    "model": "errors of the model",
    "independent": "sandwich errors, every vote independent",
    "rater": "sandwich errors by rater",
    "item": "sandwich errors by item",
    "both": "sandwich errors by rater and item",
}


def _read(orders: pd.DataFrame) -> tuple[tuple[str, ...], Codes, Codes, Array]:
    """Names, and for each row its generator, its ballot and its rank."""
    missing = {"vote", "generator", "rank"} - set(orders.columns)
    if missing:
        raise SchemaError(f"rankings need a column {min(missing)!r}")
    if orders.empty:
        raise InputError("there are no votes to rank by")
    rank = pd.to_numeric(orders["rank"], errors="coerce").to_numpy(dtype=np.float64)
    if not (np.isfinite(rank) & (rank >= 1)).all():
        raise InputError(f"row {int(np.argmin(np.isfinite(rank) & (rank >= 1))) + 1}: a rank is a number from 1, the best")
    names, generator = np.unique(orders["generator"].astype(str).to_numpy(dtype=object), return_inverse=True)
    ballot = groups_of(orders["vote"].to_numpy())
    twice = pd.DataFrame({"ballot": ballot, "generator": generator}).duplicated()
    if twice.any():
        raise InputError(f"row {int(np.argmax(twice)) + 1}: one vote ranks a generator twice")
    return tuple(map(str, names)), np.asarray(generator, dtype=np.int64), ballot, rank


def _stages(generator: Codes, ballot: Codes, rank: Array, k: int) -> _Stages:
    """Take ballots apart into choices."""
    order = np.lexsort((rank, ballot))
    starts = np.flatnonzero(np.diff(ballot[order], prepend=-1))
    rows: list[tuple[int, int, float, float]] = []
    of: list[int] = []
    for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
        members, ranks = generator[order[start:end]], rank[order[start:end]]
        for first in np.flatnonzero(np.diff(ranks, prepend=-1.0)):
            tied = members[ranks == ranks[first]]
            if first + len(tied) == len(members):
                break
            for used in range(len(tied)):
                own = 1 - used / len(tied)
                rows += [(len(of), int(one), 1 / len(tied), own) for one in tied]
                rows += [(len(of), int(one), 0.0, 1.0) for one in members[first + len(tied) :]]
                of.append(int(ballot[order[start]]))
    if not of:
        raise InputError("no vote ranks one output above another")
    stage, member, chosen, among = (np.array(column) for column in zip(*rows, strict=True))
    shape = (len(of), k)
    return _Stages(
        sparse.csr_array((chosen, (stage, member)), shape=shape),
        sparse.csr_array((among, (stage, member)), shape=shape),
        np.array(of, dtype=np.int64),
    )


def _possible(stages: _Stages, names: tuple[str, ...], ridge: float) -> list[str]:
    """Nothing to note where there is a finite estimate; what a ridge makes up for otherwise."""
    chosen, among = stages.chosen.tocoo(), stages.among
    better = np.flatnonzero(chosen.data > 0)
    beats = sparse.csr_array((np.ones(len(better)), (chosen.row[better], chosen.col[better])), shape=among.shape).T @ among
    winners, losers = beats.nonzero()
    apart = winners != losers
    found = obstacle(winners[apart].astype(np.int64), losers[apart].astype(np.int64), names)
    if found is None:
        return [f"a ridge of {ridge:g} pulls the strengths together"] if ridge > 0 else []
    if ridge == 0:
        raise refuse(found)
    return [f"{found}; a ridge of {ridge:g} made it finite, and errors are of the model"]


def _expected(stages: _Stages, strengths: Array) -> sparse.csr_array:
    """(s, k) the chance of each generator at each stage."""
    weighted = stages.among.multiply(np.exp(strengths - strengths.max())[None, :]).tocsr()
    scaled = sparse.diags_array(1 / np.asarray(weighted.sum(axis=1)).ravel()) @ weighted
    return sparse.csr_array(scaled)


def _value(stages: _Stages, strengths: Array) -> float:
    top = strengths.max()
    totals = np.log(np.asarray(stages.among @ np.exp(strengths - top))) + top
    return float((stages.chosen @ strengths).sum() - totals.sum())


def _information(expected: sparse.csr_array, k: int, ridge: float) -> Array:
    total = np.asarray(expected.sum(axis=0)).ravel()
    return np.asarray(np.diag(total) - (expected.T @ expected).toarray() + ridge * np.eye(k), dtype=np.float64)


def _maximum(stages: _Stages, ridge: float) -> Array:
    """Newton's method on strengths with mean 0, steps halved while they do not help."""
    k = stages.among.shape[1]
    strengths, won = np.zeros(k), np.asarray(stages.chosen.sum(axis=0)).ravel()

    def aim(at: Array) -> float:
        return _value(stages, at) - ridge / 2 * float(at @ at)

    for _ in range(_STEPS):
        expected = _expected(stages, strengths)
        slope = won - np.asarray(expected.sum(axis=0)).ravel() - ridge * strengths
        step = linalg.solve(_information(expected, k, ridge) + np.ones((k, k)) / k, slope, assume_a="pos")
        step *= min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300))
        now = aim(strengths)
        while aim(strengths + step) < now - 1e-12 * abs(now) and np.abs(step).max() > _CONVERGED:
            step /= 2
        strengths = np.asarray(strengths + step - np.mean(strengths + step), dtype=np.float64)
        if np.abs(step).max() < _CONVERGED:
            return strengths
    raise InputError(UNBOUNDED)


def _kind(errors: Errors, groups: dict[str, Codes]) -> Errors:
    if errors == "auto":
        there = [name for name, of in groups.items() if of.max() > 0]
        return "both" if len(there) > 1 else "rater" if "rater" in there else "item" if "item" in there else "independent"
    for name in ("rater", "item"):
        if errors in (name, "both") and (name not in groups or groups[name].max() < 1):
            raise InputError(f"errors by {name} need a column {name!r} with two or more of them")
    return errors


def _covariance(stages: _Stages, strengths: Array, groups: dict[str, Codes], kind: Errors, ridge: float) -> tuple[Array, float]:
    """Of strengths with mean 0, and the degrees of freedom behind it."""
    k = len(strengths)
    expected = _expected(stages, strengths)
    centred = np.eye(k) - 1 / k
    bread = np.asarray(centred @ linalg.inv(_information(expected, k, ridge) + np.ones((k, k)) / k) @ centred)
    if kind == "model":
        return bread, math.inf
    ballots = int(stages.ballot.max()) + 1
    of_ballot = sparse.csr_array(
        (np.ones(len(stages.ballot)), (stages.ballot, np.arange(len(stages.ballot)))), shape=(ballots, len(stages.ballot))
    )
    scores = sparse.csr_array(of_ballot @ (stages.chosen - expected))
    if kind == "independent":
        return sandwich(bread, np.asarray((scores.T @ scores).toarray())), math.inf
    meat: Meat
    if kind == "both":
        meat = two_way_meat(scores, groups["rater"][:ballots], groups["item"][:ballots])
    else:
        meat = clustered_meat(scores, groups[kind][:ballots])
    return sandwich(bread, meat.matrix), meat.degrees


def _of_ballot(orders: pd.DataFrame, name: str, ballot: Codes) -> Codes:
    """(ballots,) the rater or item of each ballot."""
    codes = groups_of(orders[name].to_numpy())
    first = np.unique(ballot, return_index=True)[1]
    return np.asarray(codes[first], dtype=np.int64)
