"""What a row of a Sample, or several of a table, look like to a rater: bytes and their kind, the same bytes for the same rows."""

import hashlib
import io
import json
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from evalkit.core.errors import InputError
from evalkit.core.sample import Images, Sample, Series, Table, Texts

MOST_BYTES = 4_000_000
"""Of one output: a rater's browser has to show it."""
MOST_ROWS = 50
"""Of a table in one output: a rater has to look through them."""
TEXT, PICTURE, ROW, STEPS = "text/plain", "image/png", "application/x-row+json", "application/x-series+json"
ROWS = "application/x-rows+json"


class Content(NamedTuple):
    """Bytes to show, and of what kind.

    Attributes:
        media_type: text in UTF-8, a PNG image, a row of a table ``{column: cell}``, several of them ``{"columns": [...], "rows":
            [[...], ...]}``, or the steps of a series ``{"channels": [...], "values": [[...], ...]}``; missing values are null.
        data: the bytes.
    """

    media_type: str
    data: bytes

    @property
    def digest(self) -> str:
        """The SHA-256 of kind and bytes: equal contents are stored once."""
        return hashlib.sha256(self.media_type.encode() + b"\n" + self.data).hexdigest()

    def text(self) -> str:
        """Of a text."""
        return self.data.decode()

    def fields(self) -> dict[str, Any]:
        """Of rows or a series."""
        fields: dict[str, Any] = json.loads(self.data)
        return fields


def text_content(text: str) -> Content:
    """A text as content."""
    return Content(TEXT, text.encode(errors="replace"))


def content_of(sample: Sample, row: int, rows: int = 1) -> Content:
    """One row of a Sample, or so many of a table from there on.

    Raises:
        InputError: it is too large to be shown, or several rows of something else than a table.
    """
    content = _content(sample, row) if rows == 1 else _table(sample, slice(row, row + rows))
    if len(content.data) > MOST_BYTES:
        size = f"{len(content.data) / 1e6:.1f} MB"
        raise InputError(f"row {row + 1} of {sample.name} takes {size}: at most {MOST_BYTES / 1e6:.0f} MB can be shown to a rater")
    return content


def _content(sample: Sample, row: int) -> Content:
    match sample:
        case Texts():
            return text_content(sample.texts[row].as_py())
        case Images():
            return Content(PICTURE, _png(sample.pixels[row]))
        case Series():
            values = [[_number(value) for value in step] for step in sample.steps(row)]
            return Content(STEPS, _json({"channels": list(sample.channels), "values": values}))
        case Table():
            cells = sample.frame.iloc[row]
            return Content(ROW, _json({str(name): _cell(cells[name]) for name in sample.frame.columns}))


def _table(sample: Sample, rows: slice) -> Content:
    if not isinstance(sample, Table):
        raise InputError(f"several rows make one output of a table only, and {sample.name} holds {sample.schema.modality}")
    cells = [[_cell(cell) for cell in row] for row in sample.frame.iloc[rows].itertuples(index=False, name=None)]
    return Content(ROWS, _json({"columns": [str(name) for name in sample.frame.columns], "rows": cells}))


def _png(pixels: Any) -> bytes:
    """An image without loss, except that colours of 16 bits a channel are shown with 8."""
    from PIL import Image

    if pixels.dtype == np.uint16 and pixels.shape[2] == 3:
        pixels = (pixels >> 8).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(file, "PNG")
    return file.getvalue()


def _cell(value: object) -> str | float | None:
    """A cell as it is shown; None where it is missing."""
    if pd.isna(value):  # type: ignore[call-overload]
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat(sep=" ")
    return _number(value) if isinstance(value, float | np.floating) else str(value)


def _number(value: Any) -> float | None:
    number = float(f"{float(value):.8g}")
    return number if np.isfinite(number) else None


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
