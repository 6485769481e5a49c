"""The result of a run: the finding, the alarms, and why each was raised."""

from pathlib import Path

import pandas as pd
import streamlit as st

from evalkit.anomaly.detection import Detection
from evalkit.compare import words
from evalkit.compare.alarms import SHARE_TO_HERE, at_fdr, most_anomalous_first, reasons_of, row_name
from evalkit.compare.charts import p_value_plot, reason_bars, score_histogram
from evalkit.compare.report import calibration_words, checks, p_value_words, settings
from evalkit.run.jobs import Job
from parts.downloads import download_alarms, further_downloads
from parts.escape import escaped

MAX_ROWS = 1000
SHARES = ["5", "10", "20"]


def result(job: Job) -> None:
    """Everything about a finished run."""
    own = f"{100 * load(job.folder).summary.fdr:g}"
    header = st.container(horizontal=True, vertical_alignment="center")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sentence = st.container(width="stretch", gap=None)
        share = _accepted(job, own)
        st.button("Use my file" if job.request().sample else "Start another", on_click=forget, key="again")
    detection = shown(job.folder, float(share) / 100)
    with header:
        st.markdown(f"#### {escaped(detection.summary.finding)}", width="stretch")
        download_alarms(detection)
        further_downloads(job, detection)
    with sentence:
        _expectation(job, detection)
    _body(detection)


@st.cache_resource(max_entries=4, show_spinner=False)
def load(folder: Path) -> Detection:
    """The run's result, read once for all sessions."""
    return Job(folder).detection()


@st.cache_resource(max_entries=8, show_spinner=False)
def shown(folder: Path, fdr: float) -> Detection:
    """The run at another accepted share of false alarms."""
    return at_fdr(load(folder), fdr)


def forget() -> None:
    """Leave the run: the page shows the form again."""
    st.session_state.pop("run", None)
    st.query_params.clear()


def _accepted(job: Job, own: str) -> str:
    """The accepted share of false alarms in percent: what the link says, or else the run's own."""
    options = sorted({*SHARES, own}, key=float)
    asked = st.query_params.get("fdr", own)
    if asked not in options:
        st.warning("The link asks for a share of false alarms that is not offered; the run's own is shown.")
    first = asked if asked in options else own
    share = st.segmented_control("False alarms you accept (%)", options, default=first, required=True, key=f"fdr-{job.id}")
    st.query_params["fdr"] = share
    return share


def _expectation(job: Job, detection: Detection) -> None:
    summary = detection.summary
    expected = words.expectation(summary.expected_false, summary.n_alarms, summary.fdr)
    st.markdown(f"{expected} **Sample data, not yours.**" if job.request().sample else expected)
    st.text(words.visible(summary.data.name, 60))


def _body(detection: Detection) -> None:
    table = most_anomalous_first(detection).head(MAX_ROWS)
    left, right = st.columns([3, 2], gap="medium")
    below = st.container()
    with below:
        row = _choose(detection, table)
    with left:
        st.markdown("**How unusual is each row?**")
        st.altair_chart(
            score_histogram(detection, dark=is_dark()).properties(height=290),
            theme=None,
            width="stretch",
            key="histogram",
        )
    with right:
        _why(detection, row)
    _folded(detection)


def _choose(detection: Detection, table: pd.DataFrame) -> int:
    """The table of alarms; returns the position of the chosen row, the most anomalous one at first."""
    rows = [int(row) for row in table.index]
    asked = st.query_params.get("row", "")
    first = rows.index(int(asked)) if asked.isdecimal() and int(asked) in rows else 0
    chosen = st.dataframe(
        _readable(detection, table),
        hide_index=True,
        height=248,
        key=f"alarms-{100 * detection.summary.fdr:g}",
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [first]}},
        column_config={"score": st.column_config.NumberColumn(format="%.3g")},
        alt="The flagged rows, most anomalous first.",
    )
    if detection.summary.n_alarms > MAX_ROWS:
        st.caption(f"The {MAX_ROWS:,} most anomalous of {detection.summary.n_alarms:,} alarms; the download holds all.")
    position = chosen["selection"]["rows"]
    row = rows[position[0] if position and position[0] < len(rows) else 0]
    st.query_params["row"] = str(row)
    return row


def _readable(detection: Detection, table: pd.DataFrame) -> pd.DataFrame:
    main = [_reason(detection, int(row)) for row in table.index]
    id_name = words.visible(detection.summary.id_column or "row", 40)
    return pd.DataFrame(
        {
            id_name: [words.visible(row_name(detection, int(row)), 80) for row in table.index],
            "main reason": main,
            "false alarms to here": [words.percent(share) for share in table[SHARE_TO_HERE]],
            "score": table["anomaly_score"].to_numpy(),
        }
    )


def _reason(detection: Detection, row: int) -> str:
    reasons = reasons_of(detection, row)
    if reasons.empty:
        return "not explained: beyond the 1,000 rows that are"
    top = reasons.iloc[0]
    return f"{words.visible(top['column'], 40)} is {words.visible(top['value'], 60)}, usual: {words.visible(top['usual'], 60)}"


def _why(detection: Detection, row: int) -> None:
    reasons = reasons_of(detection, row)
    with st.container(horizontal=True, gap="small"):
        st.markdown("**Why this row?**")
        st.text(words.visible(row_name(detection, row), 60))
    if reasons.empty:
        st.markdown("This row was not explained: only the 1,000 most anomalous are.")
        return
    st.altair_chart(reason_bars(reasons, dark=is_dark()), theme=None, width="stretch", key="reasons")
    st.caption(
        p_value_words(float(detection.scores["p_value"].iloc[row])) + " The columns moved the score; that is no proof of a cause."
    )


def _folded(detection: Detection) -> None:
    summary = detection.summary
    for sentence in summary.caution:
        st.text(words.visible(sentence, 400))
    with st.expander("Can the p-values be trusted?"):
        st.markdown(calibration_words(summary))
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
        st.dataframe(detection.scores, hide_index=True, lazy=True, key="scores")


def _two_columns(lines: list[tuple[str, str]], first: str, second: str) -> pd.DataFrame:
    return pd.DataFrame([(words.visible(a), words.visible(b, 400)) for a, b in lines], columns=[first, second])


def is_dark() -> bool:
    """Whether the browser shows the dark theme."""
    return bool(st.context.theme.type == "dark")
