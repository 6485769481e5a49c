"""Choose the data and what is accepted, and start."""

from functools import partial
from pathlib import Path
from typing import get_args

import streamlit as st

from evalkit.anomaly.detection import Effort
from evalkit.compare.words import visible
from evalkit.core.errors import EvalkitError
from evalkit.run.columns import column_names
from evalkit.run.requests import DetectRequest, DetectSettings
from evalkit.run.samples import SAMPLES, samples_of
from evalkit.run.starting import start
from evalkit.run.uploads import MAX_UPLOAD_MB, Upload
from parts.given_files import as_before
from parts.opened import DETECT, given_before, remember

ENDINGS = ["csv", "tsv", "txt", "parquet", "feather", "jsonl"]
EFFORTS: tuple[Effort, ...] = get_args(Effort)
SHARES = ["5", "10", "20"]
SAMPLE, OWN = "Sample data", "My file"
ITSELF, REFERENCE = "The table's own bulk", "A clean reference"


def setup() -> None:
    """The form. It starts a run and turns the page to it."""
    st.markdown("#### Which rows do not belong?")
    before = given_before()
    before = before if isinstance(before, DetectRequest) else None
    if before is not None:
        st.caption("Filled in as it was given before: change what is to change, and look again.")
    with st.container(border=True):
        data, sample = _data(before)
        against, reference = _reference(None if before is None else before.reference)
        settings = _settings(columns(data, sample), DetectSettings() if before is None else before.settings)
    missing = data is None or (against == REFERENCE and reference is None)
    begin = st.button("Find anomalies", type="primary", disabled=missing, key="begin")
    if data is None or missing:
        st.caption("Choose a file first.")
    elif begin:
        _start(data, reference, sample, settings)


def _data(before: DetectRequest | None) -> tuple[Path | Upload | None, str | None]:
    own = before.data if before is not None and before.sample is None else None
    which = st.segmented_control("Data", [SAMPLE, OWN], default=SAMPLE if own is None else OWN, required=True, key="which")
    if which == OWN:
        return _upload("Your table: CSV, TSV, Parquet, Feather or JSON lines", "data_file", own), None
    asked = (before and before.sample) or st.query_params.get("sample", "")
    names = list(samples_of("table"))
    first = names.index(asked) if asked in names else 0
    name = st.selectbox("Sample", names, index=first, format_func=lambda name: SAMPLES[name].title, key="sample_name")
    st.text(f"{SAMPLES[name].about} Sample data, not yours.")
    return SAMPLES[name].path(), name


def _reference(before: Path | None) -> tuple[str, Path | Upload | None]:
    against = st.segmented_control(
        "What is normal?",
        [ITSELF, REFERENCE],
        default=ITSELF if before is None else REFERENCE,
        required=True,
        key="against",
        help="A clean reference holds normal rows only and finds more. Without one, most rows of the table must be normal.",
    )
    return against, _upload("Normal rows with the same columns", "reference_file", before) if against == REFERENCE else None


def _upload(label: str, key: str, before: Path | None) -> Path | Upload | None:
    file = st.file_uploader(label, type=ENDINGS, key=key, max_upload_size=MAX_UPLOAD_MB)
    if file is None:
        return None if before is None else as_before(before, key)
    return Upload(file.name, file.getbuffer())


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs={Upload: lambda upload: (upload.name, hash(bytes(upload.content)))})
def columns(data: Path | Upload | None, sample: str | None) -> list[str]:
    """The columns of the chosen data, as far as they can be told from its beginning."""
    return [] if data is None else column_names(data)


def _settings(names: list[str], first: DetectSettings) -> DetectSettings:
    """What is chosen, which at first is what was chosen before."""
    left, middle, right = st.columns(3)
    accepted = f"{100 * first.fdr:g}"
    share = left.segmented_control(
        "False alarms you accept (%)",
        sorted({*SHARES, accepted}, key=float),
        default=accepted,
        required=True,
        key="accepted",
    )
    effort = middle.segmented_control(
        "Effort", EFFORTS, default=first.effort, required=True, format_func=str.capitalize, key="effort"
    )
    seed = right.number_input(
        "Seed", min_value=0, max_value=2**31 - 1, value=first.seed, key="seed", help="The same seed gives the same result."
    )
    left, right = st.columns(2)
    named = left.selectbox(
        "Column that names the rows (optional)",
        names,
        index=names.index(first.id_column) if first.id_column in names else None,
        key="id_column",
        placeholder="found by itself, or else row numbers",
        format_func=partial(visible, at_most=60),
    )
    others = [name for name in names if name != named]
    ignored = right.multiselect(
        "Columns to leave out (optional)",
        others,
        default=[name for name in first.ignore if name in others],
        key="ignored",
        placeholder="none",
        format_func=partial(visible, at_most=60),
    )
    return DetectSettings(fdr=float(share) / 100, seed=int(seed), effort=effort, id_column=named, ignore=tuple(ignored))


def _start(data: Path | Upload, reference: Path | Upload | None, sample: str | None, settings: DetectSettings) -> None:
    try:
        job = start(data, reference=reference, sample=sample, settings=settings)
    except EvalkitError as error:
        st.error("This could not be started.")
        st.code(str(error), language=None, wrap_lines=True)
        return
    st.query_params.clear()
    remember(DETECT, job)
    st.rerun()
