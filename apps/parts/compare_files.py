"""Files of any modality, as one upload or several."""

from collections.abc import Sequence

import streamlit as st

from evalkit.core.schema import Modality
from evalkit.run.uploads import MAX_UPLOAD_MB, Upload
from parts.fit_setup import ENDINGS


def what_files(modality: Modality) -> str:
    """Which files are read, in words.

    >>> what_files("texts")
    'one file or several (txt, jsonl, csv, parquet)'
    """
    several = "one file" if modality == "table" else "one file or several"
    return f"{several} ({', '.join(ENDINGS[modality])})"


def files(modality: Modality, label: str, key: str) -> Upload | Sequence[Upload] | None:
    """One file, or for what is not a table several that are one folder."""
    given = st.file_uploader(
        label,
        type=ENDINGS[modality],
        accept_multiple_files=modality != "table",
        key=f"{key}_{modality}",
        max_upload_size=MAX_UPLOAD_MB,
    )
    listed = given if isinstance(given, list) else [given] if given is not None else []
    uploads = [Upload(file.name, file.getbuffer()) for file in listed]
    return None if not uploads else uploads[0] if len(uploads) == 1 else uploads
