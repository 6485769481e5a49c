"""The table of alarms, in which one row is chosen."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from evalkit.anomaly.detection import Detection
from evalkit.compare import words
from evalkit.compare.alarms import SHARE_TO_HERE
from evalkit.run.verdicts import Verdict

MAX_ROWS = 1000
_MOVES = "alarms_moved"
NOT_EXPLAINED = "not explained: beyond the 1,000 rows that are"


def choose(detection: Detection, table: pd.DataFrame, said: Mapping[int, Verdict]) -> int:
    """The table of alarms; returns the position of the chosen row, the most anomalous one at first.

    Args:
        detection: the run.
        table: the alarms.
        said: verdicts so far, by row.
    """
    rows = [int(row) for row in table.index]
    asked = st.query_params.get("row", "")
    first = rows.index(int(asked)) if asked.isdecimal() and int(asked) in rows else 0
    chosen = st.dataframe(
        _readable(detection, table, said),
        hide_index=True,
        height=248,
        # A table that is drawn anew begins with the row that a key went to.
        key=f"alarms-{100 * detection.summary.fdr:g}-{st.session_state.get(_MOVES, 0)}",
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [first]}},
        column_config={
            "id": words.visible(detection.summary.id_column or "row", 40),
            "score": st.column_config.NumberColumn(format="%.3g"),
        },
        alt="The flagged rows, most anomalous first.",
    )
    if detection.summary.n_alarms > MAX_ROWS:
        st.caption(f"The {MAX_ROWS:,} most anomalous of {detection.summary.n_alarms:,} alarms; the download holds all.")
    position = chosen["selection"]["rows"]
    row = rows[position[0] if position and position[0] < len(rows) else 0]
    st.query_params["row"] = str(row)
    return row


def go(rows: Sequence[int], row: int, by: int) -> None:
    """Choose the alarm that many places further down."""
    place = min(max(rows.index(row) + by, 0), len(rows) - 1)
    st.query_params["row"] = str(rows[place])
    st.session_state[_MOVES] = st.session_state.get(_MOVES, 0) + 1


def _readable(detection: Detection, table: pd.DataFrame, said: Mapping[int, Verdict]) -> pd.DataFrame:
    top = detection.reasons.sort_values("share", ascending=False, kind="stable").drop_duplicates("row").set_index("row")
    return pd.DataFrame(
        {
            "id": [words.visible(name, 80) for name in table.iloc[:, 0]],
            "main reason": [_reason(top.loc[row]) if row in top.index else NOT_EXPLAINED for row in table.index],
            "false alarms to here": [words.percent(share) for share in table[SHARE_TO_HERE]],
            "score": table["anomaly_score"].to_numpy(),
            "your verdict": [said.get(int(row), "open") for row in table.index],
        }
    )


def _reason(top: "pd.Series[Any]") -> str:
    return f"{words.visible(top['column'], 40)} is {words.visible(top['value'], 60)}, usual: {words.visible(top['usual'], 60)}"
