"""How many votes to ask for, and of how many raters and items."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from evalkit.core.errors import InputError, SchemaError, UndefinedError
from evalkit.ratings.comparisons import BOTH_BAD, LEFT, RIGHT, Comparisons

Array = NDArray[np.float64]


def votes_needed(win_rate: float, *, power: float = 0.8, alpha: float = 0.05, tie_share: float = 0.0) -> int:
    """Votes between two generators after which a test of fixed n finds the better with this chance.

    For independent votes: a lower bound where raters or items have tastes of their own (:func:`plan`). Looking at the result before
    all votes are in voids the test; :func:`~evalkit.ratings.sequential.watch` allows it, for some more votes.

    Args:
        win_rate: of the better one where one is preferred, 0 < win_rate < 1, not 1/2.
        power: chance to find it.
        alpha: two-sided level.
        tie_share: of votes that prefer neither, 0 <= tie_share < 1.

    >>> votes_needed(0.6)
    194
    """
    _check(power, alpha)
    if not 0 < win_rate < 1 or win_rate == 0.5 or not 0 <= tie_share < 1:
        raise InputError(
            f"a plan needs a win rate in 0 … 1 other than 1/2 and a share of ties below 1, got {win_rate} and {tie_share}"
        )
    null, found = stats.norm.ppf(1 - alpha / 2) / 2, stats.norm.ppf(power) * math.sqrt(win_rate * (1 - win_rate))
    return math.ceil(float(((null + found) / (win_rate - 0.5)) ** 2 / (1 - tie_share)) - 1e-9)


def votes_for_ranking(generators: int, win_rate: float, *, power: float = 0.8, alpha: float = 0.05, tie_share: float = 0.0) -> int:
    """Votes on a whole board, all pairs shown alike, after which two neighbours this far apart are told apart with this chance.

    All pairs are compared at once with a false difference in at most ``alpha`` of boards (Tukey). For independent votes between
    generators of like strength.

    Args:
        generators: >= 2.
        win_rate: of the better of two neighbours where one is preferred, not 1/2.
        power: chance to tell them apart.
        alpha: chance of any false difference.
        tie_share: of votes that prefer neither.

    >>> votes_for_ranking(2, 0.6), votes_for_ranking(10, 0.6)
    (191, 3513)
    """
    _check(power, alpha)
    if generators < 2 or not 0 < win_rate < 1 or win_rate == 0.5 or not 0 <= tie_share < 1:
        raise InputError(f"a plan needs two generators or more and a win rate other than 1/2, got {generators} and {win_rate}")
    gap = math.log(win_rate / (1 - win_rate))
    reach = float(stats.studentized_range.ppf(1 - alpha, generators, np.inf)) / math.sqrt(2) + float(stats.norm.ppf(power))
    # A vote between equals tells (1 - ties) / 4 of their difference; through others each pair learns from all.
    return math.ceil((generators - 1) * reach**2 / ((1 - tie_share) / 4 * gap**2))


class Components(NamedTuple):
    """What makes votes between two generators differ, as variances of a vote counted 0, 1/2 or 1.

    Attributes:
        rater: raters prefer differently, whatever the item.
        item: the items favour one or the other, whoever judges.
        rest: everything else, from vote to vote.
    """

    rater: float
    item: float
    rest: float

    def standard_error(self, votes: float, raters: float, items: float) -> float:
        """Of a win rate from so many votes, spread evenly over raters and items."""
        return math.sqrt(self.rater / raters + self.item / items + self.rest / votes)


def components(votes: Comparisons | pd.DataFrame) -> Components:
    """Variance components of a pilot, from products of votes that share a rater, an item, or neither.

    For any pattern of who judged what, pooled over pairs; rough below some hundred votes. Negative estimates are set to 0.

    Args:
        votes: see :meth:`Comparisons.of`, with ``rater`` and ``item``; ``both_bad`` is left out, weights are not used.

    Raises:
        UndefinedError: no two votes on a pair share a rater but no item, or an item but no rater, or neither.

    Source: Henderson's method for crossed effects as symmetric sums; Koch, Technometrics 9 (1967).

    >>> votes = pd.DataFrame({"left": "a", "right": "b", "outcome": ["left", "left", "right", "right"] * 2})
    >>> components(votes.assign(rater=[0, 0, 1, 1, 2, 2, 3, 3], item=[0, 1] * 4)).item
    0.0
    """
    read = Comparisons.of(votes)
    if read.rater is None or read.item is None:
        raise SchemaError("variance components need columns 'rater' and 'item'")
    chosen = read.outcome != BOTH_BAD
    low, high = np.minimum(read.left, read.right), np.maximum(read.left, read.right)
    won = np.where(read.outcome == LEFT, 1.0, np.where(read.outcome == RIGHT, 0.0, 0.5))
    # About one half, so that nothing depends on which of a pair is named first.
    won = np.where(read.left == low, won, 1 - won) - 0.5
    keys = {"pair": low * len(read.generators) + high, "rater": read.rater, "item": read.item}
    frame = pd.DataFrame(keys | {"won": won})[chosen]
    return _from_products(frame)


def plan(found: Components, win_rate: float, *, raters: int, items: int, power: float = 0.8, alpha: float = 0.05) -> int:
    """Votes between two generators that find this win rate with so many raters and items.

    Args:
        found: of a pilot, :func:`components`.
        win_rate: counted with ties as half, not 1/2.
        raters: among whom the votes are spread evenly, >= 2.
        items: likewise.
        power: chance to find it.
        alpha: two-sided level.

    Raises:
        UndefinedError: no number of votes suffices; the sentence says how many raters or items would.

    >>> plan(Components(0.0, 0.0, 0.25), 0.6, raters=20, items=20)
    197
    """
    _check(power, alpha)
    if raters < 2 or items < 2 or not 0 < win_rate < 1 or win_rate == 0.5:
        raise InputError(
            f"a plan needs two raters and items or more and a win rate other than 1/2, got {raters}, {items}, {win_rate}"
        )
    allowed = ((win_rate - 0.5) / float(stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power))) ** 2
    left = allowed - found.rater / raters - found.item / items
    if left <= 0:
        share = {"raters": found.rater / raters, "items": found.item / items}
        short = max(share, key=lambda name: share[name])
        room = allowed - (share["items"] if short == "raters" else share["raters"])
        component = found.rater if short == "raters" else found.item
        more = f"more than {math.floor(component / room)} {short}" if room > 0 else "more raters and more items"
        raise UndefinedError(f"no number of votes of {raters} raters on {items} items suffices: it needs {more}")
    return math.ceil(found.rest / left - 1e-9)


def _from_products(frame: pd.DataFrame) -> Components:
    pairs = {name: _products(frame, by) for name, by in _SHARED.items()}
    both = pairs["both"]
    rater, item = pairs["rater"] - both, pairs["item"] - both
    neither = pairs["any"] - pairs["rater"] - pairs["item"] + both
    usable = neither["count"] > 0
    mean_square = (neither["sum"] / neither["count"].where(usable)).fillna(0.0)
    variances = []
    for part in (rater, item):
        count = part["count"][usable].sum()
        if count <= 0:
            raise UndefinedError(
                "a pilot must have votes on one pair by one rater on several items, and by several raters on one item"
            )
        variances.append(float((part["sum"] - part["count"] * mean_square)[usable].sum() / count))
    used = frame[frame["pair"].isin(usable.index[usable])]
    whole = float((used["won"] ** 2 - used["pair"].map(mean_square)).mean())
    of_rater, of_item = (max(0.0, each) for each in variances)
    return Components(of_rater, of_item, max(0.0, whole - of_rater - of_item))


_SHARED = {"any": ["pair"], "rater": ["pair", "rater"], "item": ["pair", "item"], "both": ["pair", "rater", "item"]}


def _products(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """By pair of generators: how many ordered pairs of votes share these, and the sum of their products."""
    grouped = frame.groupby(by)["won"]
    size, total = grouped.size(), grouped.sum()
    sums = pd.DataFrame({"count": size * (size - 1), "sum": total**2}).groupby("pair").sum()
    sums["sum"] -= (frame["won"] ** 2).groupby(frame["pair"]).sum()
    return sums.astype(float)


def _check(power: float, alpha: float) -> None:
    if not 0 < power < 1 or not 0 < alpha < 1:
        raise InputError(f"power and alpha must lie between 0 and 1, got {power} and {alpha}")
