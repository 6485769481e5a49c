"""A table's values as codes: each column has a small vocabulary of its own, and what a code leaves open is told beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from evalkit.backbones.heads.facts import FURTHEST, Facts
from evalkit.core.errors import ShapeError
from evalkit.core.state import State
from evalkit.data.rows import Feature

Floats = NDArray[np.float64]
CodeKind = Literal["number", "count", "category"]
_MOST_CODES = 256
MOST_BINS, _ROWS_A_BIN, _FEWEST_BINS = 64, 4, 8
_ATOM_WIDTH, _NARROWEST = 0.01, 1e-9


@dataclass(frozen=True, eq=False)
class ColumnCodes:
    """One column's vocabulary: ``k`` values or bins, then one code for what training never had, then one for what is missing.

    Bins hold about equally many training rows. A value that many rows share has a bin of its own, and is drawn exactly; other
    values of a bin are equally likely. A small share of the outermost bins is for values beyond them, ever less likely but never
    impossible.

    Attributes:
        kind: a number's terms are those of a density, in scales of the column; counts and categories have probabilities.
        edges: (k + 1,) where bins begin and end; none for a category.
        atoms: (k,) the value that all rows of a bin share, or NaN.
        counts: (k + 2,) training rows with each code.
        scale: the column's unit, see :class:`~evalkit.backbones.heads.facts.Facts`; 1 for counts.
    """

    kind: CodeKind
    edges: Floats
    atoms: Floats
    counts: NDArray[np.int64]
    scale: float

    def __post_init__(self) -> None:
        k = len(self.counts) - 2
        if k > _MOST_CODES:
            raise ShapeError(f"a column has at most {_MOST_CODES} codes, got {k}")
        if k < 0 or (self.kind != "category" and (len(self.edges) != k + 1 or len(self.atoms) != k or k < 1)):
            raise ShapeError(f"a column's codes need k + 1 edges and k atoms for k + 2 counts, got {len(self.edges)} and {k + 2}")

    @classmethod
    def fit(cls, feature: Feature, values: Floats, scale: float) -> Self:
        """Look at the training rows' values, (n,), NaN = missing."""
        missing = np.isnan(values)
        known = values[~missing]
        if feature.kind in ("category", "boolean"):
            levels = max(len(feature.levels), 2) if feature.kind == "boolean" else len(feature.levels)
            counts = np.bincount(known.astype(np.int64), minlength=levels + 1)
            return cls("category", np.zeros(0), np.zeros(0), np.append(counts, missing.sum()).astype(np.int64), 1.0)
        kind: CodeKind = "count" if feature.kind == "count" else "number"
        distinct, counts = np.unique(known if len(known) else np.zeros(1), return_counts=True)
        first, last = _bins(distinct, counts)
        between = distinct[first[1:]] / 2 + distinct[last[:-1]] / 2
        ends = distinct[[0, -1]]
        if kind == "count":
            between, ends = np.floor(between) + 0.5, ends + np.array([-0.5, 0.5])
        sums = np.add.reduceat(counts, first) if len(known) else np.zeros(1, dtype=np.int64)
        edges = np.concatenate([ends[:1], between, ends[1:]])
        shared = (first == last) & ((sums > 1) | (len(distinct) == 1)) & ((kind == "number") | (np.diff(edges) > 1))
        return cls(
            kind=kind,
            edges=edges,
            atoms=np.where(shared, distinct[first], np.nan),
            counts=np.concatenate([sums, [0, missing.sum()]]).astype(np.int64),
            scale=1.0 if kind == "count" else scale,
        )

    @property
    def scores(self) -> Floats:
        """Where each bin stands among the training rows, as a standard normal figure, (k,); of a category 0."""
        known = self.counts[:-2] + 0.5
        if self.kind == "category":
            return np.zeros(len(known))
        return np.asarray(ndtri((np.cumsum(known) - known / 2) / known.sum()))

    def encode(self, values: Floats) -> tuple[NDArray[np.int64], Floats]:
        """Codes of values, (n,), and the nats that a value costs beyond its code, (n,)."""
        missing = np.isnan(values)
        known = np.where(missing, 0.0, values)
        if self.kind == "category":
            return np.where(missing, len(self.counts) - 1, known).astype(np.int64), np.zeros(len(values))
        codes = np.searchsorted(self.edges[1:-1], known, side="right")
        nats = np.where(missing, 0.0, self._nats(known, codes))
        return np.where(missing, len(self.counts) - 1, codes), nats

    def decode(self, codes: NDArray[np.int64], uniform: Floats) -> Floats:
        """Values of codes, (n,), one for each uniform number in (0, 1); NaN where missing."""
        if self.kind == "category":
            return np.where(codes == len(self.counts) - 1, np.nan, codes)
        inside = np.minimum(codes, len(self.atoms) - 1)
        low, high = self.edges[inside], self.edges[inside + 1]
        values = (1 - uniform) * low + uniform * high
        if self.kind == "count":
            values = np.minimum(np.ceil(values - 0.5), high - 0.5)
        values = np.where(np.isnan(self.atoms[inside]), values, self.atoms[inside])
        return np.where(codes >= len(self.atoms), np.nan, values)

    def _nats(self, known: Floats, codes: NDArray[np.int64]) -> Floats:
        """What a bin leaves open: equally likely within, or an atom and little else; little for what lies beyond the ends."""
        spare = 1 / (self.counts.sum() + 2)
        atom = ~np.isnan(self.atoms)
        kept = 1 - spare * (atom * 1.0)
        kept[0] -= spare
        kept[-1] -= spare
        kept = np.maximum(kept, 0.1)
        widths = np.maximum(np.diff(self.edges / self.scale), _NARROWEST)
        number = self.kind == "number"
        usual = np.where(atom, np.log(_ATOM_WIDTH) if number else 0.0, np.log(widths)) - np.log(kept)
        odd = np.log(widths if number else np.maximum(widths - 1, 1)) - np.log(spare)
        inside = np.where(atom[codes] & (known != self.atoms[codes]), odd[codes], usual[codes])
        with np.errstate(over="ignore"):
            beyond = np.maximum((self.edges[0] - known) / self.scale, (known - self.edges[-1]) / self.scale)
        away = np.clip(beyond, 0, FURTHEST)
        far = 2 * np.log1p(away) if number else np.log(away + 0.5) + np.log(away + 1.5)
        return np.asarray(np.where(beyond > 0, far - np.log(spare), inside))


@dataclass(frozen=True, eq=False)
class TableCodes:
    """The vocabularies of all columns.

    Attributes:
        columns: one a feature.
    """

    columns: tuple[ColumnCodes, ...]

    @classmethod
    def fit(cls, features: tuple[Feature, ...], values: Floats, facts: Facts) -> Self:
        """Look at the training rows, (n, f)."""
        fitted = zip(features, values.T, facts.scale.tolist(), strict=True)
        return cls(tuple(ColumnCodes.fit(feature, column, scale) for feature, column, scale in fitted))

    def encode(self, values: Floats) -> Floats:
        """Rows (n, f) as (n, f, 2): the code and the nats beside it."""
        encoded = [np.column_stack(codes.encode(column)) for codes, column in zip(self.columns, values.T, strict=True)]
        return np.stack(encoded, axis=1)

    def decode(self, codes: NDArray[np.int64], uniform: Floats) -> Floats:
        """Codes (n, f) as rows (n, f), one value for each uniform number."""
        columns = zip(self.columns, codes.T, uniform.T, strict=True)
        return np.column_stack([its.decode(column, numbers) for its, column, numbers in columns])

    def to_state(self) -> State:
        """Plain values and arrays."""
        names = ("kind", "edges", "atoms", "counts", "scale")
        return {"columns": [{name: getattr(column, name) for name in names} for column in self.columns]}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """What :meth:`to_state` gave."""
        return cls(tuple(ColumnCodes(**column) for column in state["columns"]))


def _bins(distinct: Floats, counts: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first and the last distinct value of each bin."""
    n = int(counts.sum())
    bins = min(max(n // _ROWS_A_BIN, _FEWEST_BINS), MOST_BINS)
    if len(distinct) <= bins:
        return np.arange(len(distinct)), np.arange(len(distinct))
    alone = counts >= max(2, n / bins)
    share = max(1.0, counts[~alone].sum() / max(bins - alone.sum(), 1))
    # a bin ends where the rows that lie in no bin of their own fill a share, and around every value that has one
    number = np.floor((np.cumsum(np.where(alone, 0, counts)) - np.where(alone, 0, counts) / 2) / share)
    begins = np.concatenate([[True], (np.diff(number) > 0) | alone[1:] | alone[:-1]])
    first = np.flatnonzero(begins)
    return first, np.append(first[1:], len(distinct)) - 1
