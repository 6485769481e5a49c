"""Home: what can I do here, and what was done before."""

import streamlit as st
from parts.states import IN_WORDS, duration

from evalkit.compare.words import visible
from evalkit.run.jobs import Job, list_jobs

DETECT = "views/detect.py"
N_RECENT = 10


def card() -> None:
    """The one thing that can be done so far; further parts add theirs."""
    with st.container(border=True):
        st.markdown("##### Find the rows that do not belong")
        st.markdown(
            "Give a table. See which rows look anomalous, which columns make them so, and how many of the alarms to expect to be "
            "false. With a clean reference, or with nothing but the table itself."
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Detect anomalies", type="primary"):
                st.session_state.pop("run", None)
                st.switch_page(DETECT)
            st.page_link(DETECT, label="Try it on sample data", query_params={"sample": "payments"})


def recent() -> None:
    """The newest runs with links that open them."""
    st.markdown("##### Recent runs")
    jobs = list_jobs(N_RECENT)
    if not jobs:
        st.markdown("No run yet. Start with the sample data: it takes one click.")
    for job in jobs:
        line(job)


def line(job: Job) -> None:
    """One run: its data, where it stands, and a link. Names of files are shown as plain text."""
    status, request = job.status(), job.request()
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch", gap=None):
            st.text(visible(request.data.name, 80))
            finding = job.detection().summary.finding if status.state == "finished" else IN_WORDS[status.state]
            st.text(visible(finding if request.sample is None else f"{finding}. Sample data, not yours."))
            st.caption(f"{duration(job.age_seconds())} ago")
        st.page_link(DETECT, label="Open", query_params={"run": job.id})


st.markdown("#### What would you like to know about your data?")
left, right = st.columns([2, 3], gap="large")
with left:
    card()
with right:
    recent()
st.caption("Everything stays on this computer: evalkit asks no other server for anything.")
