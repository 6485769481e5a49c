"""A few rows of any modality, drawn ones beside real ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from evalkit.compare.curves import series_lines
from evalkit.compare.words import visible
from evalkit.core.sample import Images, Sample, Series, Table, Texts
from evalkit.core.schema import Modality
from evalkit.run.pictures import sheet
from parts.theme import is_dark

LONGEST_SHOWN = 600
NOUNS: dict[Modality, str] = {"table": "rows", "images": "images", "texts": "texts", "series": "series"}
"""What a Sample of a modality is made of."""

TABLE_ROWS = 5
_ROW_HEIGHT = 28


def drawn_beside_real(drawn: Sample, real: Sample | None, key: str) -> None:
    """Drawn rows, and as many real ones below to compare them with."""
    shown(drawn, f"{key}-drawn")
    if real is not None:
        st.markdown("**Real, to compare**")
        shown(real, f"{key}-real")


def shown(sample: Sample, key: str) -> None:
    """Rows as their modality is looked at."""
    if isinstance(sample, Table):
        table(sample.frame.head(TABLE_ROWS), key)
    elif isinstance(sample, Images):
        st.image(sheet(sample), output_format="PNG", alt=f"{len(sample)} images side by side.")
    elif isinstance(sample, Texts):
        for text in sample.texts.to_pylist():
            st.code(visible_lines(text), language=None, wrap_lines=True)
    else:
        lines(sample, key)


def strip(sample: Sample, key: str, across: int | None = None) -> None:
    """All rows in their order: images in one line, tables whole."""
    if isinstance(sample, Images):
        st.image(sheet(sample, across or len(sample)), output_format="PNG", alt=f"{len(sample)} images in a line.")
    elif isinstance(sample, Table):
        table(sample.frame, key)
    elif isinstance(sample, Series):
        places = np.unique(np.linspace(0, len(sample) - 1, 4).round().astype(int))
        lines(sample.take(places), key, [f"{place + 1} of {len(sample)}" for place in places])
    else:
        shown(sample, key)


def table(frame: pd.DataFrame, key: str) -> None:
    """Rows of a table with few digits; text from data is spelled out."""
    frame = frame.copy()
    for name in frame.columns[[dtype.kind == "O" for dtype in frame.dtypes]]:
        frame[name] = [None if pd.isna(value) else visible(value, 80) for value in frame[name]]
    columns = {str(name): _column(visible(name, 60), frame[name]) for name in frame.columns}
    height = _ROW_HEIGHT * len(frame) + 38
    st.dataframe(
        frame, hide_index=True, height=height, row_height=_ROW_HEIGHT, column_config=columns, key=key, alt=f"{len(frame)} rows."
    )


def _column(label: str, values: "pd.Series[Any]") -> Any:
    if pd.api.types.is_float_dtype(values):
        return st.column_config.NumberColumn(label, format="%.4g")
    if pd.api.types.is_datetime64_any_dtype(values):
        return st.column_config.DatetimeColumn(label, format="YYYY-MM-DD HH:mm")
    return st.column_config.Column(label)


def lines(series: Series, key: str, names: Sequence[str] = ()) -> None:
    """Series as lines, with their names where they have some."""
    chart = series_lines([series.steps(i) for i in range(len(series))], series.channels, names=names, dark=is_dark())
    st.altair_chart(chart, theme=None, width="stretch", key=key)


def visible_lines(text: str) -> str:
    """A text with its line breaks, everything else spelled out as elsewhere, cut where it is long."""
    lines = [visible(line, LONGEST_SHOWN) for line in text[:LONGEST_SHOWN].split("\n")]
    return "\n".join(lines) + ("…" if len(text) > LONGEST_SHOWN else "")
