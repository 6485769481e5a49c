"""Encoded rows of any modality, and their layouts."""

from dataclasses import replace
from typing import Annotated, TypeVar

import numpy as np
from pydantic import Field

from evalkit.core.errors import SchemaError
from evalkit.data.layouts import PixelLayout, TokenLayout, WindowLayout
from evalkit.data.pixels import Pixels
from evalkit.data.rows import Rows, TableLayout
from evalkit.data.tokens import Tokens
from evalkit.data.windows import Windows

Encoded = Rows | Tokens | Pixels | Windows
"""Each has ``len()``, ``take(rows)``, ``layout`` and ``digest()``."""

Layout = Annotated[TableLayout | TokenLayout | PixelLayout | WindowLayout, Field(discriminator="modality")]
"""What a model was fitted to; read one from JSON with ``pydantic.TypeAdapter(Layout)``."""

E = TypeVar("E", Rows, Tokens, Pixels, Windows)


def expect(rows: Encoded, kind: type[E]) -> E:
    """The rows, where they must be of one kind.

    Raises:
        SchemaError: they are of another modality.
    """
    if not isinstance(rows, kind):
        raise SchemaError(f"{kind.__name__} are needed, got {type(rows).__name__}: give data of the model's own modality")
    return rows


def joined(first: Encoded, second: Encoded) -> Encoded:
    """The rows of both, of one layout.

    Raises:
        SchemaError: the layouts differ.
    """
    if first.layout != second.layout:
        raise SchemaError("rows of different layouts cannot be joined: encode both with one encoder")
    if isinstance(first, Rows):
        return replace(first, values=np.concatenate([first.values, expect(second, Rows).values]))
    if isinstance(first, Tokens):
        more = expect(second, Tokens)
        starts = np.concatenate([first.starts, first.starts[-1] + more.starts[1:]])
        return Tokens(np.concatenate([first.ids, more.ids]), starts, first.vocabulary_size)
    if isinstance(first, Pixels):
        images = expect(second, Pixels)
        captions = None if first.captions is None or images.captions is None else (*first.captions, *images.captions)
        return Pixels(np.concatenate([first.values, images.values]), captions)
    windows = expect(second, Windows)
    return replace(
        first,
        values=np.concatenate([first.values, windows.values]),
        entities=np.concatenate([first.entities, windows.entities]),
        starts=np.concatenate([first.starts, windows.starts]),
    )
