"""May we stop asking? Win rates that can be looked at after every vote."""

import math
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.core.errors import InputError, SchemaError, UndefinedError
from evalkit.ratings.comparisons import BOTH_BAD, LEFT, RIGHT, Comparisons
from evalkit.statistics.e_values import anytime_mean_interval, anytime_proportion_interval, mean_log_e_values, share_log_e_values

Array = NDArray[np.float64]


class Watched(NamedTuple):
    """A win rate under watch.

    Attributes:
        value: the win rate of the first so far.
        low, high: its interval, which holds at all times at once.
        e_value: evidence against "equally good"; it is decided from 1 / alpha on.
        p_value: anytime-valid: 1 over the largest e-value so far.
        decided_after: how many votes (or raters) it took, None while undecided.
        n: votes (or raters) so far that count.
        decision: in words.
    """

    value: float
    low: float
    high: float
    e_value: float
    p_value: float
    decided_after: int | None
    n: int
    decision: str


def watch(
    votes: Comparisons | pd.DataFrame, first: str, second: str, *, by: Literal["vote", "rater"] = "vote", alpha: float = 0.05
) -> Watched:
    """How often ``first`` wins against ``second``, and whether one may stop: as often as one likes, after any vote.

    If both are equally good, the chance that this ever says otherwise is at most alpha. Votes that prefer neither are left out.

    Args:
        votes: in the order in which they came, see :meth:`Comparisons.of`.
        first: generator whose win rate is watched.
        second: its opponent.
        by: ``"vote"``: every vote counts, which is right if raters have no tastes of their own, or cast one vote each. ``"rater"``:
            each rater counts once, with the share of votes for ``first`` (ties as half, ``both_bad`` left out), when all of that
            rater's votes are in: always right, and slower.
        alpha: accepted chance of a false decision, 0 < alpha < 1.

    Raises:
        UndefinedError: no vote between the two counts.

    >>> votes = pd.DataFrame({"left": ["a", "b"] * 10, "right": ["b", "a"] * 10, "outcome": ["left", "right"] * 10})
    >>> watch(votes, "a", "b").decided_after
    7
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha must lie between 0 and 1, got {alpha}")
    read = Comparisons.of(votes)
    won, rater = _scores(read, first, second)
    if by == "rater":
        if rater is None:
            raise SchemaError("watching by rater needs a column 'rater'")
        values = np.asarray(pd.Series(won).groupby(rater, sort=False).mean(), dtype=np.float64)
    else:
        values = won[won != 0.5]
    if len(values) == 0:
        raise UndefinedError(f"no vote prefers {first!r} or {second!r} over the other yet")
    wins = np.cumsum(values, dtype=np.float64)
    if by == "rater":
        logs, interval = mean_log_e_values(values), anytime_mean_interval(values, level=1 - alpha)
    else:
        logs = share_log_e_values(wins, np.arange(1.0, len(values) + 1))
        interval = anytime_proportion_interval(int(wins[-1]), len(values), level=1 - alpha)
    return _told(first, second, logs, interval, alpha)


def _scores(read: Comparisons, first: str, second: str) -> tuple[Array, NDArray[np.int64] | None]:
    """(n,) 1 where the first won, 0 where the second did, 1/2 for a tie; and who voted."""
    for name in (first, second):
        if name not in read.generators:
            raise InputError(f"there is no generator {name!r} among the votes")
    i, j = (read.generators.index(name) for name in (first, second))
    straight = (read.left == i) & (read.right == j)
    chosen = (straight | ((read.left == j) & (read.right == i))) & (read.outcome != BOTH_BAD)
    won = np.where(read.outcome == LEFT, 1.0, np.where(read.outcome == RIGHT, 0.0, 0.5))
    won = np.where(straight, won, 1 - won)[chosen]
    return won, None if read.rater is None else read.rater[chosen]


def _told(first: str, second: str, logs: Array, interval: tuple[float, float, float], alpha: float) -> Watched:
    over = np.flatnonzero(logs >= math.log(1 / alpha))
    value, low, high = interval
    decided = int(over[0]) + 1 if len(over) else None
    better, worse = (first, second) if value > 0.5 else (second, first)
    said = f"stop: {better} is better than {worse}" if decided else "go on, or stop without a decision"
    return Watched(
        value,
        low,
        high,
        float(np.exp(min(logs[-1], 700.0))),
        float(min(1.0, np.exp(-max(logs.max(), 0.0)))),
        decided,
        len(logs),
        said,
    )
