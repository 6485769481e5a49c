"""What can be taken away from a fit: drawn rows, the model, the curve; and the way to delete it."""

import zipfile
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from evalkit.core.schema import Modality
from evalkit.run.curve import as_frame
from evalkit.run.jobs import Job, delete
from evalkit.run.looks import Opened
from evalkit.run.outputs import write_sample
from parts.opened import TRAIN, forget
from parts.shown_sample import NOUNS

ENDINGS: dict[Modality, str] = {"table": ".csv", "images": ".npz", "texts": ".jsonl", "series": ".csv"}
_SETTLED = (1980, 1, 1, 0, 0, 0)


def download_drawn(job: Job, n: int, seed: int) -> None:
    """The page's one primary action."""
    make = partial(drawn_file, job.model, n, seed)
    st.download_button(
        f"Download drawn {NOUNS[modality_of(job)]}",
        make,
        f"generated{ending_of(job)}",
        type="primary",
        on_click="ignore",
        key="download_drawn",
    )


def further(job: Job) -> None:
    """Model, curve, and the way to delete the run."""
    with st.popover("More"):
        offers = (
            ("Model (ZIP)", partial(model_zip, job.model), "model.zip", "application/zip"),
            ("Curve (CSV)", partial(curve_csv, job), "curve.csv", "text/csv"),
            ("Settings (JSON)", partial(settings_json, job), "settings.json", "application/json"),
        )
        for label, make, name, kind in offers:
            st.download_button(label, make, name, kind, on_click="ignore", width="stretch", key=f"download_{name}")
        st.button("Delete this run", on_click=_delete, args=(job,), width="stretch", key="delete")


def ending_of(job: Job) -> str:
    """What a file of drawn rows ends in."""
    return ENDINGS[modality_of(job)]


def modality_of(job: Job) -> Modality:
    """What a finished fit draws."""
    real = job.previews.real()
    return "table" if real is None else real.schema.modality


def drawn_file(model: Path, n: int, seed: int) -> bytes:
    """New rows as a file of their modality."""
    sample = Opened(model).draw(n, seed)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"generated{ENDINGS[sample.schema.modality]}"
        write_sample(sample, path)
        return path.read_bytes()


def model_zip(model: Path) -> bytes:
    """The model's folder as one file, the same bytes every time."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(model.iterdir()):
            archive.writestr(zipfile.ZipInfo(f"model/{path.name}", _SETTLED), path.read_bytes())
    return buffer.getvalue()


def curve_csv(job: Job) -> str:
    """Every figure at every look."""
    return as_frame(job.curve()).to_csv(index=False, lineterminator="\n")


def settings_json(job: Job) -> str:
    """What was asked for."""
    return job.request().model_dump_json(indent=1)


def _delete(job: Job) -> None:
    delete(job)
    forget(TRAIN)
