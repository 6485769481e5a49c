"""Compare: which generator is closer to the real data, by which figure, and how surely."""

from functools import partial

import streamlit as st
from parts.compare_result import compare_result
from parts.compare_setup import compare_setup
from parts.compare_watch import compare_watch
from parts.opened import COMPARE, PLACES, opened, start_again
from parts.watch import no_result

from evalkit.run.jobs import RUNNING, Job


def page() -> None:
    """The form, the progress or the result, as the link says."""
    job = opened(COMPARE)
    if job is None:
        compare_setup()
    elif job.request().verb != "evaluate":
        st.switch_page(PLACES[job.request().verb].script, query_params={"run": job.id})
    else:
        show(job)


def show(job: Job) -> None:
    """One comparison, wherever it stands."""
    status = job.status()
    if status.state == "finished":
        compare_result(job)
    elif status.state in RUNNING:
        compare_watch(job)
    else:
        no_result(job, status)
        st.button("Start again", on_click=partial(start_again, COMPARE, job), type="primary", key="again")


page()
