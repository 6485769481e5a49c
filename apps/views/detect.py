"""Detect: find the rows that do not fit, with a stated share of false alarms."""

import streamlit as st
from parts.result import forget, result
from parts.setup import setup
from parts.watch import no_result, watch

from evalkit.core.errors import InputError
from evalkit.run.jobs import RUNNING, Job, find_job


def page() -> None:
    """The form, the progress or the result, as the link says."""
    # Links of the navigation carry no parameters; the session still knows what was open.
    job_id = st.query_params.get("run") or ("" if "sample" in st.query_params else st.session_state.get("run", ""))
    if not job_id:
        setup()
        return
    try:
        job = find_job(job_id)
    except InputError as error:
        st.session_state.pop("run", None)
        st.warning(f"{str(error).capitalize()}.")
        setup()
        return
    st.session_state["run"] = job_id
    st.query_params["run"] = job_id
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
        st.button("Start again", on_click=forget, type="primary", key="again")


page()
