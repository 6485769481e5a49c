"""The columns of two tables side by side, as the table metrics read them."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Table
from evalkit.data.conforming import conform

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

ORDERED = frozenset({"number", "count", "datetime"})
LABELLED = frozenset({"category", "boolean"})


@dataclass(frozen=True, eq=False)
class ColumnValues:
    """One column in both tables.

    Attributes:
        name: the column's.
        ordered: whether its values have an order and distances (numbers, counts, moments), else they are labels.
        reference: (n,) float64 with NaN for missing; labels are codes 0, 1, ….
        generated: (m,) likewise, the same codes.
    """

    name: str
    ordered: bool
    reference: Array
    generated: Array

    def of_rows(self, reference: Codes, generated: Codes) -> "ColumnValues":
        """Some rows of either table, by place."""
        return replace(self, reference=self.reference[reference], generated=self.generated[generated])

    def codes(self, bins: int) -> tuple[Codes, Codes]:
        """Labels as whole numbers, -1 for missing; ordered values by equal bins over the reference's range, the outer ones open."""
        if self.ordered:
            present = self.reference[~np.isnan(self.reference)]
            edges = _inner_edges(present, bins) if len(present) else np.zeros(0)
            first, second = (np.digitize(values, edges) for values in (self.reference, self.generated))
        else:
            first, second = (np.nan_to_num(values, nan=-1).astype(np.intp) for values in (self.reference, self.generated))
        return np.where(np.isnan(self.reference), -1, first), np.where(np.isnan(self.generated), -1, second)


def columns_of(reference: Table, generated: Table, *, least_rows: int = 2) -> list[ColumnValues]:
    """The numbers, counts, moments, categories and booleans of both tables; texts and identifiers are left aside.

    Moments are seconds since 1970.

    Raises:
        InputError: no such column, or no tables.
        SchemaError: the generated table lacks a column of the reference.
        ShapeError: too few rows.
    """
    if not isinstance(reference, Table) or not isinstance(generated, Table):
        raise InputError("column figures need two tables: choose another metric for other samples")
    if min(len(reference), len(generated)) < least_rows:
        raise ShapeError(f"column figures need {least_rows} rows a side, got {len(reference)} and {len(generated)}: give more")
    generated = conform(generated, reference.schema)
    kinds = {column.name: column.kind for column in reference.schema.columns if column.kind in ORDERED | LABELLED}
    if not kinds:
        raise InputError("column figures need a number, count, datetime, category or boolean, and the tables have none")
    return [_side_by_side(name, kind in ORDERED, reference.frame[name], generated.frame[name]) for name, kind in kinds.items()]


def _side_by_side(name: str, ordered: bool, reference: pd.Series, generated: pd.Series) -> ColumnValues:
    both = pd.concat([reference, generated], ignore_index=True)
    if not ordered:
        codes = pd.factorize(both)[0]
        values = np.where(codes < 0, np.nan, codes.astype(np.float64))
    elif pd.api.types.is_datetime64_any_dtype(both):
        moments = both.to_numpy().astype("datetime64[ns]")
        values = np.where(np.isnat(moments), np.nan, moments.astype(np.int64) / 1e9)
    else:
        values = both.to_numpy(dtype=np.float64)
    return ColumnValues(name, ordered, values[: len(reference)], values[len(reference) :])


def _inner_edges(present: Array, bins: int) -> Array:
    """Between equal bins over the range; several may lie at one place where that is hardly wider than rounding."""
    low, high = float(present.min()), float(present.max())
    low, high = (low, high) if low < high else (low - 0.5, high + 0.5)
    return np.linspace(low, high, bins + 1)[1:-1]
