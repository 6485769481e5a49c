"""What can be taken away from a comparison, and the way to delete it."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from evalkit.compare.evaluation import Evaluation
from evalkit.run.jobs import Job, delete
from parts.compare_tables import figures_csv, pairs_csv, slices_csv
from parts.opened import COMPARE, forget


def download_report(job: Job) -> None:
    """The page's one primary action."""
    st.download_button(
        "Download report",
        job.report.read_bytes,
        "comparison.html",
        "text/html",
        type="primary",
        on_click="ignore",
        key="download_report",
    )


def further(job: Job, evaluation: Evaluation) -> None:
    """All evidence, figures, pairs, and the way to delete the run."""
    with st.popover("More"):
        offers: list[tuple[str, Callable[[], str | bytes], str, str]] = [
            ("Figures (CSV)", partial(figures_csv, evaluation), "figures.csv", "text/csv"),
            ("Pairs (CSV)", partial(pairs_csv, evaluation), "pairs.csv", "text/csv"),
            ("All evidence (JSON)", job.evidence.read_bytes, "evaluation.json", "application/json"),
        ]
        if evaluation.slices is not None:
            offers.insert(2, ("Slices (CSV)", partial(slices_csv, evaluation), "slices.csv", "text/csv"))
        for label, make, name, kind in offers:
            st.download_button(label, make, name, kind, on_click="ignore", width="stretch", key=f"download_{name}")
        st.button("Delete this run", on_click=_delete, args=(job,), width="stretch", key="delete")


def _delete(job: Job) -> None:
    delete(job)
    forget(COMPARE)
