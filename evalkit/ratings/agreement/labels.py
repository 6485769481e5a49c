"""Labels that raters gave to units, as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.core.errors import InputError, ShapeError

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

LONG = ("unit", "rater", "label")


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels, one an entry; what is missing is not there.

    Attributes:
        unit, rater: (n,) numbers of what was labelled and by whom.
        code: (n,) position of each label among ``values``.
        values: the labels that can occur, in order.
        unit_names, rater_names: what was labelled and by whom, also without a label.
    """

    unit: Codes
    rater: Codes
    code: Codes
    values: tuple[Any, ...]
    unit_names: "pd.Index[Any]"
    rater_names: "pd.Index[Any]"

    @property
    def units(self) -> int:
        """How many there are."""
        return len(self.unit_names)

    @property
    def raters(self) -> int:
        """How many there are."""
        return len(self.rater_names)

    @classmethod
    def of(
        cls, labels: "Labels | pd.DataFrame | NDArray[Any] | Sequence[Sequence[Any]]", *, values: Sequence[Any] | None = None
    ) -> "Labels":
        """Read labels.

        Args:
            labels: units in rows and raters in columns, or a table with the columns ``unit``, ``rater`` and ``label``. Empty cells
                (None, NaN) are missing.
            values: all labels that can occur, in order; those that do occur, sorted, if None. Ordinal words need it.

        Raises:
            InputError: a label is not among the values, or a rater labelled a unit twice.
            ShapeError: there are no labels.

        >>> Labels.of([["a", "b"], ["b", None]]).values
        ('a', 'b')
        """
        if isinstance(labels, Labels):
            return labels
        long = isinstance(labels, pd.DataFrame) and set(LONG) <= set(map(str, labels.columns))
        unit, rater, label, units, raters = _from_long(labels) if long else _from_table(labels)
        there = ~np.asarray(pd.isna(label))
        if not there.any():
            raise ShapeError("there are no labels: give units in rows and raters in columns, or columns unit, rater and label")
        if not there.all():
            unit, rater, label = unit[there], rater[there], label[there]
        codes, names = _coded(label, values)
        if long:
            _refuse_twice(unit * len(raters) + rater)
        return cls(unit, rater, codes, names, units, raters)

    @classmethod
    def of_counts(
        cls, counts: "NDArray[Any] | pd.DataFrame | Sequence[Sequence[int]]", *, values: Sequence[Any] | None = None
    ) -> "Labels":
        """Labels of which only is known how many raters gave each: for coefficients that do not ask who they were.

        Args:
            counts: (units, values) whole numbers >= 0.
            values: the labels, one a column; 0, 1, … if None.

        >>> Labels.of_counts([[2, 0], [1, 1]]).raters
        2
        """
        table = np.asarray(counts, dtype=np.float64)
        if table.ndim != 2 or not table.any() or not ((table >= 0) & (table == np.floor(table)) & np.isfinite(table)).all():
            raise InputError("counts of labels need units in rows, labels in columns, and whole numbers from 0 on")
        whole = table.astype(np.int64)
        unit, code = (np.repeat(places.ravel(), whole.ravel()) for places in np.indices(whole.shape))
        sizes = whole.sum(axis=1)
        rater = np.arange(len(unit)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        names = tuple(range(whole.shape[1])) if values is None else tuple(values)
        return cls(unit, rater, code, names, pd.RangeIndex(len(whole)), pd.RangeIndex(int(sizes.max())))

    def counts(self) -> Array:
        """(units, values) how often each unit got each label."""
        size = self.units * len(self.values)
        flat = np.bincount(self.unit * len(self.values) + self.code, minlength=size)
        return np.asarray(flat.reshape(self.units, len(self.values)), dtype=np.float64)

    def table(self) -> Codes:
        """(units, raters) codes, -1 where missing."""
        table = np.full((self.units, self.raters), -1)
        table[self.unit, self.rater] = self.code
        return table

    def numbers(self) -> Array:
        """(values,) the labels as numbers.

        Raises:
            InputError: they are no finite numbers.
        """
        try:
            numbers = np.array(self.values, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError("labels must be numbers here: give numbers, or treat them as nominal or ordinal") from None
        if not np.isfinite(numbers).all():
            raise InputError("labels must be finite numbers")
        return numbers


def _from_long(labels: Any) -> tuple[Codes, Codes, NDArray[Any], "pd.Index[Any]", "pd.Index[Any]"]:
    (unit, units), (rater, raters) = (pd.factorize(labels[name]) for name in ("unit", "rater"))
    for name, codes in (("unit", unit), ("rater", rater)):
        if (codes < 0).any():
            raise InputError(f"{name} of row {int(np.argmax(codes < 0))} (counted from 0) is empty")
    label = labels["label"].to_numpy(dtype=object)
    return unit.astype(np.int64), rater.astype(np.int64), label, pd.Index(units), pd.Index(raters)


def _from_table(labels: Any) -> tuple[Codes, Codes, NDArray[Any], "pd.Index[Any]", "pd.Index[Any]"]:
    frame = pd.DataFrame(labels)
    n, r = frame.shape
    if n * r == 0:
        raise ShapeError("there are no labels: give units in rows and raters in columns, or columns unit, rater and label")
    return np.repeat(np.arange(n), r), np.tile(np.arange(r), n), frame.to_numpy().ravel(), frame.index, frame.columns


def _coded(label: NDArray[Any], values: Sequence[Any] | None) -> tuple[Codes, tuple[Any, ...]]:
    codes, found = pd.factorize(label)
    present = [each.item() if isinstance(each, np.generic) else each for each in found]
    if values is None:
        try:
            names = tuple(sorted(present))
        except TypeError:
            raise InputError("labels mix numbers and words: make them one or the other") from None
    else:
        names = tuple(values)
        if len(set(names)) < len(names):
            raise InputError("the values that labels can take are named more than once")
    place = {name: i for i, name in enumerate(names)}
    places = np.array([place.get(name, -1) for name in present], dtype=np.int64)
    if (places < 0).any():
        raise InputError("some label is not among the values that labels can take: add it to values")
    return places[codes], names


def _refuse_twice(cells: Codes) -> None:
    if len(np.unique(cells)) < len(cells):
        raise InputError("some rater labelled a unit more than once: keep one label for each rater and unit")
