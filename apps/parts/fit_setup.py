"""Choose the data, the family and how long, and start a fit."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from evalkit.compare.words import visible
from evalkit.core.errors import EvalkitError
from evalkit.core.schema import Modality
from evalkit.run.families import AUTO, families, title_of
from evalkit.run.jobs import RUNNING, Job, list_jobs
from evalkit.run.requests import FitRequest, FitSettings
from evalkit.run.samples import samples_of
from evalkit.run.starting import start
from evalkit.run.uploads import MAX_UPLOAD_MB, Upload
from parts.given_files import ENDINGS, as_before
from parts.opened import TRAIN, given_before, remember
from parts.states import fit_in_words

SAMPLE, OWN = "Sample data", "My files"
BY_ITSELF, STEPS, MINUTES = "By itself", "Steps", "Minutes"
MODALITIES: dict[Modality, str] = {"table": "Table", "images": "Images", "texts": "Texts", "series": "Series"}
WHAT_FOLLOWS = (
    "You will see the loss fall on rows that training never sees, and rows that the model draws on its way beside real ones. "
    "You can stop at any time and go on later; afterwards you draw new rows, look inside, and take the model with you."
)
_FIRST_SAMPLE = "wine"


def fit_setup() -> None:
    """The form. It starts a fit and turns the page to it."""
    st.markdown("#### Watch a generator learn your data")
    st.markdown(WHAT_FOLLOWS)
    asked = given_before()
    before = asked if isinstance(asked, FitRequest) else None
    if before is not None:
        st.caption("Filled in as it was given before: change what is to change, and start.")
    with st.container(border=True):
        data, sample, modality = _data(before)
        settings = _settings(modality, None if before is None else before.settings)
    header = st.container(horizontal=True, vertical_alignment="center")
    pressed = header.button("Start", type="primary", disabled=data is None or settings is None, key="begin")
    busy = _at_work()
    if data is None:
        header.caption("Choose a file first.")
    elif settings is not None and pressed and not busy:
        _start(data, sample, settings)
    elif settings is not None and busy and (pressed or st.session_state.get("asked_to_start")):
        st.session_state["asked_to_start"] = True
        _name_running(busy[0], partial(_start, data, sample, settings))


def _data(before: FitRequest | None) -> tuple[Path | Upload | Sequence[Upload] | None, str | None, Modality]:
    own = before is not None and before.sample is None
    which = st.segmented_control("Data", [SAMPLE, OWN], default=OWN if own else SAMPLE, required=True, key="which")
    if which == SAMPLE:
        offered = samples_of(*(modality for modality in MODALITIES if families(modality)))
        asked = (before and before.sample) or st.query_params.get("sample", _FIRST_SAMPLE)
        first = list(offered).index(asked if asked in offered else _FIRST_SAMPLE)
        left, _ = st.columns([2, 3])
        name = left.selectbox(
            "Sample",
            list(offered),
            index=first,
            format_func=lambda name: f"{offered[name].title} ({MODALITIES[offered[name].modality].lower()})",
            key="sample_name",
        )
        st.text(f"{offered[name].about} Sample data, not yours.")
        return offered[name].path(), name, offered[name].modality
    chosen = [modality for modality in MODALITIES if families(modality)]
    given = before.settings.modality if before is not None and own else None
    modality = st.segmented_control(
        "What are they?",
        chosen,
        default=given or chosen[0],
        required=True,
        format_func=lambda name: MODALITIES[name],
        key="modality",
    )
    files = st.file_uploader(
        f"One file, or several images, texts or recordings: {', '.join(ENDINGS[modality])}",
        type=ENDINGS[modality],
        accept_multiple_files=True,
        key=f"files_{modality}",
        max_upload_size=MAX_UPLOAD_MB,
    )
    uploads = [Upload(file.name, file.getbuffer()) for file in files]
    if not uploads and before is not None and modality == given:
        return as_before(before.data, f"files_{modality}"), None, modality
    return (uploads[0] if len(uploads) == 1 else uploads) if uploads else None, None, modality


def _settings(modality: Modality, before: FitSettings | None) -> FitSettings | None:
    """What is chosen, which at first is what was chosen before."""
    offered = families(modality)
    names = [*offered, AUTO]
    first = before or FitSettings(backbone=names[0])
    left, middle, right = st.columns([2, 2, 1])
    backbone = left.selectbox(
        "Backbone",
        names,
        index=names.index(first.backbone) if first.backbone in names else 0,
        format_func=title_of,
        key=f"backbone_{modality}",
    )
    what = "Fits every family to most of the rows and keeps the one that suits the others best; takes a multiple of the time."
    st.caption(offered[backbone].what_it_is if backbone in offered else what)
    how_long = middle.segmented_control(
        "How long?",
        [BY_ITSELF, STEPS, MINUTES],
        default=STEPS if first.steps else MINUTES if first.minutes else BY_ITSELF,
        required=True,
        key="how_long",
        help="By itself, it takes as many steps as the rows call for and ends when the held-out loss no longer falls.",
    )
    steps = minutes = None
    if how_long == STEPS:
        chosen = first.steps or 2000
        steps = int(middle.number_input("Steps", min_value=1, max_value=max(10**7, chosen), value=chosen, step=100, key="steps"))
    elif how_long == MINUTES:
        wanted = first.minutes or 2.0
        low, high = min(0.1, wanted), max(1440.0, wanted)
        minutes = float(middle.number_input("Minutes", min_value=low, max_value=high, value=wanted, key="minutes"))
    seed = right.number_input(
        "Seed", min_value=0, max_value=2**31 - 1, value=first.seed, key="seed", help="The same seed gives the same model."
    )
    return FitSettings(backbone=backbone, steps=steps, minutes=minutes, modality=modality, seed=int(seed))


def _at_work() -> list[Job]:
    """The fits that run now, newest first."""
    return [job for job in list_jobs() if job.request().verb == "fit" and job.status().state in RUNNING]


def _name_running(job: Job, start_anyway: "partial[None]") -> None:
    st.warning("Another fit is at work on this computer; two at a time take twice as long.")
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch", gap=None):
            st.text(visible(job.request().data.name, 80))
            st.text(fit_in_words(job, job.status()))
        st.page_link(TRAIN.script, label="Open it", query_params={"run": job.id})
        if st.button("Start all the same", key="begin_anyway"):
            start_anyway()


def _start(data: Path | Upload | Sequence[Upload], sample: str | None, settings: FitSettings) -> None:
    st.session_state.pop("asked_to_start", None)
    try:
        job = start(data, sample=sample, settings=settings)
    except EvalkitError as error:
        st.error("This could not be started.")
        st.code(str(error), language=None, wrap_lines=True)
        return
    st.query_params.clear()
    remember(TRAIN, job)
    st.rerun()
