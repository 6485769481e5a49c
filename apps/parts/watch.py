"""A run that is at work, or that ended without a result."""

import streamlit as st

from evalkit.compare.words import figure, visible
from evalkit.run.jobs import RUNNING, Job, Status
from parts.states import IN_WORDS, duration


@st.fragment(run_every="1s")
def watch(job: Job) -> None:
    """Live progress with Stop; turns the page as soon as the run has ended."""
    status = job.status()
    if status.state not in RUNNING:
        st.rerun()
    with st.container(border=True):
        st.text(f"{IN_WORDS[status.state]}: {visible(status.stage)}")
        st.progress(status.done / status.total)
        st.text(_figures(status))
        st.text(_life(status))
        st.button("Stop", on_click=job.stop, disabled=status.state == "stopping", key="stop")
    st.caption("You can close this page or go elsewhere: the run goes on, and Home lists it.")


def no_result(job: Job, status: Status) -> None:
    """What happened, what is kept and what to do, where the result would be."""
    st.markdown("#### There is no result")
    kept = "The settings are" if job.request().sample else "The table and the settings are"
    if status.state == "stopped":
        st.info(f"You stopped this run. {kept} kept with it.")
    else:
        st.error(f"{IN_WORDS[status.state]}. {kept} kept with the run. Change what the sentence below names and start again.")
    if status.error:
        st.code(status.error, language=None, wrap_lines=True)


def _figures(status: Status) -> str:
    parts = [f"{status.done:,} of {status.total:,}"]
    if status.left_seconds is not None:
        parts.append(f"about {duration(status.left_seconds)} left in this step")
    return ", ".join([*parts, *(f"{visible(name, 40)} {figure(value)}" for name, value in status.figures.items())])


def _life(status: Status) -> str:
    if status.heartbeat_seconds is None:
        return f"Waiting for the first sign of life, {duration(status.elapsed_seconds)} so far."
    return f"Started {duration(status.elapsed_seconds)} ago. Last sign of life {duration(status.heartbeat_seconds)} ago."
