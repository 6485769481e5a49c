"""Giveaways in labels: categories that the reference never has, and those that the generator has lost."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from evalkit.core.seeds import generator
from evalkit.discriminator.giveaways.giveaway import Giveaway, share
from evalkit.statistics import proportion_interval

Counts = NDArray[np.int64]

_MANY_CATEGORIES, _DEALS = 200, 9999


def category_giveaways(column: str, reference: pd.Series, generated: pd.Series, *, seed: int) -> tuple[Giveaway, ...]:
    """New and lost categories, against what chance makes new or lost when all values are dealt to the samples anew.

    Rare categories are always new or lost in some rows. Two exact tests are made, of how many values are in such categories (by
    drawn deals) and of how large the largest such category is (by its chance); the p-value is twice the smaller one. None for a
    column that is empty in a sample.

    Args:
        column: its name.
        reference: its labels; missing ones are left aside.
        generated: likewise.
        seed: of the permutations.

    >>> real, drawn = pd.Series(["a"] * 60 + ["b"] * 40), pd.Series(["a"] * 100)
    >>> new, lost = category_giveaways("kind", real, drawn, seed=0)
    >>> new.p_value, lost.reference, lost.p_value < 1e-12
    (1.0, 0.4, True)
    """
    reference, generated = reference.dropna(), generated.dropna()
    if len(reference) == 0 or len(generated) == 0:
        return ()
    real = reference.value_counts()
    labels = sorted(set(real.index) | set(generated))
    if len(labels) == 1:
        return ()
    counts = real.reindex(labels, fill_value=0).to_numpy(np.int64)
    drawn = generated.value_counts().reindex(labels, fill_value=0).to_numpy(np.int64)
    n, new, lost = len(generated), drawn[counts == 0], counts[drawn == 0]
    p_new = _p_value(new, counts + drawn, len(reference), generator(seed, "new categories", column))
    p_lost = _p_value(lost, counts + drawn, n, generator(seed, "lost categories", column))
    found, gone = proportion_interval(int(new.sum()), n), float(lost.sum() / len(reference))
    of_new = f"{column!r} has {len(new)} categories that the reference never has, in {share(found.value)} of the generated values."
    of_lost = f"{column!r} has lost {len(lost)} categories, which {share(gone)} of the values of the reference have."
    none = proportion_interval(0, n)
    return (
        Giveaway("new categories", column, *found, 0.0, p_new, of_new),
        Giveaway("lost categories", column, *none, gone, p_lost, of_lost),
    )


def _p_value(absent: Counts, together: Counts, size: int, draws: np.random.Generator) -> float:
    """Of the sizes of categories that are absent from a sample of this size."""
    if len(absent) == 0:
        return 1.0
    deals = draws.multivariate_hypergeometric(together, size, size=_DEALS if len(together) <= _MANY_CATEGORIES else _DEALS // 5)
    by_chance = np.where(deals == 0, together, 0).sum(axis=1)
    of_many = float((1 + (by_chance >= absent.sum()).sum()) / (len(deals) + 1))
    large = together[together >= absent.max()]
    of_largest = float(stats.hypergeom.pmf(0, together.sum(), large, size).sum())
    return min(1.0, 2 * of_many, 2 * of_largest)
