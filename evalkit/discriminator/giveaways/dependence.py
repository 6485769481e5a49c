"""Giveaways in pairs of columns: which do not hang together as they do in the reference?"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from evalkit.core.sample import Table
from evalkit.discriminator.giveaways.giveaway import Giveaway
from evalkit.discriminator.halves import Half, copies_of, halves
from evalkit.metrics.correlations import all_correlations, correlation, spread_out
from evalkit.metrics.table_columns import LABELLED, ORDERED, ColumnValues, columns_of
from evalkit.statistics.influence import Estimate

Array = NDArray[np.float64]
Groups = NDArray[np.intp]

_CHOSEN, _FEWEST_HELD_OUT = 10, 50
# A column that so many pairs have in common is what is wrong with them; so many others are told with their figures.
_IN_COMMON, _TOLD = 3, 3
_MOST_LABELS, _FREQUENT = 8, 25
# Of a boolean, which is a number here, one of the two says all.
_YES, _NO = 1.0, 0.0
# The variance of correlations that no row moves, but for rounding; and what Fisher's transform is defined for.
_ROUNDING, _NEARLY_ONE = 1e-18, 1 - 1e-9


@dataclass(frozen=True, eq=False)
class _Trait:
    """What has a rank in each row: an ordered column's value, or whether a label stands there.

    Attributes:
        column: whose.
        words: how it is called.
        reference: (n,) NaN = missing.
        generated: (m,) likewise.
    """

    column: str
    words: str
    reference: Array
    generated: Array

    def ranks(self, rows: Half) -> tuple[Array, Array]:
        """Of these rows, each within its own sample: what is wrong with a column alone moves none of them."""
        return _ranks(self.reference[rows.reference]), _ranks(self.generated[rows.generated])


@dataclass(frozen=True)
class Dependence(Giveaway):
    """That of a pair of columns.

    Attributes:
        pair: their names.
    """

    pair: tuple[str, str] = field(kw_only=True)

    def other(self, column: str) -> str:
        """The column beside this one."""
        first, second = self.pair
        return second if column == first else first


def dependence_giveaways(reference: Table, generated: Table, *, seed: int) -> Iterator[Dependence]:
    """Rank correlations of two columns in both tables, for the pairs in which they differ most.

    Of labels each frequent one has its turn: whether it stands there. The ten pairs are chosen on one half of the rows; figures and
    p-values come from the other half, so that the choice does not bend them. Rows that are equal lie in one half, and count as one
    finding. Nothing is told with fewer than 50 rows a side in that half, nor of a dependence that goes neither up nor down.

    Args:
        reference: real rows, 10 or more. Texts and identifiers are left aside.
        generated: of the same columns, 10 or more.
        seed: of the halves.
    """
    if sum(column.kind in ORDERED | LABELLED for column in reference.schema.columns) < 2:
        return
    columns = columns_of(reference, generated)
    cells = [np.column_stack(side) for side in zip(*((column.reference, column.generated) for column in columns), strict=True)]
    learning, held_out = halves(*cells, seed=seed)
    traits = [trait for column in columns for trait in _traits(column, reference.frame, generated.frame)]
    if not traits or min(map(len, held_out)) < _FEWEST_HELD_OUT:
        return
    copies = copies_of(cells[0][held_out.reference]), copies_of(cells[1][held_out.generated])
    for one, other in _chosen(traits, learning):
        found = _compared(one, other, held_out, copies)
        if found is not None:
            yield found


def _traits(column: ColumnValues, reference: pd.DataFrame, generated: pd.DataFrame) -> Iterator[_Trait]:
    """The column itself, or its labels that stand in 25 rows of either side, the most frequent eight; of a boolean, yes."""
    name = repr(column.name)
    if column.ordered:
        yield _Trait(column.name, name, column.reference, column.generated)
        return
    sides = reference[column.name], generated[column.name]
    counts = pd.concat([side.value_counts() for side in sides], axis=1).min(axis=1, skipna=False)
    frequent = counts[(counts >= _FREQUENT) & (counts.index != _NO)].sort_index().sort_values(ascending=False, kind="stable")
    for label in frequent.index[:_MOST_LABELS]:
        there = ((side == label).astype(np.float64).where(side.notna()).to_numpy() for side in sides)
        yield _Trait(column.name, name if label == _YES else f"{name} = {str(label)!r}", *there)


def _chosen(traits: list[_Trait], rows: Half) -> Iterator[tuple[_Trait, _Trait]]:
    """Those whose rank correlations differ most, by Fisher's transform; two columns once."""
    sides = zip(*(trait.ranks(rows) for trait in traits), strict=True)
    ours, theirs = (all_correlations(np.column_stack([spread_out(ranks) for ranks in side])) for side in sides)
    apart = np.abs(_transformed(ours) - _transformed(theirs))
    pairs = [(i, j) for i, j in combinations(range(len(traits)), 2) if traits[i].column != traits[j].column]
    seen: set[tuple[str, str]] = set()
    for i, j in sorted(pairs, key=lambda pair: -apart[pair]):
        columns = traits[i].column, traits[j].column
        if columns not in seen:
            seen.add(columns)
            yield traits[i], traits[j]
        if len(seen) == _CHOSEN:
            return


def _transformed(correlations: Array) -> Array:
    return np.arctanh(np.clip(correlations, -_NEARLY_ONE, _NEARLY_ONE))


def _compared(one: _Trait, other: _Trait, rows: Half, copies: tuple[Groups, Groups]) -> Dependence | None:
    """The pair in these rows. None where one of the two is constant in a sample, or no row moves either correlation."""
    sides = list(zip(one.ranks(rows), other.ranks(rows), strict=True))
    if any(np.unique(values[~np.isnan(values)]).size < 2 for side in sides for values in side):
        return None
    (usual, of_reference), (found, of_generated) = (_correlation(*side) for side in sides)
    drawn = Estimate(found, "neither", "rank correlation", 0 * of_reference, of_generated, range=(-1.0, 1.0)).grouped(*copies)
    apart = Estimate(found - usual, "neither", "rank correlation", -of_reference, of_generated).grouped(*copies)
    if apart.variance < _ROUNDING:
        return None
    freedom = min(len(np.unique(groups)) for groups in copies) - 1
    p_value = float(2 * stats.t.sf(abs(apart.value) / np.sqrt(apart.variance), freedom))
    low, high = drawn.interval()[1:]
    sentence = (
        f"{one.words} and {other.words} do not hang together as in the reference: their rank correlation is {found:.2f} "
        f"({low:.2f} – {high:.2f}) in {len(rows.generated):,} generated rows, {usual:.2f} in the reference's."
    )
    pair = one.column, other.column
    size = abs(found - usual) / 2
    return Dependence("dependence", " and ".join(pair), found, low, high, usual, p_value, sentence, size, pair=pair)


def gathered(found: Sequence[Giveaway]) -> list[Giveaway]:
    """All; those of three or more pairs that have a column in common are one giveaway, of that column.

    Its figures are those of the pair that differs most, and its p-value is the smallest: that some pair of the column differs.

    Args:
        found: what is significant by itself, each with its corrected p-value.
    """
    pairs = [one for one in found if isinstance(one, Dependence)]
    together = [one for one in found if not isinstance(one, Dependence)]
    while pairs:
        column, times = Counter(column for one in pairs for column in one.pair).most_common(1)[0]
        if times < _IN_COMMON:
            break
        together.append(_of_column(column, [one for one in pairs if column in one.pair]))
        pairs = [one for one in pairs if column not in one.pair]
    return together + list[Giveaway](pairs)


def _of_column(column: str, found: Sequence[Dependence]) -> Giveaway:
    by_size = sorted(found, key=lambda one: -one.size)
    told = [f"with {one.other(column)!r} {one.figure:.2f} ({one.reference:.2f})" for one in by_size[:_TOLD]]
    more = [f"{len(found) - _TOLD} more"] if len(found) > _TOLD else []
    sentence = (
        f"{column!r} does not hang together with {len(found)} columns as in the reference. Its rank correlations, beside the "
        f"reference's: {', '.join(told + more)}."
    )
    most = by_size[0]
    p_value = min(one.p_value for one in found)
    return Giveaway("dependence", column, most.figure, most.low, most.high, most.reference, p_value, sentence, most.separation)


def _correlation(first: Array, second: Array) -> tuple[float, Array]:
    """With influences that make up for the mean and the two spreads, which are of the same rows."""
    found, influences = correlation(first, second)
    return found, influences * np.sqrt(len(first) / (len(first) - 3))


def _ranks(values: Array) -> Array:
    return np.asarray(stats.rankdata(values, nan_policy="omit"), dtype=np.float64)
