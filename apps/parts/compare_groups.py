"""Generators compared by groups of columns: what may be said of each, its figures and its pairs."""

import streamlit as st

from evalkit.compare.evaluation import READ_THE_GROUPS, Evaluation, headline
from evalkit.compare.words import visible
from parts.compare_tables import failures_table, figures_table, pairs_table
from parts.escape import escaped


def column_groups(evaluation: Evaluation) -> None:
    """One group at a time; nothing where nobody asked."""
    groups = evaluation.column_groups
    if not groups:
        return
    st.markdown("**By groups of columns**")
    chosen = 0
    if len(groups) > 1:
        chosen = st.segmented_control(
            "Group",
            range(len(groups)),
            default=0,
            required=True,
            format_func=lambda number: escaped(visible(groups[number].name, 40)),
            key="group",
            label_visibility="collapsed",
        )
    only = evaluation.by_columns(groups[chosen])
    with st.container(border=True):
        st.text(groups[chosen].title)
        for sentence in only.conclusions or (headline(only),):
            st.text(f"• {sentence}")
        labels = {str(number): visible(each.name, 40) for number, each in enumerate(only.generators)}
        st.dataframe(
            figures_table(only),
            hide_index=True,
            column_config=labels,
            height="content",
            key=f"group-figures-{chosen}",
            alt="Every figure of the group's columns.",
        )
        failed = failures_table(only)
        if len(failed):
            st.dataframe(failed, hide_index=True, key=f"group-failures-{chosen}", alt="Figures that failed, with the reason.")
        if only.comparisons:
            with st.expander("Every pair by these columns"):
                st.dataframe(
                    pairs_table(only), hide_index=True, key=f"group-pairs-{chosen}", alt="Every pair by the group's columns."
                )
        st.caption(READ_THE_GROUPS)
