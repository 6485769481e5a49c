"""Rows of any modality in a form that a report and a page can show without the data."""

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evalkit.compare.closer_look import Shown
from evalkit.core.sample import Images, Sample, Table, Texts
from evalkit.core.schema import Kind
from evalkit.data.windows import Windows
from evalkit.run.pictures import eight_bits, picture

LONGEST_TEXT, MOST_CELLS, LONGEST_CELL, MOST_STEPS, LARGEST_PICTURE = 600, 30, 80, 300, 256
"""What is shown of one row at most: characters, columns, characters a cell, steps, pixels a side."""


def shown_rows(sample: Sample, places: Sequence[int], numbers: Sequence[int], windows: Windows | None = None) -> list[Shown]:
    """Rows to look at, cut where they are long.

    Args:
        sample: what they are rows of.
        places: which rows; of series, which windows.
        numbers: what each of them is called.
        windows: of series, as they were compared.
    """
    return [_shown(sample, place, number, windows) for place, number in zip(places, numbers, strict=True)]


def _shown(sample: Sample, place: int, number: int, windows: Windows | None) -> Shown:
    if isinstance(sample, Table):
        return Shown(row=number, kind="cells", cells=_cells(sample, place))
    if isinstance(sample, Texts):
        text = str(sample.texts[place])
        return Shown(row=number, kind="text", text=text[:LONGEST_TEXT] + ("…" if len(text) > LONGEST_TEXT else ""))
    if isinstance(sample, Images):
        return Shown(row=number, kind="picture", picture=_png(sample.pixels[place]))
    if windows is None:
        raise AssertionError("a series is shown by its windows")
    steps = windows.values[place, :MOST_STEPS]
    values = tuple(tuple(None if np.isnan(value) else float(value) for value in step) for step in steps)
    return Shown(row=number, kind="steps", steps=values, channels=windows.channels)


def _cells(table: Table, place: int) -> tuple[tuple[str, str], ...]:
    """Names and values, as the source wrote them where that is known."""
    row = table.frame.iloc[place, :MOST_CELLS]
    missing, kinds = row.isna(), {column.name: column.kind for column in table.schema.columns}
    written = {} if table.cells is None else {name: table.cells[name] for name in table.cells.column_names}

    def text(name: str) -> str:
        if missing[name]:
            return "missing"
        source = written[name][place].as_py() if name in written else None
        return source[:LONGEST_CELL] if isinstance(source, str) else _text(row[name], kinds[name])

    return tuple((str(name)[:LONGEST_CELL], text(name)) for name in row.index)


def _text(value: object, kind: Kind) -> str:
    if kind == "boolean":
        return "yes" if value else "no"
    return f"{value:.8g}" if isinstance(value, float) else str(value)[:LONGEST_CELL]


def _png(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> str:
    drawn, file = picture(eight_bits(pixels)), BytesIO()
    drawn.thumbnail((LARGEST_PICTURE, LARGEST_PICTURE), Image.Resampling.BOX)
    drawn.save(file, "PNG")
    return b64encode(file.getvalue()).decode("ascii")
