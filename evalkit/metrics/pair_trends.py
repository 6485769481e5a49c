"""Pair trends: how alike the dependence of every two columns is in two tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from evalkit.core.errors import InputError
from evalkit.core.sample import Table
from evalkit.metrics.column_shapes import by_parts, excess, larger_cells
from evalkit.metrics.correlations import all_correlations, correlation, spread_out
from evalkit.metrics.table_columns import Array, Codes, ColumnValues, columns_of
from evalkit.statistics.influence import Estimate
from evalkit.statistics.parts import Rows

_BINS = 10
_METHOD = "mean over {pairs} pairs of columns; {how}; the interval is of the expectation with {n} reference and {m} generated rows"


def pair_trends(reference: Table, generated: Table) -> dict[tuple[str, str], float]:
    """How alike every two columns hang together in both tables, 0 to 1.

    Two columns of numbers, counts or moments: 1 - |r - s| / 2 of their Pearson correlations, over rows where neither is missing.
    A constant column has correlation 0 with every other, so that a generator does not gain by losing its spread. Other pairs: 1
    minus the total variation between the joint shares, a missing value being a label of its own; numbers are put in 10 equal bins
    over the reference's range, the outer ones open.

    Correlation sees straight lines only. Equal laws do not give 1: joint shares of many labels differ by chance alone. Compare
    tables of the same number of rows, or with the figure of held-out real rows.

    Args:
        reference: 2 rows or more.
        generated: of the same columns.

    Returns:
        The figure by pair of columns; texts and identifiers are left aside.

    Raises:
        InputError: fewer than two columns can be compared.
        SchemaError: a column is missing.
        ShapeError: a table has fewer than two rows.

    Source: the conventions of SDMetrics (CorrelationSimilarity, ContingencySimilarity with continuous columns). Its report bins
    each table by its own range instead, which hides a shift, and leaves pairs with a constant column out.

    >>> import pandas as pd
    >>> from evalkit.core.schema import Column, Schema
    >>> schema = Schema(modality="table", columns=(Column(name="x", kind="number"), Column(name="y", kind="number")))
    >>> rising = Table("a", schema, pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [2.0, 4.0, 6.0]}))
    >>> falling = Table("b", schema, pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [6.0, 4.0, 2.0]}))
    >>> round(pair_trends(rising, falling)["x", "y"], 12)
    0.0
    """
    return {pair: value for pair, value, _, _ in _pairs(columns_of(reference, generated))}


@dataclass(frozen=True)
class PairTrends:
    """The mean of :func:`pair_trends` over the pairs, with an interval.

    Row influences by the delta method: of correlations, and of the joint cells that are more frequent in the reference. The data
    choose these cells, and the sign of each difference, so that where tables are nearly equal the figure varies less than its
    influences say (:class:`~evalkit.metrics.column_shapes.ColumnShapes`). They are scaled to the variance that disjoint halves and
    quarters of the rows show; below 8 rows a side they are not.

    The interval is of the expectation at these sample sizes, not of what endless rows would give: the figure is biased downwards
    where the tables are equal.
    """

    def estimates(self, reference: Table, generated: Table, *, seed: int) -> Mapping[str, Estimate]:
        """``pair_trends``; the seed is of the halves, by which the interval is found."""
        total, n_pairs, columns = 0.0, 0, columns_of(reference, generated)
        of_reference, of_generated = np.zeros(len(reference)), np.zeros(len(generated))
        for _, value, first, second in _pairs(columns):
            total, n_pairs = total + value, n_pairs + 1
            of_reference += first
            of_generated += second
        of_reference, of_generated = ((rows - rows.mean()) / n_pairs for rows in (of_reference, of_generated))
        trends = Trends.of(columns)

        def apart(ours: Rows, theirs: Rows) -> float:
            return trends.apart(ours, theirs) / n_pairs

        value, method = (
            min(1.0, max(0.0, total / n_pairs)),
            partial(_METHOD.format, pairs=n_pairs, n=len(reference), m=len(generated)),
        )
        return {"pair_trends": by_parts(value, method, of_reference, of_generated, apart, seed, pace=2.0)}


@dataclass(frozen=True, eq=False)
class Trends:
    """All pairs at once, to be looked at in many parts of the rows.

    Attributes:
        numbers: of each side, (rows, ordered columns), standardised.
        columns: all.
    """

    numbers: tuple[Array, Array]
    columns: list[ColumnValues]

    @classmethod
    def of(cls, columns: list[ColumnValues]) -> "Trends":
        """Of all columns."""
        ordered = [(column.reference, column.generated) for column in columns if column.ordered]
        rows = len(columns[0].reference), len(columns[0].generated)
        first, second = (np.array([spread_out(pair[side]) for pair in ordered]).reshape(-1, rows[side]).T for side in (0, 1))
        return cls((first, second), columns)

    def apart(self, ours: Rows, theirs: Rows) -> float:
        """Sum over the pairs of how far they are apart, in some rows: numbers are binned by the range of these."""
        first, second = self.numbers
        far = float(np.abs(all_correlations(first[ours]) - all_correlations(second[theirs])).sum()) / 4
        codes = [(column.ordered, column.of_rows(ours, theirs).codes(_BINS)) for column in self.columns]
        for (one, a), (other, b) in combinations(codes, 2):
            if not (one and other):
                far += float(np.abs(excess(*_joined(a, b))).sum()) / 2
        return far


def _pairs(columns: list[ColumnValues]) -> Iterator[tuple[tuple[str, str], float, Array, Array]]:
    """Each pair's names, figure, and influences of the reference's and the generated rows."""
    if len(columns) < 2:
        raise InputError("pair trends need two columns besides texts and identifiers, and the tables have one: use column_shapes")
    codes = {column.name: column.codes(_BINS) for column in columns}
    for one, other in combinations(columns, 2):
        both = one.ordered and other.ordered
        found = _correlations(one, other) if both else _joint(codes[one.name], codes[other.name])
        yield (one.name, other.name), *found


def _correlations(one: ColumnValues, other: ColumnValues) -> tuple[float, Array, Array]:
    (r, of_reference), (s, of_generated) = (
        correlation(one.reference, other.reference),
        correlation(one.generated, other.generated),
    )
    sign = np.sign(r - s)
    return 1 - abs(r - s) / 2, -sign * of_reference / 2, sign * of_generated / 2


def _joint(one: tuple[Codes, Codes], other: tuple[Codes, Codes]) -> tuple[float, Array, Array]:
    first, second = larger_cells(*_joined(one, other))
    return float(1 - (first.mean() - second.mean())), -first.astype(np.float64), second.astype(np.float64)


def _joined(one: tuple[Codes, Codes], other: tuple[Codes, Codes]) -> tuple[Codes, Codes]:
    """One code for each pair of codes, on both sides."""
    size = max(int(codes.max(initial=-1)) for codes in other) + 2
    first, second = ((a + 1) * size + b + 1 for a, b in zip(one, other, strict=True))
    return first, second
