"""Which run a page has open: what the link says, or else what the session had open on that page."""

from typing import NamedTuple

import streamlit as st

from evalkit.core.errors import InputError
from evalkit.run.jobs import Job, find_job
from evalkit.run.requests import AnyRequest, Verb


class Place(NamedTuple):
    """A page that opens runs: its script, and where the session remembers the run."""

    script: str
    memory: str


DETECT = Place("views/detect.py", "run")
TRAIN = Place("views/train.py", "fit")
COMPARE = Place("views/compare.py", "comparison")
PLACES: dict[Verb, Place] = {"detect": DETECT, "fit": TRAIN, "evaluate": COMPARE}
"""Where each kind of run is shown."""


def opened(place: Place) -> Job | None:
    """The run that is open, or None for the form; a link to no run says so."""
    # Links of the navigation carry no parameters; the session still knows what was open.
    form = "sample" in st.query_params or "again" in st.query_params
    job_id = st.query_params.get("run") or ("" if form else st.session_state.get(place.memory, ""))
    if not job_id:
        return None
    try:
        job = find_job(job_id)
    except InputError as error:
        st.session_state.pop(place.memory, None)
        st.warning(f"{str(error).capitalize()}.")
        return None
    remember(place, job)
    return job


def remember(place: Place, job: Job) -> None:
    """Keep a run open on a page."""
    st.session_state[place.memory] = job.id
    st.query_params["run"] = job.id


def forget(place: Place) -> None:
    """Leave the run: the page shows the form again."""
    st.session_state.pop(place.memory, None)
    st.query_params.clear()


def start_again(place: Place, job: Job) -> None:
    """Leave the run: the page shows the form, filled with what the run had been given."""
    forget(place)
    st.query_params["again"] = job.id


def given_before() -> AnyRequest | None:
    """What the run had been given that is started again; None where none is, or it was deleted."""
    try:
        return find_job(st.query_params.get("again", "")).request()
    except InputError:
        return None
