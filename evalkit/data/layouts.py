"""What encoded rows look like, whatever their values: a model accepts rows of the layout that it was fitted to."""

import hashlib
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from evalkit.core.schema import Modality
from evalkit.data.spool import blocks


class LayoutBase(BaseModel):
    """What all layouts share: they compare by value and dump to JSON.

    Attributes:
        modality: of the rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    modality: Modality


class TokenLayout(LayoutBase):
    """The layout of :class:`evalkit.data.tokens.Tokens`.

    Attributes:
        modality: texts.
        vocabulary_size: ids are 0 … vocabulary_size - 1, the end of a text included.
    """

    modality: Literal["texts"] = "texts"
    vocabulary_size: int


class PixelLayout(LayoutBase):
    """The layout of :class:`evalkit.data.pixels.Pixels`.

    Attributes:
        modality: images.
        channels: 1 is grey, 3 is RGB.
        height: in pixels.
        width: in pixels.
    """

    modality: Literal["images"] = "images"
    channels: int
    height: int
    width: int


class WindowLayout(LayoutBase):
    """The layout of :class:`evalkit.data.windows.Windows`.

    Attributes:
        modality: series.
        length: steps a window.
        channels: their names in order.
    """

    modality: Literal["series"] = "series"
    length: int
    channels: tuple[str, ...]


def digest(layout: LayoutBase, arrays: Iterable[NDArray[Any]], texts: Iterable[str] = ()) -> str:
    """SHA-256 of encoded rows: the same for the same layout and values, in memory or on disk.

    >>> rows = np.array([1, 2], dtype=np.int32)
    >>> digest(TokenLayout(vocabulary_size=3), [rows]) == digest(TokenLayout(vocabulary_size=4), [rows])
    False
    """
    result = hashlib.sha256(layout.model_dump_json().encode())
    for array in arrays:
        result.update(f"{array.shape}{array.dtype.str}".encode())
        for block in blocks(len(array), array[:1].nbytes):
            result.update(np.ascontiguousarray(array[block]).tobytes())
    for text in texts:
        encoded = text.encode()
        result.update(len(encoded).to_bytes(8, "little") + encoded)
    return result.hexdigest()
