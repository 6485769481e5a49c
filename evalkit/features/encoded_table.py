"""Tables: every column on the same scale."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.core.sample import Table
from evalkit.core.state import ReadState, State
from evalkit.data.encoding import TableEncoder
from evalkit.data.rows import Feature
from evalkit.features.base import Features, digest_of, features_of, sample_for
from evalkit.features.scaling import Scale, scale_of, scales_from_array, scales_to_array

Array = NDArray[np.float64]

_NAME = "encoded_table"
_TYPICAL = np.sqrt(2.0)  # two rows of one reference differ by this in a number, in the quadratic mean


@dataclass(frozen=True)
class EncodedTable:
    """A table's columns as numbers that may be compared with each other.

    * Numbers and counts: :class:`evalkit.features.scaling.Scale`.
    * Labels and yes or no: one dimension a label, so that two labels differ by what two numbers typically differ by. A label that
      the reference did not have, or that is not among its 64 most frequent, is 0 in all of them.
    * Moments: place in time, time of day, weekday and so on. Free text: length, kinds of characters, hashed pieces of three
      letters. The parts of one column together weigh as much as one number.
    * One dimension a column says whether the value is missing; a missing number lies at the median.
    * Identifiers are left out.

    It misleads where a column that nobody cares about weighs as much as the one that matters: leave it out of the table.
    Rules between columns are in no dimension: they show only in metrics that look at several at once.

    >>> import pandas as pd
    >>> from evalkit.data import load
    >>> table = load(pd.DataFrame({"size": [1.0, 2.0, 3.0], "make": ["a", "b", "b"]}))
    >>> EncodedTable().fit(table, seed=0).extract(table).values.round(2).tolist()
    [[-1.22, 0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0], [1.22, 0.0, 1.0, 0.0, 0.0]]
    """

    def fit(self, reference: Table, *, seed: int) -> "FittedEncodedTable":
        """Learn levels and scales; there is nothing to draw.

        Raises:
            SchemaError: it is no table, or holds identifiers only.
            ShapeError: it has no row.
        """
        table = sample_for(_NAME, Table, reference, least=1)
        encoder = TableEncoder().fit(table)
        rows = encoder.transform(table)
        scales = tuple(scale_of(rows.values[:, i]) if _is_scaled(feature) else None for i, feature in enumerate(encoder.features))
        return FittedEncodedTable(encoder, scales, digest_of(_NAME, self, encoder.to_state(), scales))


@dataclass(frozen=True, eq=False)
class FittedEncodedTable:
    """See :class:`EncodedTable`.

    Attributes:
        encoder: fitted on the reference.
        scales: of every encoded feature; None for labels.
        digest: of both.
    """

    encoder: TableEncoder
    scales: tuple[Scale | None, ...]
    digest: str
    name: str = _NAME

    def extract(self, sample: Table) -> Features:
        """Features of a table, which is brought under the reference's schema first.

        Raises:
            SchemaError: a column is missing or of another kind.
            InputError: a value is infinite.
        """
        rows = self.encoder.transform(sample_for(_NAME, Table, sample))
        parts: list[Array] = []
        for column in rows.columns:
            places = [i for i, feature in enumerate(rows.features) if feature.column == column]
            parts += [self._points(rows.values[:, i], i) / np.sqrt(len(places)) for i in places]
            missing = np.isnan(rows.values[:, places[0]])
            parts.append(missing[:, None] * (1.0 if self.scales[places[0]] is None else _TYPICAL))
        return features_of(np.hstack(parts), _NAME, self.digest)

    def to_state(self) -> State:
        """What was learned."""
        scales = scales_to_array(scale for scale in self.scales if scale is not None)
        return {"encoder": self.encoder.to_state(), "scales": scales, "digest": self.digest}

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """What :meth:`to_state` gave.

        Raises:
            KeyError, TypeError, ValueError, ModelError: it is another state.
        """
        encoder = TableEncoder.from_state(state["encoder"])
        scaled = [_is_scaled(feature) for feature in encoder.features]
        scales = iter(scales_from_array(state["scales"], sum(scaled)))
        return cls(encoder, tuple(next(scales) if each else None for each in scaled), state["digest"])

    def _points(self, values: Array, feature: int) -> Array:
        scale = self.scales[feature]
        if scale is None:
            return np.asarray(values[:, None] == np.arange(_levels(self.encoder.features[feature])), dtype=np.float64)
        return scale.points(values)[:, None]


def _is_scaled(feature: Feature) -> bool:
    return feature.kind not in ("category", "boolean")


def _levels(feature: Feature) -> int:
    """How many labels a feature has."""
    return 2 if feature.kind == "boolean" else len(feature.levels)
