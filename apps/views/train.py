"""Train: watch a small generator learn, and look inside."""

import streamlit as st
from parts.fit_result import fit_result
from parts.fit_setup import fit_setup
from parts.fit_watch import fit_watch, unfinished
from parts.opened import PLACES, TRAIN, opened

from evalkit.run.jobs import RUNNING, Job


def page() -> None:
    """The form, the progress or the result, as the link says."""
    job = opened(TRAIN)
    if job is None:
        fit_setup()
    elif job.request().verb != "fit":
        st.switch_page(PLACES[job.request().verb].script, query_params={"run": job.id})
    else:
        show(job)


def show(job: Job) -> None:
    """One fit, wherever it stands."""
    status = job.status()
    if status.state == "finished":
        fit_result(job)
    elif status.state in RUNNING:
        fit_watch(job)
    else:
        unfinished(job, status)


page()
