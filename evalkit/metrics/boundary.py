"""Boundary adherence: how many generated values lie where the reference has values, column by column."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gamma

from evalkit.core.sample import Table
from evalkit.metrics.table_columns import Array, ColumnValues, columns_of
from evalkit.statistics.influence import Estimate
from evalkit.statistics.shared_reference import SharedReference
from evalkit.statistics.splitting import share_variance_floor

# So many values at an end tell the power of its tail, beside so many of an equal law, whose power is 1.
_LARGEST, _OF_EQUAL_LAWS = 20, 10

_METHOD = (
    "mean over {columns} columns; delta method, the chance of the reference's extremes from its tails, of rare labels by leaving "
    "rows out; the interval is of the expectation with {n} reference and {m} generated rows"
)


def boundary_adherence(reference: Table, generated: Table) -> dict[str, float]:
    """Share of generated values that stay inside what the reference has, 0 to 1.

    For numbers, counts and moments: from its smallest to its largest value, ends included; missing values are left aside. For
    categories and booleans: among its labels, a missing value being one more label. A column without one generated value has 1 if
    the reference has none either, else 0.

    New real rows fall outside, too: of a continuous column about 2 in n, with n reference rows. Values inside need not be
    plausible: a constant has 1. A generator that repeats the reference has 1.

    Args:
        reference: 1 row or more.
        generated: of the same columns.

    Returns:
        The share by column; texts and identifiers are left aside.

    Raises:
        InputError: no column can be compared.
        SchemaError: a column is missing.
        ShapeError: a table has no rows.

    Source: the conventions of SDMetrics (BoundaryAdherence, CategoryAdherence).

    >>> import pandas as pd
    >>> from evalkit.core.schema import Column, Schema
    >>> schema = Schema(modality="table", columns=(Column(name="colour", kind="category"), Column(name="size", kind="number")))
    >>> first = Table("a", schema, pd.DataFrame({"colour": ["red", "blue"], "size": [1.0, 2.0]}))
    >>> second = Table("b", schema, pd.DataFrame({"colour": ["red", "pink"], "size": [2.0, 1.5]}))
    >>> boundary_adherence(first, second)
    {'colour': 0.5, 'size': 1.0}
    """
    return {column.name: _share(*_inside(column)) for column in columns_of(reference, generated, least_rows=1)}


@dataclass(frozen=True)
class BoundaryAdherence:
    """The mean of :func:`boundary_adherence` over the columns, with an interval.

    A generated row's influence is how often it stays inside; a reference row's is what would fall outside without it: labels that
    it alone has, and at the end of a range what is usual there. Equal laws do not give exactly 1: compare with held-out real rows.
    """

    def estimates(self, reference: Table, generated: Table, *, seed: int) -> Mapping[str, Estimate]:
        """``boundary_adherence``; no draw is involved."""
        columns = columns_of(reference, generated)
        shares, values = np.zeros(len(columns)), 0
        of_reference, of_generated, chance = np.zeros(len(reference)), np.zeros(len(generated)), list[Array]()
        for i, column in enumerate(columns):
            inside, present = _inside(column)
            shares[i] = _share(inside, present)
            values += int(present.sum())
            of_generated += (inside - shares[i] * present) / max(present.mean(), 1 / len(present)) / len(columns)
            held = _held(column)
            of_reference += held.shares * len(reference) / len(columns)
            chance.append(held.variances / len(columns) ** 2)
        method = _METHOD.format(columns=len(columns), n=len(reference), m=len(generated))
        first, second = of_reference - of_reference.mean(), of_generated - of_generated.mean()
        value = float(shares.mean())
        known = sum(float(rows.var(ddof=1)) / len(rows) for rows in (first, second))
        # As of all values together: each column by itself would add two rows outside, more than most have.
        further = max(0.0, share_variance_floor(value, max(values, 1)) - known)
        by_chance, fourth = float(np.sum(chance)), float(np.square(chance).sum())
        pair = SharedReference(by_chance, by_chance**2 / fourth if fourth > 0 else 1.0, further, squared=False)
        return {"boundary_adherence": Estimate(value, "higher", method, first, second, further, (0.0, 1.0), pair=pair)}


class _Held(NamedTuple):
    """What each reference row keeps inside, (n,).

    Attributes:
        shares: of the generated values.
        variances: of these, by the chance of the generated rows.
    """

    shares: Array
    variances: Array


def _share(inside: NDArray[np.bool_], present: NDArray[np.bool_]) -> float:
    return float(inside.sum() / present.sum()) if present.any() else float(inside.all())


def _inside(column: ColumnValues) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which generated values stay inside, and which count at all."""
    reference, generated = column.reference, column.generated
    if not column.ordered:
        return np.isin(_labels(generated), _labels(reference)), np.ones(len(generated), dtype=np.bool_)
    present, known = ~np.isnan(generated), reference[~np.isnan(reference)]
    if not len(known):
        return np.full(len(generated), not present.any()), present
    # A comparison with NaN is false.
    return (generated >= known.min()) & (generated <= known.max()), present


def _held(column: ColumnValues) -> _Held:
    """The share of generated values that each reference row keeps inside: of a single label, or of an end of the range."""
    reference, generated = column.reference, column.generated
    if not column.ordered:
        ours, theirs = _labels(reference) + 1, _labels(generated) + 1
        size = int(max(ours.max(), theirs.max())) + 1
        by_label = _of_single_labels(*(np.bincount(side, minlength=size) for side in (ours, theirs)))
        return _Held(by_label.shares[ours], by_label.variances[ours])
    held, variances = np.zeros((2, len(reference)))
    present = generated[~np.isnan(generated)]
    if not np.isnan(reference).all() and len(present):
        for sign in (1, -1):
            row = np.nanargmax(sign * reference)
            share, variance = _at_the_end(sign * reference, sign * present)
            held[row] += share
            variances[row] += variance
    return _Held(held, variances)


def _of_single_labels(ours: NDArray[np.intp], theirs: NDArray[np.intp]) -> _Held:
    """The share of generated values that each label keeps inside if the reference has it once, (labels,); from both sides' counts.

    Its square is what the variance needs. The square of a count is too large on average, by the count: k (k - 1) is right for k
    independent draws. So counts are drawn together until they differ by no more than the chances do. And of labels that may be
    missed by chance, leaving rows out counts too much: half of what labels are worth that stand twice is taken off.
    """
    once, found = ours == 1, theirs.astype(np.float64)
    if not once.any():
        return _Held(*np.zeros((2, len(ours))))
    mean, variance = float(found[once].mean()), float(found[once].var())
    spread = max(0.0, 1 - mean / variance) if variance > 0 else 0.0
    kept = mean + np.sqrt(spread) * (found - mean)
    worth, twice = (float((found * (found - 1))[counts].sum()) for counts in (once, ours == 2))
    share = max(0.5, 1 - twice / (2 * worth)) if worth > 0 else 1.0
    return _Held(once * kept * np.sqrt(share) / found.sum(), once * spread * found * share / found.sum() ** 2)


def _at_the_end(reference: Array, generated: Array) -> tuple[float, float]:
    """Standard deviation of the share of generated values beyond the largest reference value, over draws of the reference.

    Far out, the share beyond a value goes with a power of the chance that a reference value is. The power is found as Hill's
    index is, from the shares beyond the largest few; the chance beyond the largest of all is exponential. What few values say of
    a power is rough, and a power that came out small makes the deviation many times as large: so it is drawn to 1.

    Returns:
        The deviation, and its variance by the chance of how many generated values lie beyond the largest few.
    """
    largest = -np.sort(-reference[~np.isnan(reference)])[: _LARGEST + 1]
    n = len(largest) - 1
    beyond = (generated[:, None] > largest).mean(axis=0) + 0.5 / len(generated)
    power = (float(np.log(beyond[-1] / beyond[:-1]).sum()) + _OF_EQUAL_LAWS) / (n + _OF_EQUAL_LAWS)
    twice, once = gamma(1 + 2 * power), gamma(1 + power) ** 2
    share = float(beyond[-1] / (n + 1) ** power * np.sqrt(twice - once))
    # Of so many values both the number varies and, by where they lie, the power.
    slope = (twice * digamma(1 + 2 * power) - once * digamma(1 + power)) / (twice - once) - np.log(n + 1)
    of_power = float(slope * n / (n + _OF_EQUAL_LAWS)) ** 2
    return share, share**2 * (1 + of_power) / float(beyond[-1] * len(generated))


def _labels(values: Array) -> NDArray[np.intp]:
    """Whole numbers, -1 for missing."""
    return np.nan_to_num(values, nan=-1).astype(np.intp)
