"""What votes say: strengths with intervals, ranks that hold all at once, what the side was worth, and what may not be concluded."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit

from evalkit.core.errors import InputError
from evalkit.core.evidence import Evidence
from evalkit.ratings.bootstrap import Resampled, resample
from evalkit.ratings.likelihood import Likelihood
from evalkit.statistics.intervals import Interval
from evalkit.statistics.simultaneous import difference_errors, pairwise_quantile

Array = NDArray[np.float64]

ARENA_SCALE = 400 / math.log(10)
ARENA_START = 1000.0


class Effect(NamedTuple):
    """What else than strength speaks for an output, on the logit scale; it is taken out of the strengths.

    Attributes:
        name: ``"left side"`` or a covariate.
        value: added to the lead of the left, for a covariate per unit.
        low, high: ends of the interval.
        z: value over its standard error.
        p_value: two-sided, of no effect.
    """

    name: str
    value: float
    low: float
    high: float
    z: float
    p_value: float


@dataclass(frozen=True, eq=False)
class Leaderboard:
    """Generators in the order that people's answers give them. Figures are of these raters, items and opponents.

    Attributes:
        generators: best first.
        values: (k,) what each is worth, in that order; higher is better.
        covariance: (k, k) of the values.
        degrees: of freedom behind the standard errors; infinite where they do not rest on groups.
        votes_of: (k,) votes in which each generator was shown.
        n_votes: votes behind the values.
        method: how values and errors were found, in words.
        notes: what a reader must know, one sentence each.
        settings: what was asked for.
        level: of all intervals.
        seed: of the draws behind ranks and resamples.
    """

    generators: tuple[str, ...]
    values: Array
    covariance: Array
    degrees: float
    votes_of: Array
    n_votes: float
    method: str
    notes: tuple[str, ...]
    settings: dict[str, Any]
    level: float
    seed: int

    FIGURE: ClassVar[str] = "value"
    """What a value is called in the table."""
    EVIDENCE: ClassVar[str] = "value by votes"
    """And as Evidence."""

    @property
    def quantile(self) -> float:
        """By how many standard errors one interval reaches to either side."""
        return t_quantile(self.level, self.degrees)

    @property
    def standard_errors(self) -> Array:
        """(k,) of the values."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0.0)))

    def place(self, generator: str) -> int:
        """Where a generator stands, from 0."""
        if generator not in self.generators:
            raise InputError(f"there is no generator {generator!r} among the votes")
        return self.generators.index(generator)

    @cached_property
    def simultaneous_quantile(self) -> float:
        """By how many standard errors all differences may miss at once."""
        return pairwise_quantile(self.covariance, degrees=self.degrees, level=self.level, seed=self.seed)

    @cached_property
    def separable(self) -> NDArray[np.bool_]:
        """(k, k) whether one may be called better than the other; over all pairs, wrong once with chance 1 - level at most."""
        apart = np.abs(self.values[:, None] - self.values[None, :])
        return np.asarray(apart > self.simultaneous_quantile * difference_errors(self.covariance) + 1e-12)

    def rank_intervals(self) -> list[tuple[int, int]]:
        """First and last rank that each generator may have, best first; all hold at once with the confidence ``level``.

        The first is one more than there are generators shown to be better, the last as many as are not shown to be worse.
        """
        better = np.tril(self.separable, -1).sum(axis=1)
        worse = np.triu(self.separable, 1).sum(axis=1)
        k = len(self.generators)
        return [(int(1 + up), int(k - down)) for up, down in zip(better, worse, strict=True)]

    @property
    def leaders(self) -> tuple[str, ...]:
        """Generators that may be the best: all that none is shown to be better than."""
        ranks = zip(self.generators, self.rank_intervals(), strict=True)
        return tuple(name for name, (first, _) in ranks if first == 1)

    def intervals(self) -> list[Interval]:
        """Each value with its interval."""
        half = self.quantile * self.standard_errors
        return [Interval(*map(float, each)) for each in zip(self.values, self.values - half, self.values + half, strict=True)]

    def table(self) -> pd.DataFrame:
        """One line a generator, best first: ``generator``, the figure, ``low``, ``high``, ``rank`` ("1" or "1-3"), ``votes``."""
        return self._table(np.array(self.intervals()))

    def _table(self, found: Array) -> pd.DataFrame:
        ranks = [f"{first}" if first == last else f"{first}-{last}" for first, last in self.rank_intervals()]
        figures = {self.FIGURE: found[:, 0], "low": found[:, 1], "high": found[:, 2]}
        return pd.DataFrame({"generator": self.generators, **figures, "rank": ranks, "votes": self.votes_of})

    def evidence(self) -> dict[str, Evidence]:
        """Each generator's value as Evidence, higher is better."""
        return {
            name: Evidence(
                name=self.EVIDENCE,
                value=found.value,
                low=found.low,
                high=found.high,
                direction="higher",
                n=max(1, round(votes)),
                method=self.method,
                settings=self.settings,
                seed=self.seed,
            )
            for name, found, votes in zip(self.generators, self.intervals(), self.votes_of, strict=True)
        }

    def __str__(self) -> str:
        lines = [self.table().to_string(index=False, float_format=lambda figure: f"{figure:.4g}"), *self.notes]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class Strengths(Leaderboard):
    """Generators by the strength that preferences give them.

    Strengths are on the logit scale with mean 0: how often one is preferred over another, where one is preferred at all, is
    1 / (1 + exp(-difference)). Only differences mean something.

    Attributes:
        log_likelihood: of the votes at these strengths.
    """

    log_likelihood: float

    FIGURE: ClassVar[str] = "strength"
    EVIDENCE: ClassVar[str] = "strength by votes"

    @property
    def strengths(self) -> Array:
        """(k,) best first: the values."""
        return self.values

    def intervals(self, *, anchor: str | None = None) -> list[Interval]:
        """Each strength with its interval: less the mean, or less that of one generator."""
        if anchor is None:
            return super().intervals()
        at = self.place(anchor)
        values = self.values - self.values[at]
        variances = np.diag(self.covariance) + self.covariance[at, at] - 2 * self.covariance[at]
        half = self.quantile * np.sqrt(np.maximum(variances, 0.0))
        return [Interval(*map(float, each)) for each in zip(values, values - half, values + half, strict=True)]

    def win_probability(self, first: str, second: str) -> Interval:
        """How often ``first`` is preferred over ``second`` where one is, sides and covariates equal."""
        i, j = self.place(first), self.place(second)
        lead = float(self.strengths[i] - self.strengths[j])
        half = self.quantile * float(difference_errors(self.covariance[np.ix_([i, j], [i, j])])[0, 1])
        return Interval(*(float(expit(end)) for end in (lead, lead - half, lead + half)))

    def win_probabilities(self) -> pd.DataFrame:
        """Every pair, the better first: ``probability``, ``low``, ``high`` and whether the two are ``separable``."""
        first, second = np.triu_indices(len(self.generators), 1)
        leads = self.strengths[first] - self.strengths[second]
        half = self.quantile * difference_errors(self.covariance)[first, second]
        names = np.array(self.generators, dtype=object)
        ends = {"probability": expit(leads), "low": expit(leads - half), "high": expit(leads + half)}
        return pd.DataFrame({"first": names[first], "second": names[second]} | ends | {"separable": self.separable[first, second]})

    def table(self, *, scale: Literal["arena", "logit"] = "arena", anchor: tuple[str, float] | None = None) -> pd.DataFrame:
        """One line a generator, best first.

        Args:
            scale: ``"arena"``: 400 points are odds of ten to one, the mean is 1000. ``"logit"``: as in ``strengths``.
            anchor: a generator and the figure it is to have; intervals are then of the difference to it.

        Returns:
            Columns ``generator``, ``strength``, ``low``, ``high``, ``rank`` ("1" or "1-3") and ``votes``; ``both_bad`` where votes
            could say so.

        >>> votes = pd.DataFrame({"left": list("aab"), "right": list("bbb"[:1] * 2 + "a"), "outcome": ["left", "right", "right"]})
        >>> from evalkit.ratings import rank
        >>> rank(votes, position=False).table()["rank"].tolist()
        ['1-2', '1-2']
        """
        unit, start = (ARENA_SCALE, ARENA_START) if scale == "arena" else (1.0, 0.0)
        name, start = anchor if anchor is not None else (None, start)
        return self._table(np.array(self.intervals(anchor=name)) * unit + start)


@dataclass(frozen=True, eq=False)
class Ranking(Strengths):
    """Strengths by votes between two outputs.

    Attributes:
        effects: of the left side and of covariates, taken out of the strengths.
        tie_weight: nu of Davidson, the share of ties between equals over the share of either winning, with its interval.
        left_share: how often the left was preferred when one was, with its exact interval.
        both_bad: (k,) share of votes in which both were called bad, with exact intervals that take votes as independent.
        likelihood, parameters, groups, group_names: what resamples start from; in the order of the names.
    """

    effects: tuple[Effect, ...]
    tie_weight: Interval | None
    left_share: Interval | None
    both_bad: tuple[Interval, ...]
    likelihood: Likelihood
    parameters: Array
    groups: dict[str, NDArray[np.int64]]
    group_names: dict[str, tuple[str, ...]]

    def table(self, *, scale: Literal["arena", "logit"] = "arena", anchor: tuple[str, float] | None = None) -> pd.DataFrame:
        """As :meth:`Strengths.table`, with the share of ``both_bad``."""
        return super().table(scale=scale, anchor=anchor).assign(both_bad=[share.value for share in self.both_bad])

    def bootstrap(self, *, by: Literal["vote", "rater", "item"] = "vote", draws: int = 1000) -> Resampled:
        """Strengths of resampled votes, raters or items, (draws, k) best first; see :func:`~evalkit.ratings.bootstrap.resample`."""
        if by != "vote" and by not in self.groups:
            raise InputError(f"these votes do not say the {by}: give that column")
        found = resample(self.likelihood, self.parameters, self.groups.get(by), draws=draws, seed=self.seed)
        order = np.argsort(-self.parameters[: self.likelihood.k], kind="stable")
        return Resampled(found.strengths[:, order], found.missed)


def t_quantile(level: float, degrees: float) -> float:
    """The two-sided quantile of Student's t, or of the normal law for infinite degrees."""
    return float(stats.t.ppf((1 + level) / 2, degrees) if math.isfinite(degrees) else stats.norm.ppf((1 + level) / 2))


def two_sided(z: float, degrees: float) -> float:
    """The p-value of an estimate so many standard errors from 0."""
    return float(2 * (stats.t.sf(abs(z), degrees) if math.isfinite(degrees) else stats.norm.sf(abs(z))))
