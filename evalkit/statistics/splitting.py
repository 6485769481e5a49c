"""What a known variance makes of the rows' influences, and the variance of what was learned."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from evalkit.core.seeds import generator

Array = NDArray[np.float64]
Rows = NDArray[np.intp]


def learning_influences(figure: Callable[[Rows], tuple[float, Array]], rows: Rows, n: int, *, seed: int, splits: int) -> Array:
    """How far rows that a model learned from move its figure on others, as disjoint halves of them tell.

    Half the squared difference of two halves' figures, less what it owes to the rows that both models were asked about, is the
    variance at half size; at full size it is half of that or less, since better models differ less. The mean over the splits is
    shared out to rows by how much higher the figures were where they lay. Few splits may show less than the asked rows owe: half of
    what they show is kept.

    Args:
        figure: of a model that learned from these rows, with the influences, mean 0, of the rows that it was asked about, the same
            for every model; called twice a split.
        rows: those that the model learned from.
        n: all rows of the sample.
        seed: of the splits.
        splits: >= 1; the variance is known as roughly as that of so many draws.

    Returns:
        (n,) influences with mean 0 that add up to this variance; all 0 where no two halves differ.

    >>> values = np.random.default_rng(0).normal(size=400)
    >>> moved = learning_influences(lambda rows: (values[rows].mean(), np.zeros(2)), np.arange(400), 400, seed=0, splits=50)
    >>> bool(0.5 < moved.var() < 2)
    True
    """
    draws, moved, shown, of_asked = generator(seed, "learning halves"), np.zeros(n), 0.0, 0.0
    for _ in range(splits):
        halves = np.array_split(rows[draws.permutation(len(rows))], 2)
        (first, of_first), (second, of_second) = map(figure, halves)
        moved[halves[0]] += first - second
        moved[halves[1]] -= first - second
        shown += (first - second) ** 2 / splits
        of_asked += float((of_first - of_second).var(ddof=1)) / len(of_first) / splits
    moved -= moved.mean()
    has = float(moved.var(ddof=1)) / n
    return moved * math.sqrt(max(shown - of_asked, shown / 2) / 4 / has) if has > 0 else moved


def share_variance_floor(share: float, n: float) -> float:
    """The least variance that is believed of a share of n rows: binomial, with two rows of either kind added.

    Source: Agresti and Coull, The American Statistician 52 (1998).

    >>> round(share_variance_floor(1.0, 96), 6)
    0.000196
    """
    moved = (share * n + 2) / (n + 4)
    return moved * (1 - moved) / (n + 4)


def calibrated(own: Array, across: Array, variance: float) -> tuple[Array, Array, float]:
    """Influences scaled so that, with what is returned as further, they add up to a variance that is known from elsewhere.

    Args:
        own: (n,) of the rows that the figure is a mean over, mean 0. They are trusted as far as the variance allows.
        across: (m,) of the other sample's rows, mean 0: only their proportions are used.
        variance: of the figure.

    Returns:
        Both, scaled, and the variance that is left over where ``across`` is all 0.

    >>> own, across, further = calibrated(np.array([-1.0, 1.0]), np.array([-1.0, 1.0]), 3.0)
    >>> own.tolist(), across.round(3).tolist(), further
    ([-1.0, 1.0], [-1.414, 1.414], 0.0)
    """
    has, offers = (float(rows.var(ddof=1)) / len(rows) for rows in (own, across))
    if has >= variance:
        return own * math.sqrt(variance / has) if has > 0 else own, 0 * across, 0.0
    if offers == 0:
        return own, across, variance - has
    return own, across * math.sqrt((variance - has) / offers), 0.0


def scaled(first: Array, second: Array, variance: float) -> tuple[Array, Array, float]:
    """Both sides' influences by one factor, so that with what is returned as further they add up to a variance that is known.

    For figures whose two samples weigh alike, such as the largest difference of two shares.

    Args:
        first: (n,) influences, mean 0.
        second: (m,) likewise.
        variance: of the figure.

    Returns:
        Both, scaled, and the variance where both are all 0.

    >>> rows = np.array([-1.0, 1.0])
    >>> scaled(rows, rows, 0.5)[0].round(3).tolist()
    [-0.5, 0.5]
    """
    has = sum(float(rows.var(ddof=1)) / len(rows) for rows in (first, second))
    if has == 0:
        return first, second, variance
    factor = math.sqrt(variance / has)
    return first * factor, second * factor, 0.0
