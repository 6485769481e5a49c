"""Files of any modality, as one upload or several, or as an earlier run had been given them."""

from pathlib import Path

import streamlit as st

from evalkit.compare.words import visible
from evalkit.core.schema import Modality
from evalkit.run.starting import Files
from evalkit.run.uploads import MAX_UPLOAD_MB, Upload

ENDINGS: dict[Modality, list[str]] = {
    "table": ["csv", "tsv", "txt", "parquet", "feather", "jsonl"],
    "images": ["png", "jpg", "jpeg", "webp", "npz", "csv"],
    "texts": ["txt", "jsonl", "csv", "parquet"],
    "series": ["csv", "tsv", "parquet", "wav", "npz"],
}


def what_files(modality: Modality) -> str:
    """Which files are read, in words.

    >>> what_files("texts")
    'one file or several (txt, jsonl, csv, parquet; of a single txt each line is a text)'
    """
    several = "one file" if modality == "table" else "one file or several"
    lines = "; of a single txt each line is a text" if modality == "texts" else ""
    return f"{several} ({', '.join(ENDINGS[modality])}{lines})"


def files(modality: Modality, label: str, key: str, before: Path | None = None) -> Files | None:
    """One file, or for what is not a table several that are one folder.

    Args:
        modality: what they hold.
        label: what is asked for.
        key: of the widget, unique on the page.
        before: what an earlier run had been given, which is taken unless something else is: a browser does not give a file twice.
    """
    given = st.file_uploader(
        label,
        type=ENDINGS[modality],
        accept_multiple_files=modality != "table",
        key=f"{key}_{modality}",
        max_upload_size=MAX_UPLOAD_MB,
    )
    listed = given if isinstance(given, list) else [given] if given is not None else []
    uploads = [Upload(file.name, file.getbuffer()) for file in listed]
    if not uploads:
        return None if before is None else as_before(before, f"{key}_{modality}")
    return uploads[0] if len(uploads) == 1 else uploads


def as_before(before: Path, key: str) -> Path | None:
    """What an earlier run had been given, unless it is unticked or not there any more."""
    if not before.exists():
        st.caption("What was given before is not here any more: give it again.")
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        taken = st.checkbox("As given before:", value=True, key=f"{key}_before")
        names = sorted(path.name for path in before.iterdir()) if before.is_dir() else [before.name]
        st.text(visible(", ".join(names), 60), width="content")
    return before if taken else None
