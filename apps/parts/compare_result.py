"""A finished comparison: what may be concluded, every figure with its interval, every pair, and what limits it."""

from functools import partial
from pathlib import Path
from typing import Literal

import streamlit as st

from evalkit.compare.evaluation import Evaluation, headline, in_order
from evalkit.compare.evaluation_charts import READ_THE_RULE, READ_THE_SIZES, curves_of, interval_chart, size_chart, telling_first
from evalkit.compare.evaluation_report import READ_THE_PAIRS, given_away
from evalkit.compare.words import count, visible
from evalkit.run.jobs import Job
from evalkit.run.measures import PATH_LENGTH, WHAT_A_PATH_LENGTH_IS, metrics_of
from parts.compare_closer import closer_looks
from parts.compare_downloads import download_report, further
from parts.compare_groups import column_groups
from parts.compare_slices import slices
from parts.compare_tables import STAR, failures_table, figures_table, pairs_table, used
from parts.compare_words import controls_of
from parts.escape import escaped
from parts.opened import COMPARE, forget
from parts.theme import is_dark

N_CHARTS = 3
N_CONCLUSIONS = 4
MOST_ROWS_SHOWN = 40
# The app's height is that of title, legend and axis too.
_SIZES_HEIGHT = 410
READ_ONE = (
    "A dot is the figure, the line its 95 % interval: in most repetitions with new rows the true value would lie in it. "
    f"{READ_THE_RULE}"
)
READ_THE_CHARTS = f"{READ_ONE} Whether two generators differ is told by the table of pairs, not by whether their lines overlap."
READ_THE_STARS = (
    f"{STAR} stands at a generator that is better than at least one other by that figure (5 %, corrected for all comparisons); "
    "the table of pairs says than which. A row without a star: no difference may be concluded, which does not make them equal."
)


def compare_result(job: Job) -> None:
    """Everything about a finished comparison."""
    evaluation = load(job.folder)
    # A conclusion names generators and figures and may be long: the buttons have a line of their own.
    st.markdown(f"#### {escaped(headline(evaluation, controls_of(job)))}")
    with st.container(horizontal=True, vertical_alignment="center"):
        download_report(job)
        further(job, evaluation)
        again = "Use my files" if job.request().sample else "Start another"
        st.button(again, on_click=partial(forget, COMPARE), key="again")
        if job.request().sample:
            st.markdown("**Sample data, not yours.**", width="content")
    with st.container(gap="xsmall"):
        _about(job, evaluation)
    _charts(evaluation)
    _figures(evaluation)
    _pairs(evaluation)
    column_groups(evaluation)
    slices(evaluation)
    _sizes(evaluation)
    closer_looks(evaluation)
    with st.expander("Data and settings used"):
        st.dataframe(used(evaluation), hide_index=True, key="used")


@st.cache_resource(max_entries=4, show_spinner=False)
def load(folder: Path) -> Evaluation:
    """The run's result, read once for all sessions."""
    return Job(folder).evaluation()


def _about(job: Job, evaluation: Evaluation) -> None:
    """The further conclusions, what was compared, and what limits it."""
    controls = controls_of(job)
    sentences = in_order(evaluation, controls)
    for sentence in sentences[:N_CONCLUSIONS]:
        if sentence != headline(evaluation, controls):
            st.text(sentence)
    if len(sentences) > N_CONCLUSIONS:
        with st.expander(f"What may be said of the other pairs ({len(sentences) - N_CONCLUSIONS})"):
            for sentence in sentences[N_CONCLUSIONS:]:
                st.text(sentence)
    for look in evaluation.looks:
        if line := given_away(look):
            st.text(line)
    rows = ", ".join(f"{visible(each.name, 60)} {count(each.rows)}" for each in evaluation.generators)
    st.text(f"{visible(evaluation.reference.name, 60)}: {count(evaluation.reference.rows)} real rows. Generated rows: {rows}.")
    for sentence in evaluation.cautions:
        st.text(f"Mind: {visible(sentence, 400)}")
    if len(evaluation.generators) == 1:
        st.caption("One generator alone: add the fresh half of the real rows to see which figures a perfect generator would have.")


def _charts(evaluation: Evaluation) -> None:
    names = telling_first(evaluation)
    if not names:
        st.error("No figure could be measured. The table below says why.")
        return
    _grid(evaluation, names[:N_CHARTS])
    st.caption(READ_THE_CHARTS if evaluation.comparisons else READ_ONE)
    if names[N_CHARTS:]:
        rest = len(names) - N_CHARTS
        if st.toggle(
            f"Show the other {rest} figures as charts" if rest > 1 else "Show the other figure as a chart", key="all_charts"
        ):
            _grid(evaluation, names[N_CHARTS:])


def _grid(evaluation: Evaluation, names: list[str]) -> None:
    for row in range(0, len(names), N_CHARTS):
        for place, name in zip(st.columns(N_CHARTS, gap="medium"), names[row : row + N_CHARTS], strict=False):
            with place:
                chart = interval_chart(evaluation, name, dark=is_dark())
                st.altair_chart(chart, theme=None, width="stretch", key=f"chart-{name}")


def _figures(evaluation: Evaluation) -> None:
    st.markdown("**All figures, with their 95 % intervals**")
    labels = {str(number): visible(each.name, 40) for number, each in enumerate(evaluation.generators)}
    st.dataframe(
        figures_table(evaluation),
        hide_index=True,
        column_config=labels,
        key="figures",
        height="content",
        alt="Every figure of every generator with its interval.",
    )
    if evaluation.comparisons:
        st.caption(READ_THE_STARS)
    _meanings(evaluation)
    failed = failures_table(evaluation)
    if len(failed):
        st.markdown("**What could not be measured**")
        st.dataframe(failed, hide_index=True, key="failures", alt="Figures that failed, with the reason.")


def _meanings(evaluation: Evaluation) -> None:
    """What each metric asks, in a sentence; a kept comparison may name one that the catalogue no longer has."""
    with st.expander("What do the figures mean?"):
        known = metrics_of()
        for name in dict.fromkeys(each.metric for each in evaluation.measured if each.metric in known):
            st.text(f"{', '.join(known[name].figures)}: {known[name].what_it_is}")
        if any(each.metric == PATH_LENGTH for each in evaluation.measured):
            st.text(f"{PATH_LENGTH}: {WHAT_A_PATH_LENGTH_IS}")
        st.caption("Each figure sees one side of the data only. None is the quality, and they are not added up.")


def _pairs(evaluation: Evaluation) -> None:
    if not evaluation.comparisons:
        return
    with st.expander("Every pair of generators", expanded=len(evaluation.generators) == 2):
        pairs = pairs_table(evaluation)
        height: Literal["content", "auto"] = "content" if len(pairs) <= MOST_ROWS_SHOWN else "auto"
        st.dataframe(pairs, hide_index=True, height=height, key="pairs", alt="Every pair of generators by every figure.")
        st.caption(READ_THE_PAIRS)


def _sizes(evaluation: Evaluation) -> None:
    names = curves_of(evaluation)
    if not names:
        return
    with st.expander("Do the figures still move with the number of rows?"):
        name = st.selectbox("Figure", names, key="size_figure")
        chart = size_chart(evaluation, name, dark=is_dark())
        st.altair_chart(chart, theme=None, width="stretch", height=_SIZES_HEIGHT, key="sizes")
        st.caption(READ_THE_SIZES)
