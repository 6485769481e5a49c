"""Home: what can I do here, and what was done before."""

import streamlit as st
from parts.compare_words import controls_of
from parts.opened import COMPARE, DETECT, PLACES, TRAIN
from parts.states import IN_WORDS, duration

from evalkit.compare.evaluation import headline
from evalkit.compare.words import held_out_words, visible
from evalkit.run.families import title_of
from evalkit.run.jobs import Job, list_jobs

N_RECENT = 10


def detect_card() -> None:
    """Find rows that do not belong."""
    with st.container(border=True):
        st.markdown("##### Find the rows that do not belong")
        st.markdown(
            "Give a table. See which rows look anomalous, which columns make them so, and how many of the alarms to expect to be "
            "false. With a clean reference, or with nothing but the table itself."
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Detect anomalies", type="primary"):
                st.session_state.pop(DETECT.memory, None)
                st.switch_page(DETECT.script)
            st.page_link(DETECT.script, label="Try it on sample data", query_params={"sample": "payments"})


def train_card() -> None:
    """Fit a generator."""
    with st.container(border=True):
        st.markdown("##### Watch a generator learn your data")
        st.markdown(
            "Give a table, images, texts or series. See how well a generative model learns them, what it draws on its way, and "
            "take new rows and the model with you."
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Train a generator"):
                st.session_state.pop(TRAIN.memory, None)
                st.switch_page(TRAIN.script)
            st.page_link(TRAIN.script, label="Try it on sample data", query_params={"sample": "wine"})


def compare_card() -> None:
    """Hold generators against real data."""
    with st.container(border=True):
        st.markdown("##### Compare generators by measurement")
        st.markdown(
            "Give real data and what your generators drew. See which one is closer to the real data, by which figures, and where "
            "no difference may be concluded."
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Compare generators"):
                st.session_state.pop(COMPARE.memory, None)
                st.switch_page(COMPARE.script)
            st.page_link(COMPARE.script, label="Try it on sample data", query_params={"sample": "wine"})


def study_card() -> None:
    """Ask people."""
    with st.container(border=True):
        st.markdown("##### Ask people which is better")
        st.markdown(
            "Give what generators made. Send raters a link; they vote with one key, no vote is lost, and you see how firm the "
            "ranking is."
        )
        if st.button("Ask people"):
            st.switch_page("views/study.py")


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
            finding = found(job) if status.state == "finished" else IN_WORDS[status.state]
            st.text(visible(finding if request.sample is None else f"{finding}. Sample data, not yours."))
            st.caption(f"{duration(job.age_seconds())} ago")
        st.page_link(PLACES[request.verb].script, label="Open", query_params={"run": job.id})


def found(job: Job) -> str:
    """What came of a finished run, in words."""
    if job.request().verb == "detect":
        return job.detection().summary.finding
    if job.request().verb == "evaluate":
        return headline(job.evaluation(), controls_of(job)).rstrip(".")
    outcome = job.outcome()
    return f"{title_of(outcome.backbone)} fitted. {held_out_words(outcome.held_out).rstrip('.')}"


st.markdown("#### What would you like to know about your data?")
left, right = st.columns([2, 3], gap="large")
with left:
    detect_card()
    train_card()
    compare_card()
    study_card()
with right:
    recent()
st.caption("Everything stays on this computer: evalkit asks no other server for anything.")
