"""What a rater looks at: text as letters, images byte for byte, rows as a table, series as lines."""

import pandas as pd
import streamlit as st

from evalkit.compare.words import visible
from evalkit.run.rating import PICTURE, ROW, ROWS, STEPS, Content, masked

MOST_LETTERS = 20_000
"""Of a text, before the rest is asked for."""
_HEIGHT = 420
_LINE = 35  # of a table of rows: a dozen are seen without scrolling inside of it
_WIDTH = 360  # of an image: both and all answers fit on a screen of 800 pixels; narrower where the screen is


def show_content(content: Content, words: tuple[str, ...], key: str) -> None:
    """One output, reference or context.

    Args:
        content: what is shown.
        words: to be covered in texts.
        key: of the widget that unfolds a long text.
    """
    if content.media_type == PICTURE:
        # Left to choose, Streamlit would send photographs as JPEG: what is rated must be what was generated.
        st.image(content.data, output_format="PNG", width=_WIDTH)
    elif content.media_type == ROW:
        _row(content, words)
    elif content.media_type == ROWS:
        _rows(content, words)
    elif content.media_type == STEPS:
        _steps(content)
    else:
        show_text(masked(content.text(), words), key)


def show_text(text: str, key: str) -> None:
    """A text, its beginning if it is long; characters that reorder or hide others are named."""
    if len(text) > MOST_LETTERS and not st.toggle(f"Show all {len(text):,} letters", key=f"all-{key}"):
        text = text[:MOST_LETTERS] + " …"
    if len(text) > 2000:
        with st.container(height=_HEIGHT, border=False):
            st.text(visible(text, len(text)))
    else:
        st.text(visible(text, len(text)) or "(empty)")


def _row(content: Content, words: tuple[str, ...]) -> None:
    fields = content.fields()
    cells = [_cell(cell, words) for cell in fields.values()]
    st.dataframe(pd.DataFrame({"column": list(fields), "value": cells}), hide_index=True, width="stretch")


def _rows(content: Content, words: tuple[str, ...]) -> None:
    fields = content.fields()
    cells = [[_cell(cell, words) for cell in row] for row in fields["rows"]]
    height = min(_LINE * (len(cells) + 1) + 3, _HEIGHT)
    st.dataframe(pd.DataFrame(cells, columns=fields["columns"]), hide_index=True, width="stretch", height=height)


def _cell(cell: str | float | None, words: tuple[str, ...]) -> str:
    return "" if cell is None else masked(str(cell), words)


def _steps(content: Content) -> None:
    fields = content.fields()
    frame = pd.DataFrame(fields["values"], columns=fields["channels"], dtype="float64")
    st.line_chart(frame, height=220, x_label="step")
