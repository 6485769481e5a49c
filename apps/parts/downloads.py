"""What can be taken away: made when it is asked for, at the share of false alarms that is shown."""

from functools import partial
from io import BytesIO

import streamlit as st

from evalkit.anomaly.detection import Detection
from evalkit.compare.alarms import most_anomalous_first
from evalkit.compare.report import report_html
from evalkit.run.jobs import Job, delete
from evalkit.run.verdicts import verdicts
from parts.opened import DETECT, forget


def download_alarms(job: Job, detection: Detection) -> None:
    """The page's one primary action."""
    st.download_button(
        "Download alarms",
        partial(alarms_csv, job, detection),
        "alarms.csv",
        "text/csv",
        type="primary",
        on_click="ignore",
        disabled=not detection.summary.n_alarms,
        key="download_alarms",
    )


def further_downloads(job: Job, detection: Detection) -> None:
    """Report, scores, settings, and the way to delete the run."""
    with st.popover("More"):
        offers = (
            ("Report (HTML)", partial(report_html, detection), "report.html", "text/html"),
            ("All scores (Parquet)", partial(scores_parquet, detection), "scores.parquet", "application/octet-stream"),
            ("Settings (JSON)", partial(settings_json, job, detection), "settings.json", "application/json"),
        )
        for label, make, name, kind in offers:
            st.download_button(label, make, name, kind, on_click="ignore", width="stretch", key=f"download_{name}")
        st.button("Delete this run", on_click=_delete, args=(job,), width="stretch", key="delete")


def alarms_csv(job: Job, detection: Detection) -> str:
    """The flagged rows, most anomalous first, with eight significant digits as in every file, and the user's verdicts."""
    table = most_anomalous_first(detection)
    said = verdicts(job.folder)
    judged = table.assign(verdict=[said.get(int(row), "") for row in table.index])
    return judged.to_csv(index=False, float_format="%.8g", lineterminator="\n")


def scores_parquet(detection: Detection) -> bytes:
    """All rows with their scores."""
    buffer = BytesIO()
    detection.scores.to_parquet(buffer, index=False)
    return buffer.getvalue()


def settings_json(job: Job, detection: Detection) -> str:
    """What is needed to run it again, with the summary of what came out."""
    return detection.summary.model_copy(
        update={"settings": detection.summary.settings | job.request().settings.model_dump(mode="json")}
    ).model_dump_json(indent=1)


def _delete(job: Job) -> None:
    delete(job)
    forget(DETECT)
