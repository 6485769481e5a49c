"""The result of a run: the finding, the alarms, and why each was raised."""

from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from evalkit.anomaly.detection import Detection
from evalkit.compare import words
from evalkit.compare.alarms import at_fdr, most_anomalous_first, reasons_of, row_name
from evalkit.compare.charts import reason_bars, score_histogram
from evalkit.compare.report import p_value_words
from evalkit.run.jobs import Job
from evalkit.run.verdicts import verdicts
from parts.alarm_table import MAX_ROWS, choose
from parts.details import details
from parts.downloads import download_alarms, further_downloads
from parts.escape import escaped
from parts.opened import DETECT, forget
from parts.theme import is_dark
from parts.verdict import judge

SHARES = ["5", "10", "20"]


def result(job: Job) -> None:
    """Everything about a finished run."""
    own = f"{100 * load(job.folder).summary.fdr:g}"
    header = st.container(horizontal=True, vertical_alignment="center")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sentence = st.container(width="stretch", gap=None)
        share = _accepted(job, own)
        st.button("Use my file" if job.request().sample else "Start another", on_click=partial(forget, DETECT), key="again")
    detection = shown(job.folder, float(share) / 100)
    with header:
        st.markdown(f"#### {escaped(detection.summary.finding)}", width="stretch")
        download_alarms(job, detection)
        further_downloads(job, detection)
    with sentence:
        _expectation(job, detection)
    _body(job, detection, ordered(job.folder, float(share) / 100))


@st.cache_resource(max_entries=4, show_spinner=False)
def load(folder: Path) -> Detection:
    """The run's result, read once for all sessions."""
    return Job(folder).detection()


@st.cache_resource(max_entries=8, show_spinner=False)
def shown(folder: Path, fdr: float) -> Detection:
    """The run at another accepted share of false alarms."""
    return at_fdr(load(folder), fdr)


@st.cache_resource(max_entries=8, show_spinner=False)
def ordered(folder: Path, fdr: float) -> pd.DataFrame:
    """The alarms that the table lists."""
    return most_anomalous_first(shown(folder, fdr)).head(MAX_ROWS)


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


def _body(job: Job, detection: Detection, table: pd.DataFrame) -> None:
    left, right = st.columns([4, 3], gap="medium")
    below = st.container()
    with below:
        said = verdicts(job.folder)
        row = choose(detection, table, said)
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
        judge(job, [int(one) for one in table.index], row, said.get(row))
    details(detection)


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
