"""A finished fit: how good it is, how it came about, what it draws, and what its family can show."""

import shlex
from functools import partial
from pathlib import Path

import streamlit as st

from evalkit.compare.words import count, held_out_words, visible
from evalkit.core.errors import EvalkitError
from evalkit.core.sample import Sample
from evalkit.run.families import title_of
from evalkit.run.jobs import FitOutcome, Job
from evalkit.run.looks import Opened
from parts.escape import escaped
from parts.fit_curve import curves
from parts.fit_downloads import download_drawn, ending_of, further, modality_of
from parts.inside import inside
from parts.opened import TRAIN, forget
from parts.shown_sample import NOUNS, drawn_beside_real

FINISHED = "finished"
MOST_DRAWN = 10_000


def fit_result(job: Job) -> None:
    """Everything about a finished fit."""
    outcome = job.outcome()
    st.markdown(f"#### {escaped(held_out_words(outcome.held_out))}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width="stretch", gap=None):
            _about(job, outcome)
        n, seed = _asked_for(NOUNS[modality_of(job)])
        download_drawn(job, n, seed)
        further(job)
        again = "Use my files" if job.request().sample else "Start another"
        st.button(again, on_click=partial(forget, TRAIN), key="again")
    _on_the_way(job)
    _inside(job, seed)
    with st.expander("Use it on the command line"):
        st.code(_commands(job), language="bash", wrap_lines=True)


@st.cache_resource(max_entries=4, show_spinner="Opening the model")
def open_model(folder: Path) -> Opened:
    """The fitted model, read once for all sessions."""
    return Opened(folder)


@st.cache_resource(max_entries=8, show_spinner="Drawing")
def drawn(folder: Path, n: int, seed: int) -> Sample:
    """New rows of a fitted model."""
    return open_model(folder).draw(n, seed)


def _asked_for(things: str) -> tuple[int, int]:
    n = st.number_input(f"{things.capitalize()} to draw", min_value=1, max_value=MOST_DRAWN, value=100, width=130, key="n_drawn")
    seed = st.number_input(
        "Seed", min_value=0, max_value=2**31 - 1, value=0, width=110, key="draw_seed", help="The same seed draws the same rows."
    )
    return int(n), int(seed)


def _about(job: Job, outcome: FitOutcome) -> None:
    sample = " **Sample data, not yours.**" if job.request().sample else ""
    st.markdown(f"{title_of(outcome.backbone)}.{sample}")
    for line in outcome.lines:
        st.text(visible(line, 400))
    st.text(visible(job.request().data.name, 60))
    st.caption("The figure compares models of the same data, not of different ones.")


def _on_the_way(job: Job) -> None:
    """The curve and what was drawn, moved by one slider."""
    chosen = _chosen_step(job)
    left, right = st.columns(2, gap="medium")
    with left:
        curves(job.curve(), (), marked=None if chosen == FINISHED else int(chosen))
    with right:
        rows = job.previews.final() if chosen == FINISHED else job.previews.at(int(chosen))
        what = "the finished model" if chosen == FINISHED else f"step {count(int(chosen))}"
        st.markdown(f"**Drawn by {what}, with the same seeds at every step**")
        if rows is not None:
            drawn_beside_real(rows, job.previews.real(), f"step-{chosen}")


def _chosen_step(job: Job) -> str:
    steps = [str(step) for step in job.previews.steps()]
    if not steps:
        return FINISHED
    asked = st.query_params.get("step", FINISHED)
    options = [*steps, FINISHED]
    first = asked if asked in options else FINISHED
    chosen = st.select_slider("Step: move it to see what was drawn on the way", options, value=first, key=f"step-{job.id}")
    if chosen == FINISHED:
        st.query_params.pop("step", None)
    else:
        st.query_params["step"] = chosen
    return str(chosen)


def _inside(job: Job, seed: int) -> None:
    """What the family can show; a model that another version wrote says so."""
    try:
        model = open_model(job.model)
    except EvalkitError as error:
        st.error("The model cannot be opened; what was seen while it was fitted is kept.")
        st.code(str(error), language=None, wrap_lines=True)
    else:
        inside(model, job, seed)


def _commands(job: Job) -> str:
    folder = shlex.quote(str(job.model))
    return f"evalkit sample {folder} --n 100 --out generated{ending_of(job)}\nevalkit score {folder} DATA --out scores.csv"
