"""Who votes how: agreement with the others and with gold, speed, and a leaning to one side."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.core.errors import InputError, SchemaError
from evalkit.ratings.comparisons import LEFT, OUTCOMES, RIGHT, Comparisons
from evalkit.statistics.exact import binomial_test
from evalkit.statistics.intervals import proportion_interval
from evalkit.statistics.multiplicity import holm

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


def rater_report(votes: pd.DataFrame, *, floor: float = 2.0) -> pd.DataFrame:
    """One line a rater, the one with the most votes first. It points at raters to look at; it proves no bad faith.

    Args:
        votes: see :meth:`Comparisons.of`, with ``rater``; further columns where there are such: ``seconds`` that a vote took,
            ``gold``, the outcome that is known to be right (of ``OUTCOMES``, as the pair was shown; empty for ordinary votes).
        floor: seconds below which nobody can have looked, > 0.

    Returns:
        ``rater``, ``votes``.
        ``agreement``: share of others' votes on the same pair and item that say the same, mean over the votes that others share;
        ``shared``: how many these are.
        ``gold``, ``gold_low``, ``gold_high``: share of gold votes that are right with its exact interval; ``gold_votes``.
        ``median_seconds``; ``under_floor``: share of votes below the floor.
        ``left``: share of left among votes for a side; ``left_p_value``: of no leaning, exact, corrected (Holm) over raters.
        What there is nothing to say about is missing (NaN).

    Raises:
        SchemaError: votes do not say who cast them.

    >>> votes = pd.DataFrame({"left": ["a"] * 3, "right": ["b"] * 3, "outcome": ["left", "left", "tie"], "rater": list("xyz")})
    >>> rater_report(votes)[["rater", "agreement"]].values.tolist()
    [['x', 0.5], ['y', 0.5], ['z', 0.0]]
    """
    read = Comparisons.of(votes)
    if read.rater is None:
        raise SchemaError("a report on raters needs a column 'rater'")
    if not floor > 0:
        raise InputError(f"the floor must be above 0 seconds, got {floor}")
    n = len(read.raters)
    columns: dict[str, Any] = {"rater": read.raters, "votes": np.bincount(read.rater, minlength=n)}
    columns |= (
        _agreement(read, read.rater, n)
        | _gold(votes, read, read.rater, n)
        | _speed(votes, read.rater, n, floor)
        | _side(read, read.rater, n)
    )
    report = pd.DataFrame(columns)
    return report.sort_values("votes", ascending=False, kind="stable", ignore_index=True)


def _agreement(read: Comparisons, rater: Codes, n: int) -> dict[str, NDArray[Any]]:
    said = read.preferences().assign(rater=rater)
    one = pd.Series(1, index=said.index)
    in_unit, own, alike, own_alike = (
        one.groupby([said[name] for name in names]).transform("size").to_numpy()
        for names in (["unit"], ["unit", "rater"], ["unit", "label"], ["unit", "label", "rater"])
    )
    shared = in_unit > own
    share = (alike - own_alike)[shared] / (in_unit - own)[shared]
    counts = np.bincount(rater[shared], minlength=n)
    return {"agreement": _over(np.bincount(rater[shared], weights=share, minlength=n), counts), "shared": counts}


def _gold(votes: pd.DataFrame, read: Comparisons, rater: Codes, n: int) -> dict[str, NDArray[Any]]:
    right, counts = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    if "gold" in votes:
        known = votes["gold"].notna().to_numpy()
        expected = votes["gold"].map({name: i for i, name in enumerate(OUTCOMES)}).to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isnan(expected[known]).any():
            place = int(np.flatnonzero(known)[np.argmax(np.isnan(expected[known]))])
            raise InputError(f"gold of vote {place} (counted from 0) must be one of {', '.join(OUTCOMES)}, or empty")
        counts = np.bincount(rater[known], minlength=n)
        right = np.bincount(rater[known], weights=(expected == read.outcome)[known], minlength=n).astype(np.int64)
    ends = [proportion_interval(int(a), int(b)) if b else (np.nan,) * 3 for a, b in zip(right, counts, strict=True)]
    value, low, high = np.array(ends).T
    return {"gold": value, "gold_low": low, "gold_high": high, "gold_votes": counts}


def _speed(votes: pd.DataFrame, rater: Codes, n: int, floor: float) -> dict[str, NDArray[Any]]:
    if "seconds" not in votes:
        return {"median_seconds": np.full(n, np.nan), "under_floor": np.full(n, np.nan)}
    seconds = pd.Series(pd.to_numeric(votes["seconds"], errors="coerce").to_numpy(dtype=np.float64))
    of_rater = seconds.groupby(rater)
    under = (seconds < floor).where(seconds.notna()).astype(float).groupby(rater)
    places = np.arange(n)
    return {"median_seconds": of_rater.median().reindex(places).to_numpy(), "under_floor": under.mean().reindex(places).to_numpy()}


def _side(read: Comparisons, rater: Codes, n: int) -> dict[str, NDArray[Any]]:
    left, right = (np.bincount(rater[read.outcome == side], minlength=n) for side in (LEFT, RIGHT))
    decided = left + right
    p_values = np.full(n, np.nan)
    some = decided > 0
    p_values[some] = holm(np.array([binomial_test(int(a), int(b)) for a, b in zip(left[some], decided[some], strict=True)]))
    return {"left": _over(left, decided), "left_p_value": p_values}


def _over(sums: NDArray[Any], counts: NDArray[Any]) -> Array:
    return np.asarray(np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0))
