"""Encoded rows: the one numeric form in which backbones and detectors see a table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from evalkit.core.errors import ShapeError
from evalkit.core.sample import RowNumbers
from evalkit.data.layouts import LayoutBase, digest

FeatureKind = Literal["number", "count", "boolean", "category"]


class Feature(BaseModel):
    """One encoded feature of a source column.

    Attributes:
        column: the source column; several features may come from one column (a date-time's parts, a text's character classes).
        name: what the feature is, unique within the encoder ("amount", "time: hour of day").
        kind: ``number`` any finite float, ``count`` 0, 1, 2, …, ``boolean`` 0 or 1, ``category`` a code 0 … K where K =
            ``len(levels)`` stands for every level that the reference did not have. NaN = missing, for every kind.
        levels: the category's labels in the order of their codes.
        scored: whether detectors look at it. A date-time's position on the time axis is encoded so that it can be generated, yet
            new data always lies later: it is not scored.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    name: str
    kind: FeatureKind
    levels: tuple[str, ...] = ()
    scored: bool = True


class TableLayout(LayoutBase):
    """The layout of :class:`Rows`.

    Attributes:
        modality: table.
        features: what the columns are.
    """

    modality: Literal["table"] = "table"
    features: tuple[Feature, ...]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows in encoded form.

    Attributes:
        values: (n, f) float64, one column a feature, in the feature's natural units; NaN = missing; never infinite.
        features: what the columns are.
    """

    values: NDArray[np.float64]
    features: tuple[Feature, ...]

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.features):
            raise ShapeError(f"encoded rows need shape (n, {len(self.features)}), got {self.values.shape}")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def columns(self) -> tuple[str, ...]:
        """The source columns, each once, in the order of their first feature."""
        return tuple(dict.fromkeys(feature.column for feature in self.features))

    @property
    def layout(self) -> TableLayout:
        """The features."""
        return TableLayout(features=self.features)

    def take(self, rows: RowNumbers) -> Self:
        """The given rows."""
        return replace(self, values=self.values[rows])

    def digest(self) -> str:
        """A hash of layout and values."""
        return digest(self.layout, [self.values])

    def scored(self) -> Self:
        """Without the features that detectors do not look at."""
        keep = [i for i, feature in enumerate(self.features) if feature.scored]
        return replace(self, values=self.values[:, keep], features=tuple(self.features[i] for i in keep))

    def by_column(self, terms: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up terms a feature, (n, f), into terms a source column, (n, len(columns))."""
        return add_by_column(terms, self.features)


def add_by_column(terms: NDArray[np.float64], features: Sequence[Feature]) -> NDArray[np.float64]:
    """Add up terms a feature, (n, f), into terms a source column in the order of each column's first feature.

    >>> features = [Feature(column="a", name="a1", kind="number"), Feature(column="a", name="a2", kind="number")]
    >>> add_by_column(np.array([[1.0, 2.0]]), features).tolist()
    [[3.0]]
    """
    columns = list(dict.fromkeys(feature.column for feature in features))
    total = np.zeros((len(terms), len(columns)))
    for i, feature in enumerate(features):
        total[:, columns.index(feature.column)] += terms[:, i]
    return total
