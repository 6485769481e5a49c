"""From votes to a ranking: the Bradley–Terry model with ties, sides and covariates, with errors by raters and items."""

import math
from collections.abc import Collection
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.ratings.cells import Cells
from evalkit.ratings.comparisons import BOTH_BAD, LEFT, RIGHT, Comparisons
from evalkit.ratings.connectivity import obstacle, refuse
from evalkit.ratings.errors_of import METHODS, Covariance, Errors, covariance, kind_of, renumbered, resting_on
from evalkit.ratings.likelihood import UNBOUNDED, Factor, Likelihood, Ties, maximum
from evalkit.ratings.ranking import Effect, Ranking, t_quantile, two_sided
from evalkit.statistics.intervals import Interval, proportion_interval

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
TIES = {"davidson": "ties after Davidson", "half": "ties as half wins"}

MOST_GENERATORS = 5000
# A standard error this large, in logits, is of an estimate that runs away.
_UNBOUNDED = 50.0


def rank(
    votes: Comparisons | pd.DataFrame,
    *,
    ties: Ties = "davidson",
    position: bool = True,
    covariates: Collection[str] = (),
    both_bad: Literal["separate", "tie"] = "separate",
    served: Literal["ignored", "inverse"] = "ignored",
    errors: Errors = "auto",
    ridge: float = 0.0,
    level: float = 0.95,
    seed: int = 0,
) -> Ranking:
    """Which generator is better, by people's or judges' votes between two outputs.

    Bradley–Terry by maximum likelihood: the odds of preferring one over the other are exp(difference of strengths). It reduces all
    preferences to one line: where a beats b, b beats c and c beats a, strengths hide that.

    Args:
        votes: see :meth:`Comparisons.of`.
        ties: ``"davidson"``: the share of ties is estimated, largest between equals. ``"half"``: a tie is half a win for each, as
            arenas do it; errors of the model itself are then too large.
        position: estimate what standing left is worth, and take it out. Pairs must have been shown in both orders, or be connected
            in other ways that tell strength from side.
        covariates: columns of the votes, left less right, whose effect is estimated and taken out. They should be about what is
            wanted (length of a text): what strength causes cannot be told from strength.
        both_bad: ``"separate"``: such votes say nothing of who is better; their share is reported. ``"tie"``: they count as ties.
        served: ``"inverse"``: a vote counts as 1 / ``served_probability``, as if all pairs had been shown alike. Needed only where
            the model does not hold; errors grow.
        errors: what is independent. ``"rater"``: raters; ``"item"``: items; ``"both"``: votes that share neither;
            ``"independent"``: every vote; ``"model"``: every vote, and the model is right. ``"auto"``: by the columns there are.
        ridge: > 0 pulls strengths together, half of it times their squared sum; makes estimates finite, and biased.
        level: of the intervals, 0 < level < 1.
        seed: of the draws behind ranks.

    Raises:
        InputError: there is no finite estimate (the sentence names the generators), or a vote cannot be used.

    Source: Bradley and Terry, Biometrika 39 (1952); Davidson, JASA 65 (1970); Ford, American Mathematical Monthly 64 (1957).

    >>> votes = pd.DataFrame({"left": list("abab"), "right": list("baba"), "outcome": ["left", "right", "tie", "left"]})
    >>> ranking = rank(votes)
    >>> ranking.generators
    ('a', 'b')
    >>> ranking.rank_intervals()
    [(1, 2), (1, 2)]
    """
    votes = Comparisons.of(votes, covariates=covariates)
    if not 0 < level < 1 or not 0 <= ridge < math.inf:
        raise InputError(f"the level must lie between 0 and 1 and the ridge must be 0 or more, got {level} and {ridge}")
    weight = _weights(votes, served)
    chosen = votes.outcome != BOTH_BAD if both_bad == "separate" else np.ones(len(votes), dtype=np.bool_)
    likelihood = Likelihood(Cells.of(votes, chosen, weight, position=position), ties, ridge)
    notes = _possible(likelihood, votes.generators)
    parameters = maximum(likelihood)
    groups = {name: renumbered(of[chosen]) for name, of in (("rater", votes.rater), ("item", votes.item)) if of is not None}
    kind: Errors = "model" if notes else kind_of(errors, groups)
    errors_of = _errors(likelihood, parameters, votes.weight[chosen], groups, kind)
    if np.sqrt(np.diag(errors_of.model)).max() > _UNBOUNDED / math.sqrt(max(float(weight.mean()), 1e-300)):
        raise InputError(UNBOUNDED)
    if ridge > 0:
        notes.append(f"a ridge of {ridge:g} pulls the strengths together")
    notes += resting_on(kind, groups, errors_of.degrees)
    return _ranking(votes, chosen, likelihood, parameters, errors_of, groups, notes, level, seed, kind, both_bad, served)


def _weights(votes: Comparisons, served: str) -> Array:
    if served == "ignored":
        return votes.weight
    if votes.served_probability is None:
        raise InputError("weighting by how often pairs were shown needs a column 'served_probability'")
    weight = votes.weight / votes.served_probability
    return np.asarray(weight * (votes.weight.sum() / weight.sum()))


def _possible(likelihood: Likelihood, names: tuple[str, ...]) -> list[str]:
    """Refuse what has no finite estimate; with a ridge, say it instead."""
    cells = likelihood.cells
    if len(names) > MOST_GENERATORS:
        raise ShapeError(f"at most {MOST_GENERATORS} generators can be ranked, got {len(names)}")
    if not len(cells.cell):
        raise ShapeError("there are no votes that prefer one or call a tie: nothing can be ranked")
    if likelihood.modelled and not (cells.counts[LEFT] + cells.counts[RIGHT]).any():
        raise InputError("every vote is a tie: ask raters to choose, or count ties as half wins")
    reason = obstacle(*cells.beats(), names)
    if reason is not None and likelihood.ridge == 0:
        raise refuse(reason)
    return [] if reason is None else [f"{reason} but for the ridge; errors are those of the model with the ridge as prior"]


def _errors(likelihood: Likelihood, parameters: Array, copies: Array, groups: dict[str, Codes], kind: Errors) -> Covariance:
    odds = likelihood.odds(parameters)
    bread = Factor.of(likelihood.information(odds, likelihood.cells.counts.sum(axis=0)), likelihood.k).inverse()
    if kind == "model":
        return Covariance(bread, bread, math.inf)
    return covariance(bread, likelihood.scores(parameters), copies, groups, kind)


def _ranking(
    votes: Comparisons,
    chosen: NDArray[np.bool_],
    likelihood: Likelihood,
    parameters: Array,
    errors: Covariance,
    groups: dict[str, Codes],
    notes: list[str],
    level: float,
    seed: int,
    kind: Errors,
    both_bad: str,
    served: str,
) -> Ranking:
    k, cells = likelihood.k, likelihood.cells
    order = np.argsort(-parameters[:k], kind="stable")
    spread = np.sqrt(np.maximum(np.diag(errors.used), 0.0))
    width = t_quantile(level, errors.degrees)
    sides = (votes.left, votes.right)
    shown_of, bad_of = (_shown(sides, weight, k)[order] for weight in (votes.weight, votes.weight * (votes.outcome == BOTH_BAD)))
    settings: dict[str, Any] = {
        "ties": likelihood.ties,
        "left side": "left side" in cells.names,
        "covariates": list(votes.covariate_names),
    }
    settings |= {"both bad": both_bad, "served": served, "errors": kind, "ridge": likelihood.ridge, "level": level}
    return Ranking(
        generators=tuple(votes.generators[i] for i in order),
        values=parameters[:k][order],
        covariance=errors.used[np.ix_(order, order)],
        degrees=errors.degrees,
        effects=tuple(_effect(name, parameters[k + j], spread[k + j], width, errors.degrees) for j, name in enumerate(cells.names)),
        tie_weight=_tie_weight(parameters[-1], width * spread[-1]) if likelihood.modelled else None,
        left_share=_left_share(votes),
        n_votes=float(cells.counts.sum()),
        votes_of=shown_of,
        both_bad=tuple(_share(bad, shown, level) for bad, shown in zip(bad_of, shown_of, strict=True)),
        log_likelihood=likelihood.value(parameters, likelihood.odds(parameters), cells.counts),
        method=f"Bradley-Terry, {TIES[likelihood.ties]}, {METHODS[kind]}",
        notes=tuple(notes),
        settings=settings,
        level=level,
        seed=seed,
        likelihood=likelihood,
        parameters=parameters,
        groups=groups,
        group_names={
            name: tuple(names[i] for i in np.unique(of[chosen]))
            for name, of, names in (("rater", votes.rater, votes.raters), ("item", votes.item, votes.items))
            if of is not None
        },
    )


def _shown(sides: tuple[Codes, Codes], weight: Array, k: int) -> Array:
    """(k,) weight of the votes in which each was shown."""
    left, right = (np.bincount(side, weights=weight, minlength=k) for side in sides)
    return np.asarray(left + right, dtype=np.float64)


def _effect(name: str, value: float, error: float, width: float, degrees: float) -> Effect:
    z = float(value / error) if error > 0 else 0.0
    return Effect(name, float(value), float(value - width * error), float(value + width * error), z, two_sided(z, degrees))


def _tie_weight(log_nu: float, half: float) -> Interval:
    return Interval(math.exp(log_nu), math.exp(log_nu - half), math.exp(min(log_nu + half, 700.0)))


def _left_share(votes: Comparisons) -> Interval | None:
    left, right = int((votes.outcome == LEFT).sum()), int((votes.outcome == RIGHT).sum())
    return proportion_interval(left, left + right) if left + right else None


def _share(successes: float, n: float, level: float) -> Interval:
    """Weights are rounded to whole votes for the ends."""
    whole = max(1, round(n))
    ends = proportion_interval(min(whole, round(successes / n * whole)), whole, level=level)
    value = float(successes / n)
    return Interval(value, min(value, ends.low), max(value, ends.high))
