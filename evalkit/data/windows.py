"""Encoded series: windows of equal length."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import ShapeError
from evalkit.core.sample import RowNumbers
from evalkit.data.layouts import WindowLayout, digest
from evalkit.data.spool import taken


@dataclass(frozen=True, eq=False)
class Windows:
    """Series in encoded form: each row is one stretch of one entity's steps.

    Attributes:
        values: (n, length, channels) float64 in the channels' units; NaN = missing; never infinite.
        channels: their names.
        entities: (n,) int64, which of the series' entities each window was cut from.
        starts: (n,) int64, the step of that entity at which it begins; negative when the entity is shorter than a window and
            missing steps stand in front.

    >>> values = np.zeros((2, 3, 1))
    >>> windows = Windows(values, ("level",), entities=np.array([0, 0]), starts=np.array([0, 3]))
    >>> windows.layout
    WindowLayout(modality='series', length=3, channels=('level',))
    """

    values: NDArray[np.float64]
    channels: tuple[str, ...]
    entities: NDArray[np.int64]
    starts: NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.values)
        if self.values.ndim != 3 or self.values.shape[2] != len(self.channels) or {len(self.entities), len(self.starts)} != {n}:
            raise ShapeError(
                f"windows need shape (n, length, {len(self.channels)}) with an entity and a start each, got {self.values.shape}, "
                f"{len(self.entities)} entities and {len(self.starts)} starts"
            )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def layout(self) -> WindowLayout:
        """Length and channels."""
        return WindowLayout(length=self.values.shape[1], channels=self.channels)

    def take(self, rows: RowNumbers) -> Self:
        """The given windows."""
        return replace(self, values=taken(self.values, rows), entities=self.entities[rows], starts=self.starts[rows])

    def digest(self) -> str:
        """A hash of layout, values and places."""
        return digest(self.layout, [self.values, self.entities, self.starts])
