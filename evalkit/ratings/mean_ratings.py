"""Ratings on a scale, one output at a time: each generator's mean opinion, with errors by raters and items."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from evalkit.core.errors import InputError, SchemaError, ShapeError
from evalkit.ratings.errors_of import METHODS, Covariance, Errors, covariance, kind_of, resting_on
from evalkit.ratings.ranking import Leaderboard
from evalkit.statistics.intervals import Interval
from evalkit.statistics.sandwich import groups_of

Array = NDArray[np.float64]

# Of so many groups a mean's own variance is as much as believed.
_FEW = 10


@dataclass(frozen=True, eq=False)
class MeanRatings(Leaderboard):
    """Generators by the mean of their ratings.

    Means take the points of a scale as equally far apart. They are of these raters and items: compare generators that were rated by
    the same ones, or at random.

    Attributes:
        scale: the lowest and the highest point; intervals end there.
    """

    scale: tuple[float, float]

    FIGURE: ClassVar[str] = "mean"
    EVIDENCE: ClassVar[str] = "mean rating"

    def intervals(self) -> list[Interval]:
        """Each mean with its interval, within the scale."""
        return [Interval(*np.clip(each, *self.scale).tolist()) for each in super().intervals()]


def mean_ratings(
    ratings: pd.DataFrame, *, scale: tuple[float, float], errors: Errors = "auto", level: float = 0.95, seed: int = 0
) -> MeanRatings:
    """How generators are rated on a scale.

    Every rating counts alike; that raters are strict or lenient and items easy or hard goes into the errors, which rest on a
    generator's own raters and items. A generator with nearly all ratings alike would seem known exactly: its variance is at least
    that of two ratings, added to the others, that are one point off, and with few ratings nearly that of the other generators.

    Args:
        ratings: a line a rating, with ``generator``, ``value``, and, where they are known, ``rater`` and ``item``.
        scale: the lowest and the highest point.
        errors: what is independent; see :func:`evalkit.ratings.rank`.
        level: of the intervals, 0 < level < 1.
        seed: of the draws behind ranks.

    Raises:
        SchemaError: a column is missing.
        ShapeError: there are no ratings.
        InputError: a rating is not on the scale, or a generator has fewer than two independent ones.

    >>> given = pd.DataFrame({"generator": list("aabb"), "value": [4, 5, 2, 3]})
    >>> mean_ratings(given, scale=(1, 5)).table()[["generator", "mean"]].values.tolist()
    [['a', 4.5], ['b', 2.5]]
    """
    values = _checked(ratings, scale, level)
    names, codes = np.unique(ratings["generator"].astype(str).to_numpy(dtype=object), return_inverse=True)
    n, k = len(values), len(names)
    counts = np.bincount(codes, minlength=k).astype(np.float64)
    means = np.bincount(codes, weights=values, minlength=k) / counts
    groups = {name: groups_of(ratings[name].astype(str).tolist()) for name in ("rater", "item") if name in ratings}
    kind = kind_of(errors, groups)
    own = _independent(codes, counts, groups, kind)
    if (few := own < 2 - 1e-9).any():
        raise InputError(
            f"{names[np.argmax(few)]} has too few independent ratings to say how they vary: collect more, or leave it out"
        )
    bread = np.diag(1 / counts)
    scores = sparse.csr_array((values - means[codes], (np.arange(n), codes)), shape=(n, k))
    found = covariance(bread, scores, np.ones(n), groups, "independent" if kind == "model" else kind)
    used, degrees = _of_few(found, own, ((values - means[codes]) ** 2).sum() / max(n - k, 1) / counts)
    order = np.argsort(-means, kind="stable")
    return MeanRatings(
        generators=tuple(str(names[i]) for i in order),
        values=means[order],
        covariance=used[np.ix_(order, order)],
        degrees=degrees,
        votes_of=counts[order],
        n_votes=float(n),
        method=f"mean of ratings, {METHODS[kind]}",
        notes=tuple(resting_on(kind, groups, degrees)),
        settings={"scale": list(scale), "errors": kind, "level": level},
        level=level,
        seed=seed,
        scale=scale,
    )


def _checked(ratings: pd.DataFrame, scale: tuple[float, float], level: float) -> Array:
    if missing := [name for name in ("generator", "value") if name not in ratings]:
        raise SchemaError(f"ratings need the columns generator and value, {missing[0]} is missing: add it")
    if not len(ratings):
        raise ShapeError("there are no ratings")
    if not 0 < level < 1 or not scale[0] < scale[1]:
        raise InputError(f"the level must lie between 0 and 1 and the scale must rise, got {level} and {scale}")
    values = pd.to_numeric(ratings["value"], errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~((values >= scale[0]) & (values <= scale[1]))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(f"rating {row} (counted from 0) is not between {scale[0]:g} and {scale[1]:g}: correct it")
    return values


def _independent(codes: NDArray[np.int64], counts: Array, groups: dict[str, NDArray[np.int64]], kind: str) -> Array:
    """(k,) of how many equally large groups of ratings each mean is: raters or items, whichever are fewer; else single ratings."""
    own = counts
    for name, of in groups.items():
        if kind in (name, "both"):
            together, sizes = np.unique(np.stack([codes, of]), axis=1, return_counts=True)
            squares = np.bincount(together[0], weights=sizes.astype(np.float64) ** 2, minlength=len(counts))
            own = np.minimum(own, counts**2 / squares)
    return own


def _of_few(found: Covariance, own: Array, pooled: Array) -> tuple[Array, float]:
    """The covariance, and its degrees of freedom, where each mean rests on few ratings of its own.

    The errors were enlarged for as many groups as there are among all ratings; a generator's own are fewer. And few ratings may by
    chance be alike: then the other generators' variance says how far they vary, and one point of the scale.
    """
    all_groups = found.degrees + 1
    already = all_groups / (all_groups - 1) if math.isfinite(all_groups) and all_groups > 1 else 1.0
    enlarged = np.sqrt(np.maximum(own / (own - 1) / already, 1.0))
    used = found.used * enlarged[:, None] * enlarged
    share = 2 / (own + 4)
    floor = np.maximum(share * (1 - share) / (own + 4), pooled * np.minimum(1.0, _FEW / own))
    used = used + np.diag(np.maximum(floor - np.diag(used), 0.0))
    return used, min(found.degrees, float(own.min()) - 1)
