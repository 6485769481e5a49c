"""A fit that is at work, or that ended before its end."""

from functools import partial

import streamlit as st

from evalkit.compare.words import count, visible
from evalkit.core.errors import InputError
from evalkit.run.jobs import RESUMABLE, RUNNING, Job, Status
from evalkit.run.starting import resume
from parts.fit_curve import curves
from parts.opened import TRAIN, start_again
from parts.shown_sample import drawn_beside_real
from parts.states import IN_WORDS, duration, fit_in_words


@st.fragment(run_every="2s")
def fit_watch(job: Job) -> None:
    """Live losses and draws with Stop; turns the page as soon as the fit has ended."""
    status = job.status()
    if status.state not in RUNNING:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"#### {_headline(job, status)}", width="stretch")
        st.button("Stop", on_click=job.stop, disabled=status.state == "stopping", type="primary", key="stop")
    st.progress(status.done / status.total)
    _where_it_stands(job, status)
    so_far(job, status)
    st.caption("You can close this page or go elsewhere: the fit goes on, and Home lists it. Stopped, it can go on later.")


def so_far(job: Job, status: Status) -> None:
    """The curve and the newest draw of a fit."""
    left, right = st.columns(2, gap="medium")
    with left:
        curves(job.curve(), status.alarms)
    with right:
        _newest_draw(job)


def unfinished(job: Job, status: Status) -> None:
    """What happened, what is kept and what to do; what was seen so far stays."""
    resumable = status.state in RESUMABLE
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"#### {_why_it_ended(status)}", width="stretch")
        if resumable:
            st.button("Go on", on_click=_resume, args=(job,), type="primary", key="resume")
        anew = partial(start_again, TRAIN, job)
        st.button("Start again", on_click=anew, type="secondary" if resumable else "primary", key="again")
    st.text(visible(job.request().data.name, 80))
    if resumable:
        st.info("Everything up to the last checkpoint is kept; gone on with, it ends as if it had never been interrupted.")
    elif status.error:
        st.error("The data and the settings are kept with the run. Change what the sentence below names and start again.")
    if status.error:
        st.code(status.error, language=None, wrap_lines=True)
    if job.curve():
        so_far(job, status)


def _headline(job: Job, status: Status) -> str:
    if status.state == "queued" or not status.done:
        return "Getting ready to train"
    if status.state == "stopping":
        return "Stopping at the next step"
    left = "" if status.left_seconds is None else f", about {duration(status.left_seconds)} left at most"
    return f"{fit_in_words(job, status)}{left}"


def _why_it_ended(status: Status) -> str:
    step = f" at step {count(status.done)} of {count(status.total)}" if status.done else ""
    return f"{IN_WORDS[status.state]}{step}"


def _where_it_stands(job: Job, status: Status) -> None:
    life = status.heartbeat_seconds
    alive = "waiting for the first sign of life" if life is None else f"last sign of life {duration(life)} ago"
    sample = ". Sample data, not yours" if job.request().sample else ""
    st.text(f"{visible(job.request().data.name, 60)}: {visible(status.stage, 60)}, {alive}{sample}.")


def _newest_draw(job: Job) -> None:
    steps = job.previews.steps()
    missed = job.previews.missed()
    if not steps:
        st.markdown("**Drawn on the way**")
        st.text(visible(missed, 300) if missed else "The first rows appear here in a moment.")
        st.skeleton(height=300)
        return
    st.markdown(f"**Drawn at step {count(steps[-1])}, always with the same seeds**")
    drawn = job.previews.at(steps[-1])
    if drawn is not None:
        drawn_beside_real(drawn, job.previews.real(), "live")


def _resume(job: Job) -> None:
    try:
        resume(job)
    except InputError as error:
        st.warning(f"{str(error).capitalize()}.")
