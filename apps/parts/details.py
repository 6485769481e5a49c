"""What folds open below the alarms: trust, data and settings, all scores."""

from typing import Any

import pandas as pd
import streamlit as st

from evalkit.anomaly.detection import Detection
from evalkit.compare import words
from evalkit.compare.charts import p_value_histogram, p_value_plot
from evalkit.compare.report import calibration_words, checks, settings
from parts.theme import is_dark


def details(detection: Detection) -> None:
    summary = detection.summary
    for sentence in summary.caution:
        st.text(words.visible(sentence, 400))
    with st.expander("Can the p-values be trusted?"):
        st.markdown(calibration_words(summary))
        _spread(detection)
        st.altair_chart(p_value_plot(detection, dark=is_dark()), theme=None, width="stretch", key="p_values")
        st.caption("Points under the dashed line, up to the last one under it, are flagged.")
        st.dataframe(_two_columns(checks(summary), "check", "outcome"), hide_index=True)
    with st.expander("Data and settings used"):
        found = [{"column": p.column or "all", "what": p.what, "rows": p.rows} for p in summary.problems]
        st.markdown("Problems found in the data:" if found else "No problem was found in the data.")
        if found:
            st.dataframe(pd.DataFrame(found), hide_index=True)
        st.dataframe(_two_columns(settings(summary), "setting", "value"), hide_index=True)
    with st.expander("All scores"):
        st.dataframe(detection.scores, hide_index=True, lazy=True, key="scores", column_config=_short(detection.scores))


def _spread(detection: Detection) -> None:
    """Whether the p-values lie as those of normal rows do, where that can be seen."""
    if detection.summary.way != "reference":
        st.caption(
            "Without a clean reference the rows are ranked among themselves: such p-values lie level whatever the data, and how "
            "they are spread does not show whether they can be trusted."
        )
        return
    st.altair_chart(p_value_histogram(detection, dark=is_dark()), theme=None, width="stretch", key="p_histogram")
    st.caption(
        "Bars level with the dashed line, within the band, can be trusted: so lie p-values of normal rows. A peak at the far left "
        "is the anomalies; bars that fall or rise all along mean that the share of false alarms is off."
    )


def _short(scores: pd.DataFrame) -> dict[str, Any]:
    """The columns after the row's id in plain words and with three digits; the files keep names and digits."""
    columns = {str(name): str(name).replace("_", " ") for name in scores.columns[1:]}
    number, other = st.column_config.NumberColumn, st.column_config.Column
    return {
        name: number(label, format="%.3g") if pd.api.types.is_float_dtype(scores[name]) else other(label)
        for name, label in columns.items()
    }


def _two_columns(lines: list[tuple[str, str]], first: str, second: str) -> pd.DataFrame:
    return pd.DataFrame([(words.visible(a), words.visible(b, 400)) for a, b in lines], columns=[first, second])
