"""Encoded images: one array of floats."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import ShapeError
from evalkit.core.sample import RowNumbers
from evalkit.data.layouts import PixelLayout, digest
from evalkit.data.spool import taken


@dataclass(frozen=True, eq=False)
class Pixels:
    """Images in encoded form.

    Attributes:
        values: (n, channels, height, width) float32 from 0 (black) to 1; never NaN.
        captions: one text an image, or None.

    >>> pixels = Pixels(np.zeros((2, 1, 28, 28), dtype=np.float32), ("zero", "one"))
    >>> pixels.layout
    PixelLayout(modality='images', channels=1, height=28, width=28)
    """

    values: NDArray[np.float32]
    captions: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 4 or (self.captions is not None and len(self.captions) != len(self.values)):
            given = "no captions" if self.captions is None else f"{len(self.captions)} captions"
            raise ShapeError(
                "pixels need shape (n, channels, height, width) and as many captions or none, "
                f"got shape {self.values.shape} and {given}"
            )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def layout(self) -> PixelLayout:
        """Channels, height and width."""
        _, channels, height, width = self.values.shape
        return PixelLayout(channels=channels, height=height, width=width)

    def take(self, rows: RowNumbers) -> Self:
        """The given images with their captions."""
        captions = None if self.captions is None else tuple(self.captions[i] for i in np.arange(len(self))[rows])
        return replace(self, values=taken(self.values, rows), captions=captions)

    def digest(self) -> str:
        """A hash of layout, values and captions."""
        return digest(self.layout, [self.values], self.captions or ())
