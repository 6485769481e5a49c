"""A new study from uploaded files."""

import tempfile
from pathlib import Path
from typing import Any

import streamlit as st
from pydantic import ValidationError

from evalkit.core.errors import EvalkitError
from evalkit.run.rating import MOST_ROWS, PAIRINGS, STOP_RULES, TASKS, StudyDesign
from evalkit.run.studies import MOST_ITEMS, create
from parts.opened_store import opened_store
from parts.rater_session import has_provider
from parts.study_alarms import review_setup

_MADE, _ALARMS = "What generators made", "Alarms of a detection"
_KINDS = ["csv", "jsonl", "parquet", "txt", "npz", "tsv"]


def study_setup() -> None:
    """The form; at its end the study's own page."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("#### A new study", width="stretch")
        if st.button("All studies", type="tertiary"):
            st.query_params.pop("study")
            st.rerun()
    about = st.segmented_control("What people judge", [_MADE, _ALARMS], default=_MADE, label_visibility="collapsed", key="about")
    if about == _ALARMS:
        review_setup()
        return
    left, right = st.columns(2, gap="large")
    with left:
        name = st.text_input("Name of the study", placeholder="summaries, November")
        files = st.file_uploader(
            "What each generator made: a file each, its name is the generator's", type=_KINDS, accept_multiple_files=True
        )
        prompts = st.file_uploader("What they were asked (optional): one line or row each", type=_KINDS)
        rows = st.number_input("Tables: so many rows make one output", min_value=1, max_value=MOST_ROWS, value=1)
    with right:
        settings = design_fields()
    st.caption(
        f"Without prompts up to {MOST_ITEMS} rows of each generator are drawn and paired. "
        "Generators' names stay hidden from raters."
    )
    if st.button("Make the study", type="primary", disabled=not (name and files)):
        make(name, {Path(file.name).stem: file for file in files}, prompts, int(rows), settings)


def design_fields() -> dict[str, Any]:
    """How the study asks."""
    task = st.selectbox("What is asked", list(TASKS), format_func=lambda one: TASKS[one].summary)
    question = st.text_input("The question", value="Which is better?" if task == "pairwise" else "")
    scale = {} if task != "likert" else scale_fields()
    attributes = st.text_input("Rated as well, separated by commas (optional)", placeholder="fluent, correct")
    votes = st.number_input("Votes a question", min_value=1, value=3)
    per_rater = st.number_input("At most so many questions a rater (0: no limit)", min_value=0, value=0)
    pairing = st.selectbox("Which question next", list(PAIRINGS), format_func=PAIRINGS.__getitem__, index=1)
    rules = list(STOP_RULES) if task == "pairwise" else ["none"]
    stop_rule = st.selectbox("When it closes by itself", rules, format_func=STOP_RULES.__getitem__)
    rationale = st.segmented_control("A reason", ["none", "optional", "required"], default="optional") or "none"
    mask = st.text_input("Words to cover in texts, separated by commas")
    consent = st.text_area("What raters agree to first (optional)", height=80)
    open_to_logins = has_provider() and st.checkbox("Whoever can log in may rate, without a link")
    return {
        "task": task,
        "question": question or "How good is this?",
        "attributes": [{"name": word} for word in _words(attributes)],
        "votes_per_question": int(votes),
        "votes_per_rater": int(per_rater) or None,
        "pairing": pairing,
        "stop_rule": stop_rule,
        "rationale": rationale,
        "mask": _words(mask),
        "consent": consent or None,
        "open_to_logins": open_to_logins,
        **scale,
    }


def scale_fields() -> dict[str, Any]:
    """The points of a scale and the words at its ends."""
    with st.container(horizontal=True):
        points = st.number_input("Points of the scale", min_value=2, max_value=9, value=5)
        low = st.text_input("The lowest is called", value="bad", max_chars=60)
        high = st.text_input("The highest", value="good", max_chars=60)
    return {"points": int(points), "low": low or "bad", "high": high or "good"}


def _words(given: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in given.split(",") if word.strip())


def make(name: str, files: dict[str, Any], prompts: Any, rows: int, settings: dict[str, Any]) -> None:
    """Read the files and make the study, or say in one sentence what is wrong."""
    with tempfile.TemporaryDirectory() as folder, st.spinner("Reading the files"):
        try:
            paths = {
                each: _written(Path(folder) / f"{i}{Path(file.name).suffix}", file) for i, (each, file) in enumerate(files.items())
            }
            asked = None if prompts is None else _written(Path(folder) / f"prompts{Path(prompts.name).suffix}", prompts)
            create(opened_store(), name, paths, StudyDesign(**settings), prompts=asked, rows=rows)
        except ValidationError as error:
            st.code(f"The study cannot be that: {error.errors()[0]['msg']}", language=None, wrap_lines=True)
            return
        except EvalkitError as error:
            st.code(str(error), language=None, wrap_lines=True)
            return
    st.query_params["study"] = name
    st.rerun()


def _written(path: Path, file: Any) -> Path:
    path.write_bytes(file.getvalue())
    return path
