"""Choose the real data, the generators and what is measured, and start a comparison."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from evalkit.compare.words import visible
from evalkit.core.errors import EvalkitError
from evalkit.core.schema import Modality
from evalkit.run.column_groups import Groups, read_groups
from evalkit.run.columns import column_names, label_columns
from evalkit.run.measures import CAPTION, CLUSTERS, can_be_compared, extractors_of, metrics_of
from evalkit.run.requests import MOST_GENERATORS, EvaluateRequest, EvaluateSettings
from evalkit.run.samples import samples_of
from evalkit.run.starting import Files, start_evaluation
from evalkit.run.uploads import Upload
from parts.compare_generators import Chosen, generators
from parts.fit_setup import MODALITIES, OWN, SAMPLE
from parts.given_files import files, what_files
from parts.opened import COMPARE, given_before, remember

WHAT_FOLLOWS = (
    "Every generator is held against the same real rows, figure by figure. You will see each figure with its 95 % interval, which "
    "generator is better where that may be concluded, and how small a difference your rows could still show."
)
_FIRST_SAMPLE = "wine"


def compare_setup() -> None:
    """The form. It starts a comparison and turns the page to it."""
    st.markdown("#### Which generator is closer to the real data?")
    st.markdown(WHAT_FOLLOWS)
    if not _possible():
        st.error("No metric is in the catalogue of this installation, so nothing can be compared.")
        return
    before = _before()
    if before is not None:
        st.caption("Filled in as it was given before: change what is to change, and compare.")
    with st.container(border=True):
        st.markdown("**Real data**")
        reference, sample, modality = _reference(before)
    if before is not None and (before.sample, before.settings.modality) != (sample, modality):
        before = None
    first = EvaluateSettings() if before is None else before.settings
    with st.container(border=True):
        st.markdown(f"**Generators, 1 to {MOST_GENERATORS}**")
        chosen, wrong = generators(modality, sample, {} if before is None else before.generators)
        fitted = _fitted(modality, "sample" if sample else "own", None if before is None else before.fitted)
    with st.expander("What is measured"):
        settings = _settings(modality, reference, fitted is not None, first)
        groups, wrong_groups = _column_groups(reference, first.column_groups) if modality == "table" else ({}, None)
        settings = settings.model_copy(update={"column_groups": groups})
    wrong = wrong or wrong_groups or _lacks_fitted(settings, fitted)
    header = st.container(horizontal=True, vertical_alignment="center")
    pressed = header.button("Compare", type="primary", disabled=reference is None or wrong is not None, key="begin")
    if reference is None:
        header.caption("Choose the file of real data first.")
    elif wrong is not None:
        header.caption(wrong)
    elif pressed:
        _start(reference, chosen, fitted, sample, settings)


def _possible() -> list[Modality]:
    return [each for each in MODALITIES if can_be_compared(each)]


def _before() -> EvaluateRequest | None:
    """What the comparison had been given that is started again."""
    request = given_before()
    return request if isinstance(request, EvaluateRequest) else None


def _reference(before: EvaluateRequest | None) -> tuple[Files | None, str | None, Modality]:
    own = before is not None and before.sample is None
    which = st.segmented_control(
        "Real data", [SAMPLE, OWN], default=OWN if own else SAMPLE, required=True, key="which", label_visibility="collapsed"
    )
    if which == SAMPLE:
        offered = samples_of(*_possible())
        asked = (before and before.sample) or st.query_params.get("sample", _FIRST_SAMPLE)
        names = list(offered)
        left, _ = st.columns([2, 3])
        name = left.selectbox(
            "Sample",
            names,
            index=names.index(asked) if asked in names else names.index(_FIRST_SAMPLE) if _FIRST_SAMPLE in names else 0,
            format_func=lambda name: f"{offered[name].title} ({MODALITIES[offered[name].modality].lower()})",
            key="sample_name",
        )
        st.text(f"{offered[name].about} Sample data, not yours.")
        return offered[name].path(), name, offered[name].modality
    modality_before = before.settings.modality if before is not None and own else None
    modality = st.segmented_control(
        "What are they?",
        _possible(),
        default=modality_before or _possible()[0],
        required=True,
        format_func=lambda name: MODALITIES[name],
        key="modality",
    )
    kept = before.data if before is not None and modality == modality_before else None
    return files(modality, f"Real rows: {what_files(modality)}", "reference_files", kept), None, modality


def _fitted(modality: Modality, whose: str, before: Path | None) -> Files | None:
    with st.expander("Do they copy? Give the rows that they were fitted to", expanded=before is not None):
        given = files(modality, f"Rows that the generators were fitted to: {what_files(modality)}", f"fitted_{whose}", before)
        st.caption(
            "The real data above are then the control, so none of their rows may be among these. Without these rows copying cannot "
            "be told from being good."
        )
    return given


def _lacks_fitted(settings: EvaluateSettings, fitted: Files | None) -> str | None:
    named = [name for name in settings.metrics or () if metrics_of()[name].needs_fitted]
    return f"{named[0]} needs the rows that the generators were fitted to." if named and fitted is None else None


def _settings(modality: Modality, reference: Files | None, has_fitted: bool, first: EvaluateSettings) -> EvaluateSettings:
    """What is chosen, which at first is what was chosen before."""
    metrics, extractors = metrics_of(modality), extractors_of(modality)
    usual, *_ = extractors
    left, middle, right = st.columns([3, 2, 1])
    named = left.multiselect(
        "Metrics",
        list(metrics),
        default=[name for name in first.metrics or () if name in metrics],
        key=f"metrics_{modality}",
        placeholder="the usual ones",
    )
    extractor = middle.selectbox(
        "What the figures see", list(extractors), index=_place(first.extractor, list(extractors)), key=f"extractor_{modality}"
    )
    seed = right.number_input(
        "Seed", min_value=0, max_value=2**31 - 1, value=first.seed, key="seed", help="The same seed gives the same result."
    )
    st.caption(extractors[extractor].what_it_is)
    for name, spec in metrics.items():
        if name in named or (not named and (spec.usual or (spec.needs_fitted and has_fitted))):
            st.text(f"{name}: {spec.what_it_is}")
    curves = modality != "series" and st.checkbox(
        "Also measure with fewer rows, to see whether the figures still move (takes about as long again)",
        value=first.curves,
        key=f"curves_{modality}",
    )
    possible = [None, *_possible_slices(modality, reference)]
    slices = st.selectbox(
        "Which parts of the data may be missing? Slice by",
        possible,
        index=_place(first.slices, possible),
        format_func=lambda by: "nothing" if by is None else visible(by, 60),
        key=f"slices_{modality}",
        help="Whether as many generated as real rows fall into each slice. Clusters are found in the real rows, whatever they are.",
    )
    return EvaluateSettings(
        modality=modality,
        curves=curves,
        slices=slices,
        metrics=tuple(named) or None,
        extractor=None if extractor == usual else extractor,
        seed=int(seed),
    )


def _place(chosen: str | None, offered: Sequence[str | None]) -> int:
    """Where a choice stands among what is offered now, or else the first place."""
    return offered.index(chosen) if chosen in offered else 0


def _column_groups(reference: Files | None, first: Groups) -> tuple[dict[str, tuple[str, ...]], str | None]:
    """The groups, and what is wrong with them, if something is."""
    known = column_names(reference) if isinstance(reference, Path | Upload) else []
    given = st.text_area(
        "Groups of columns to compare by themselves, one a line",
        value="\n".join(f"{name} = {', '.join(columns)}" for name, columns in first.items()),
        placeholder="payment = amount, currency",
        height=68,
        key="column_groups",
        help="All figures again on the columns of each group only.",
    )
    if known:
        st.text(f"The columns are {visible(', '.join(known), 400)}.")
    try:
        groups = read_groups(given.splitlines())
    except EvalkitError:
        return {}, "Write each group of columns as name = column, column, each with a name of its own."
    unknown = any(name not in known for columns in groups.values() for name in columns)
    return groups, "A group names a column that the real data do not have." if known and unknown else None


def _possible_slices(modality: Modality, reference: Files | None) -> list[str]:
    if modality == "images":
        return [CLUSTERS, CAPTION]
    if modality == "table" and isinstance(reference, Path | Upload):
        return [CLUSTERS, *label_columns(reference)]
    return [CLUSTERS]


def _start(
    reference: Files,
    chosen: Chosen,
    fitted: Files | None,
    sample: str | None,
    settings: EvaluateSettings,
) -> None:
    try:
        job = start_evaluation(reference, chosen, fitted=fitted, sample=sample, settings=settings)
    except EvalkitError as error:
        st.error("This could not be started.")
        st.code(str(error), language=None, wrap_lines=True)
        return
    st.query_params.clear()
    remember(COMPARE, job)
    st.rerun()
