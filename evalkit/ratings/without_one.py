"""Does the ranking hang on one rater, or on one item?"""

from typing import Literal

import numpy as np
import pandas as pd

from evalkit.core.errors import InputError
from evalkit.ratings.ranking import Ranking
from evalkit.ratings.refits import refits

_ENTRIES = 1_500_000


def without_one(ranking: Ranking, *, by: Literal["rater", "item"] = "rater") -> pd.DataFrame:
    """The ranking without each rater (or item) in turn, the one that moves it most first.

    Args:
        ranking: of votes that say the rater (or item).
        by: what is left out.

    Returns:
        ``rater`` (or ``item``); ``votes``; ``first``: who leads without it, missing where there is then no finite estimate;
        ``first_changes``; ``largest_change``: of any strength, in logits; ``places_changed``: generators whose place changes.

    >>> votes = pd.DataFrame({"left": list("ababab"), "right": list("bababa"), "rater": list("xxyyzz")})
    >>> votes["outcome"] = ["left", "right", "right", "tie", "left", "tie"]
    >>> from evalkit.ratings import rank
    >>> without_one(rank(votes, position=False))["rater"].tolist()
    ['y', 'x', 'z']
    """
    if by not in ranking.groups:
        raise InputError(f"these votes do not say the {by}: give that column")
    likelihood, groups, names = ranking.likelihood, ranking.groups[by], ranking.group_names[by]
    cells, k, n = likelihood.cells, likelihood.k, len(names)
    order, step = np.argsort(groups, kind="stable"), max(1, _ENTRIES // len(cells.left))
    ends = np.searchsorted(groups[order], np.arange(n + 1))
    fitted = []
    for start in range(0, n, step):
        counts = np.repeat(cells.counts[:, :, None], min(step, n - start), axis=2)
        for i in range(counts.shape[2]):
            own = order[ends[start + i] : ends[start + i + 1]]
            np.subtract.at(counts[:, :, i], (cells.outcome[own], cells.cell[own]), cells.weight[own])
        # What is left of a cell after its last vote is rounding.
        counts[counts < 1e-9 * cells.counts[:, :, None]] = 0.0
        fitted.append(refits(likelihood, ranking.parameters, counts)[:k])
    strengths = np.concatenate(fitted, axis=1).T
    there = np.asarray(np.isfinite(strengths).all(axis=1))
    own_places = np.argsort(np.argsort(-ranking.parameters[:k], kind="stable"))
    places = np.argsort(np.argsort(-np.where(there[:, None], strengths, 0.0), axis=1, kind="stable"), axis=1)
    by_name = np.array(sorted(ranking.generators), dtype=object)
    leads = by_name[np.argmin(places, axis=1)]
    table = pd.DataFrame(
        {
            by: names,
            "votes": np.bincount(groups, weights=cells.weight, minlength=n),
            "first": np.where(there, leads, None),
            "first_changes": np.where(there, leads != ranking.generators[0], True),
            "largest_change": np.where(there, np.abs(strengths - ranking.parameters[:k]).max(axis=1), np.inf),
            "places_changed": np.where(there, (places != own_places).sum(axis=1), k),
        }
    )
    return table.sort_values("largest_change", ascending=False, kind="stable", ignore_index=True)
