"""Choose the data and what is accepted, and start."""

from functools import partial
from pathlib import Path
from typing import get_args

import streamlit as st

from evalkit.anomaly.detection import Effort
from evalkit.compare.words import visible
from evalkit.core.errors import EvalkitError
from evalkit.run.columns import column_names
from evalkit.run.requests import DetectSettings
from evalkit.run.samples import SAMPLES, samples_of
from evalkit.run.starting import start
from evalkit.run.uploads import MAX_UPLOAD_MB, Upload
from parts.opened import DETECT, remember

ENDINGS = ["csv", "tsv", "txt", "parquet", "feather", "jsonl"]
EFFORTS: tuple[Effort, ...] = get_args(Effort)
SHARES = ["5", "10", "20"]
SAMPLE, OWN = "Sample data", "My file"
ITSELF, REFERENCE = "The table's own bulk", "A clean reference"


def setup() -> None:
    """The form. It starts a run and turns the page to it."""
    st.markdown("#### Which rows do not belong?")
    with st.container(border=True):
        data, sample = _data()
        against, reference = _reference()
        settings = _settings(columns(data, sample))
    missing = data is None or (against == REFERENCE and reference is None)
    begin = st.button("Find anomalies", type="primary", disabled=missing, key="begin")
    if data is None or missing:
        st.caption("Choose a file first.")
    elif begin:
        _start(data, reference, sample, settings)


def _data() -> tuple[Path | Upload | None, str | None]:
    which = st.segmented_control("Data", [SAMPLE, OWN], default=SAMPLE, required=True, key="which")
    if which == OWN:
        return _upload("Your table: CSV, TSV, Parquet, Feather or JSON lines", "data_file"), None
    asked = st.query_params.get("sample", "")
    names = list(samples_of("table"))
    first = names.index(asked) if asked in names else 0
    name = st.selectbox("Sample", names, index=first, format_func=lambda name: SAMPLES[name].title, key="sample_name")
    st.text(f"{SAMPLES[name].about} Sample data, not yours.")
    return SAMPLES[name].path(), name


def _reference() -> tuple[str, Upload | None]:
    against = st.segmented_control(
        "What is normal?",
        [ITSELF, REFERENCE],
        default=ITSELF,
        required=True,
        key="against",
        help="A clean reference holds normal rows only and finds more. Without one, most rows of the table must be normal.",
    )
    return against, _upload("Normal rows with the same columns", "reference_file") if against == REFERENCE else None


def _upload(label: str, key: str) -> Upload | None:
    file = st.file_uploader(label, type=ENDINGS, key=key, max_upload_size=MAX_UPLOAD_MB)
    return None if file is None else Upload(file.name, file.getbuffer())


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs={Upload: lambda upload: (upload.name, hash(bytes(upload.content)))})
def columns(data: Path | Upload | None, sample: str | None) -> list[str]:
    """The columns of the chosen data, as far as they can be told from its beginning."""
    return [] if data is None else column_names(data)


def _settings(names: list[str]) -> DetectSettings:
    left, middle, right = st.columns(3)
    share = left.segmented_control("False alarms you accept (%)", SHARES, default="5", required=True, key="accepted")
    effort = middle.segmented_control("Effort", EFFORTS, default="default", required=True, format_func=str.capitalize, key="effort")
    seed = right.number_input(
        "Seed", min_value=0, max_value=2**31 - 1, value=0, key="seed", help="The same seed gives the same result."
    )
    left, right = st.columns(2)
    named = left.selectbox(
        "Column that names the rows (optional)",
        names,
        index=None,
        key="id_column",
        placeholder="found by itself, or else row numbers",
        format_func=partial(visible, at_most=60),
    )
    others = [name for name in names if name != named]
    ignored = right.multiselect(
        "Columns to leave out (optional)", others, key="ignored", placeholder="none", format_func=partial(visible, at_most=60)
    )
    return DetectSettings(fdr=int(share) / 100, seed=int(seed), effort=effort, id_column=named, ignore=tuple(ignored))


def _start(data: Path | Upload, reference: Upload | None, sample: str | None, settings: DetectSettings) -> None:
    try:
        job = start(data, reference=reference, sample=sample, settings=settings)
    except EvalkitError as error:
        st.error("This could not be started.")
        st.code(str(error), language=None, wrap_lines=True)
        return
    st.query_params.clear()
    remember(DETECT, job)
    st.rerun()
