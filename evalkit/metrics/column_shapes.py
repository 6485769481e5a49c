"""Column shapes: how alike each column is in two tables, taken by itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from evalkit.core.sample import Table
from evalkit.metrics.table_columns import Array, Codes, ColumnValues, columns_of
from evalkit.statistics.influence import Estimate
from evalkit.statistics.parts import FEWEST_ROWS, Rows, in_parts
from evalkit.statistics.splitting import scaled

Sides = tuple[NDArray[np.bool_], NDArray[np.bool_]]

_METHOD = "mean over {columns} columns; {how}; the interval is of the expectation with {n} reference and {m} generated rows"
BY_PARTS, BY_DELTA = "variance from disjoint halves and quarters of the rows", "delta method, since rows are few"


def column_shapes(reference: Table, generated: Table) -> dict[str, float]:
    """How alike each column is in both tables, 0 to 1.

    One minus the largest difference between the two tables' shares of rows in one set of values: for numbers, counts and moments
    the sets "up to t" and "above t" (Kolmogorov-Smirnov), for categories and booleans every set (total variation). Missing values
    are a value of their own: a set by themselves, or one more label. So a generator that fills them in, or leaves more out, loses.

    Equal laws do not give 1: of n rows a side a number column gives about 1 - 1.2 / sqrt(n), and a category with many labels
    less. Compare tables of the same number of rows, or with the figure of held-out real rows.

    Args:
        reference: 1 row or more.
        generated: of the same columns.

    Returns:
        The figure by column; texts and identifiers are left aside.

    Raises:
        InputError: no column can be compared.
        SchemaError: a column is missing.
        ShapeError: a table has no rows.

    Source: the conventions of SDMetrics (KSComplement, TVComplement), which leave missing values out.

    >>> import pandas as pd
    >>> from evalkit.core.schema import Column, Schema
    >>> schema = Schema(modality="table", columns=(Column(name="colour", kind="category"), Column(name="size", kind="number")))
    >>> first = Table("a", schema, pd.DataFrame({"colour": ["red", "blue"], "size": [1.0, 2.0]}))
    >>> second = Table("b", schema, pd.DataFrame({"colour": ["red", "red"], "size": [2.0, 3.0]}))
    >>> column_shapes(first, second)
    {'colour': 0.5, 'size': 0.5}
    """
    found = {}
    for column in columns_of(reference, generated, least_rows=1):
        first, second = worst_set(column)
        found[column.name] = float(1 - (first.mean() - second.mean()))
    return found


@dataclass(frozen=True)
class ColumnShapes:
    """The mean of :func:`column_shapes` over the columns, with an interval.

    A row's influence is whether it lies in the set of values that sets the tables apart most, averaged over the columns. The data
    choose that set, and where columns are nearly equal another draw would choose another: a share of a given set varies much more
    there than the largest of many. Of equal normal columns the largest difference has the variance of Kolmogorov's law,
    0.068 (1/n + 1/m), a given half of the rows 0.25 (1/n + 1/m). So the variance is that which disjoint halves and quarters of the
    rows show, whatever lies between equal and different, and the influences are scaled to it; below 8 rows a side they are not.

    The interval is of the expectation at these sample sizes, not of what endless rows would give: the figure itself is biased
    downwards where columns are equal. Where a single column is barely different the interval held 90 % (simulated).
    """

    def estimates(self, reference: Table, generated: Table, *, seed: int) -> Mapping[str, Estimate]:
        """``column_shapes``; the seed is of the halves, by which the interval is found."""
        columns = columns_of(reference, generated)
        of_reference, of_generated = np.zeros(len(reference)), np.zeros(len(generated))
        for column in columns:
            in_reference, in_generated = worst_set(column)
            of_reference -= in_reference
            of_generated += in_generated
        value = float(np.clip(1 + (of_reference.mean() + of_generated.mean()) / len(columns), 0, 1))
        first, second = ((rows - rows.mean()) / len(columns) for rows in (of_reference, of_generated))
        cells = [Cells.of(column) for column in columns]

        def apart(ours: Rows, theirs: Rows) -> float:
            return sum(cell.apart(ours, theirs) for cell in cells) / len(cells)

        method = partial(_METHOD.format, columns=len(columns), n=len(reference), m=len(generated))
        return {"column_shapes": by_parts(value, method, first, second, apart, seed)}


def by_parts(
    value: float,
    method: Callable[..., str],
    first: Array,
    second: Array,
    figure: Callable[[Rows, Rows], float],
    seed: int,
    *,
    pace: float = 1.0,
) -> Estimate:
    """A likeness of two tables, with influences as disjoint parts of the rows show them; below 8 rows as they are.

    Args:
        value: 0 to 1.
        method: the words, given ``how`` the variance was found.
        first: influences of the reference's rows.
        second: of the generated rows.
        figure: of some rows of either side.
        seed: of the parts.
        pace: see :class:`~evalkit.statistics.parts.Parts`.
    """
    n, m = len(first), len(second)
    if min(n, m) < FEWEST_ROWS:
        return Estimate(value, "higher", method(how=BY_DELTA), first, second, range=(0.0, 1.0))
    # A part that is further apart is less alike.
    parts = in_parts(lambda ours, theirs: np.array([-figure(ours, theirs)]), n, m, seed=seed, pace=pace).of(0)
    rows = scaled(first, second, float(parts.variance))
    return Estimate(value, "higher", method(how=BY_PARTS), *rows, (0.0, 1.0), parts=parts)


@dataclass(frozen=True, eq=False)
class Cells:
    """A column by places: 0 for missing, then its values in their order, or its labels.

    Attributes:
        ordered: whether sets are ranges.
        reference, generated: (n,) and (m,) places.
        count: of places.
    """

    ordered: bool
    reference: Codes
    generated: Codes
    count: int

    @classmethod
    def of(cls, column: ColumnValues) -> "Cells":
        """Of a column's values."""
        both = np.concatenate([column.reference, column.generated])
        places, known = np.zeros(len(both), dtype=np.intp), ~np.isnan(both)
        values, places[known] = np.unique(both[known], return_inverse=True)
        places[known] += 1
        return cls(column.ordered, places[: len(column.reference)], places[len(column.reference) :], len(values) + 1)

    def apart(self, ours: Rows, theirs: Rows) -> float:
        """The largest difference of shares in one set, of some rows."""
        more = excess(self.reference[ours], self.generated[theirs], self.count)
        if not self.ordered:
            return float(np.abs(more).sum()) / 2
        up_to = np.cumsum(more[1:])
        # Ranges from below, ranges from above, and what is missing.
        return float(np.abs(np.concatenate([up_to, more[1:].sum() - up_to, more[:1]])).max())


def excess(reference: Codes, generated: Codes, count: int = 0) -> Array:
    """By how much each code, from 0 on, is more frequent in the reference."""
    count = count or max(int(reference.max()), int(generated.max())) + 1
    ours, theirs = (np.bincount(codes, minlength=count) / len(codes) for codes in (reference, generated))
    return np.asarray(ours - theirs)


def worst_set(column: ColumnValues) -> Sides:
    """Which rows lie in the set of values whose share in the reference exceeds that in the generated rows most."""
    if not column.ordered:
        return larger_cells(*column.codes(bins=1))
    sides = _worst_range(column.reference, column.generated)
    missing = np.isnan(column.reference), np.isnan(column.generated)
    return max(sides, missing, (~missing[0], ~missing[1]), key=_difference)


def larger_cells(reference: Codes, generated: Codes) -> Sides:
    """Which rows have a code that is more frequent in the reference; codes from -1."""
    size = max(int(reference.max(initial=-1)), int(generated.max(initial=-1))) + 2
    ours, theirs = (np.bincount(codes + 1, minlength=size) / len(codes) for codes in (reference, generated))
    larger = ours > theirs
    return larger[reference + 1], larger[generated + 1]


def _worst_range(reference: Array, generated: Array) -> Sides:
    ours, theirs = (np.sort(values[~np.isnan(values)]) for values in (reference, generated))
    cuts = np.concatenate([ours, theirs])
    if not len(cuts):
        return np.zeros(len(reference), dtype=np.bool_), np.zeros(len(generated), dtype=np.bool_)
    up_to = np.searchsorted(ours, cuts, "right") / len(reference) - np.searchsorted(theirs, cuts, "right") / len(generated)
    above = len(ours) / len(reference) - len(theirs) / len(generated) - up_to
    low, high = cuts[[up_to.argmax(), up_to.argmin()]], cuts[[above.argmax(), above.argmin()]]
    # NaN compares false: missing values are in neither range, but in their complements.
    ranges = [(values <= low[0], ~(values <= low[1]), values > high[0], ~(values > high[1])) for values in (reference, generated)]
    return max(zip(*ranges, strict=True), key=_difference)


def _difference(sides: Sides) -> float:
    return float(sides[0].mean() - sides[1].mean())
