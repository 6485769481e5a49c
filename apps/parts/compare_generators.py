"""Choose generators: made of the real rows, drawn from finished fits, or given as files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from evalkit.core.schema import Modality
from evalkit.run.families import title_of
from evalkit.run.jobs import Job, list_jobs
from evalkit.run.requests import MOST_GENERATORS, Drawn, FitRequest, Generated, Given, Made
from evalkit.run.starting import Files
from evalkit.run.uploads import Upload
from parts.given_files import files, what_files
from parts.opened import TRAIN
from parts.shown_sample import NOUNS
from parts.states import duration

Chosen = Mapping[str, Files | Drawn | Made]
"""Where each generator's rows come from, by its name."""

HALF, SHUFFLED = "real half", "shuffled"
_MADE: dict[str, Made] = {HALF: Made(how="half"), SHUFFLED: Made(how="shuffled")}
_WHAT_IS_SHUFFLED: dict[Modality, str] = {
    "table": "every column in an order of its own: each right by itself, nothing fits together",
    "images": "every pixel taken from another image",
    "texts": "the words of each text in another order",
    "series": "the steps of every channel in an order of their own",
}
_LOOKED_THROUGH = 100


def generators(modality: Modality, sample: str | None, before: Mapping[str, Generated]) -> tuple[Chosen, str | None]:
    """The generators chosen, and what is wrong with the choice, if something is.

    Args:
        modality: of the real data.
        sample: their name, if they are sample data.
        before: the generators of the run that is started again; empty where none is.
    """
    chosen: list[tuple[str, Files | Drawn | Made]] = []
    chosen += _made(modality, sample, before)
    chosen += _drawn(modality, sample, [source for source in before.values() if isinstance(source, Drawn)])
    files_before = {name: source.data for name, source in before.items() if isinstance(source, Given)}
    chosen += _given(modality, "sample" if sample else "own", files_before)
    names = [name for name, _ in chosen]
    if not names:
        return {}, "Choose at least one generator."
    if len(names) > MOST_GENERATORS:
        return {}, f"Choose at most {MOST_GENERATORS} generators."
    if len(set(names)) < len(names):
        return {}, "Two generators have the same name: give each its own."
    return dict(chosen), None


def _made(modality: Modality, sample: str | None, before: Mapping[str, Generated]) -> list[tuple[str, Made]]:
    things = NOUNS[modality]
    labels = {
        HALF: f"A fresh half of the real {things}: as close as a generator can come",
        SHUFFLED: f"Shuffled: {_WHAT_IS_SHUFFLED[modality]}",
    }
    st.text("Made from the real data, to see what good and what bad looks like here. No upload is needed for these.")
    # What is first chosen differs: sample data are there to be looked at, own data to be compared with own generators.
    first = before.values() if before else _MADE.values() if sample is not None else ()
    return [
        (name, made)
        for name, made in _MADE.items()
        if st.checkbox(labels[name], value=made in first, key=f"made_{made.how}_{'sample' if sample else 'own'}")
    ]


def _drawn(modality: Modality, sample: str | None, before: Sequence[Drawn]) -> list[tuple[str, Drawn]]:
    fits = finished_fits(modality, sample)
    models = [source.model for source in before]
    if set(models) - {job.model for job in fits}:
        st.caption("A fit that rows were drawn from is not here any more: train it again, or do without.")
    if not fits:
        _how_to_have_a_fit(sample)
        return []
    left, right = st.columns([3, 1])
    labels = {job.id: f"{title_of(job.outcome().backbone)}, fitted {duration(job.age_seconds())} ago" for job in fits}
    picked = left.multiselect(
        "Finished fits of Train, drawn from anew",
        list(labels),
        default=[job.id for job in fits if job.model in models],
        format_func=lambda name: labels.get(name, name),
        key=f"fits_{modality}_{sample or 'own'}",
        placeholder="none",
    )
    rows = right.number_input(
        f"{NOUNS[modality].capitalize()} to draw from each",
        min_value=1,
        max_value=10**6,
        value=next((source.rows for source in before), None),
        placeholder="as many as real",
        key="rows_drawn",
    )
    by_id = {job.id: job for job in fits}
    drawn: dict[str, Drawn] = {}
    for job_id in picked:
        name = _free(title_of(by_id[job_id].outcome().backbone), drawn)
        drawn[name] = Drawn(model=by_id[job_id].model, rows=None if rows is None else int(rows))
    return list(drawn.items())


def finished_fits(modality: Modality, sample: str | None) -> list[Job]:
    """Fits of the same data whose model is kept on this computer, newest first; of own data those of the same kind."""
    found = []
    for job in list_jobs(_LOOKED_THROUGH):
        request = job.request()
        if not isinstance(request, FitRequest) or request.sample != sample or request.settings.modality != modality:
            continue
        if job.status().state == "finished" and job.model.is_dir():
            found.append(job)
    return found


def _how_to_have_a_fit(sample: str | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        whose = "these data" if sample else "data of yours of this kind"
        st.caption(
            f"Finished fits of Train: none of {whose} on this computer yet. Train one or two, and they stand here.",
            width="content",
        )
        st.page_link(TRAIN.script, label="Train one", query_params={"sample": sample} if sample else None)


def _given(modality: Modality, whose: str, before: Mapping[str, Path]) -> list[tuple[str, Files]]:
    """One row of name and file after the other, always with one that is empty."""
    columns = ", with the columns of the real data" if modality == "table" else ""
    st.text(f"Your own generators: a name and {what_files(modality)} each{columns}.")
    given: dict[str, Files] = {}
    names = [*before, *[""] * MOST_GENERATORS]
    for number, name_before in enumerate(names[:MOST_GENERATORS], start=1):
        left, right = st.columns([1, 3])
        name = left.text_input(
            f"Name of generator {number}",
            value=name_before,
            max_chars=60,
            key=f"name_{number}_{whose}",
            placeholder="the file's name",
        )
        with right:
            source = files(modality, f"Rows of generator {number}", f"generator_{number}_{whose}", before.get(name_before))
        if source is None and number > len(before):
            break
        if source is None:
            continue
        first = source if isinstance(source, Path | Upload) else source[0]
        given[_free(name.strip() or Path(first.name).stem or f"generator {number}", given)] = source
    return list(given.items())


def _free(name: str, taken: Mapping[str, object]) -> str:
    """The name, numbered if it is taken."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free
