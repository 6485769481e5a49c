"""Detect: find the rows that do not fit, with a stated share of false alarms."""

from functools import partial

import streamlit as st
from parts.opened import DETECT, PLACES, opened, start_again
from parts.result import result
from parts.setup import setup
from parts.watch import no_result, watch

from evalkit.run.jobs import RUNNING, Job


def page() -> None:
    """The form, the progress or the result, as the link says."""
    job = opened(DETECT)
    if job is None:
        setup()
    elif job.request().verb != "detect":
        st.switch_page(PLACES[job.request().verb].script, query_params={"run": job.id})
    else:
        show(job)


def show(job: Job) -> None:
    """One run, wherever it stands."""
    status = job.status()
    if status.state == "finished":
        result(job)
    elif status.state in RUNNING:
        st.markdown("#### Looking for rows that do not belong")
        watch(job)
    else:
        no_result(job, status)
        st.button("Start again", on_click=partial(start_again, DETECT, job), type="primary", key="again")


page()
