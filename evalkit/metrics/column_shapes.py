"""Column shapes: how alike each column is in two tables, taken by itself."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.core.sample import Table
from evalkit.metrics.table_columns import Array, Codes, ColumnValues, columns_of
from evalkit.statistics.influence import Estimate

Sides = tuple[NDArray[np.bool_], NDArray[np.bool_]]

_METHOD = "mean over {columns} columns; delta method; the interval is of the expectation with {n} reference and {m} generated rows"


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

    A row's influence is whether it lies in the set of values that sets the tables apart most, averaged over the columns.
    The interval is of the expectation at these sample sizes, not of what endless rows would give: the figure itself is biased
    downwards where columns are equal. There the interval is also wider than it has to be, because the data chose the set.
    """

    def estimates(self, reference: Table, generated: Table, *, seed: int) -> Mapping[str, Estimate]:
        """``column_shapes``; no draw is involved."""
        columns = columns_of(reference, generated)
        of_reference, of_generated = np.zeros(len(reference)), np.zeros(len(generated))
        for column in columns:
            in_reference, in_generated = worst_set(column)
            of_reference -= in_reference
            of_generated += in_generated
        value = 1 + (of_reference.mean() + of_generated.mean()) / len(columns)
        method = _METHOD.format(columns=len(columns), n=len(reference), m=len(generated))
        first, second = ((rows - rows.mean()) / len(columns) for rows in (of_reference, of_generated))
        return {"column_shapes": Estimate(float(np.clip(value, 0, 1)), "higher", method, first, second, range=(0.0, 1.0))}


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
