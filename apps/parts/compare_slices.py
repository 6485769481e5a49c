"""Which parts of the data a generator lacks, or has too much of."""

from typing import Literal

import pandas as pd
import streamlit as st

from evalkit.compare.evaluation import Evaluation
from evalkit.compare.evaluation_report import slice_row
from evalkit.compare.slices import READ_THE_SLICES, slice_sentence, slices_sentence
from evalkit.compare.slices_chart import slices_chart
from evalkit.compare.words import visible
from parts.compare_closer import rows
from parts.escape import escaped
from parts.theme import is_dark

_SENTENCES, _ROWS_SHOWN = 5, 12


def slices(evaluation: Evaluation) -> None:
    """One generator at a time; nothing where nobody asked."""
    found = evaluation.slices
    if found is None:
        return
    names = [source.name for source in evaluation.generators]
    st.markdown("**Which parts of the data are missing?**")
    chosen = 0
    if len(names) > 1:
        chosen = st.segmented_control(
            "Generator",
            range(len(names)),
            default=0,
            required=True,
            format_func=lambda number: escaped(visible(names[number], 40)),
            key="sliced",
            label_visibility="collapsed",
        )
    own = found.of(names[chosen])
    with st.container(border=True):
        st.text(slices_sentence(found, names[chosen]))
        for each in [one for one in own if one.what][:_SENTENCES]:
            st.text(f"• {slice_sentence(each)}")
        if not own:
            return
        with st.expander("Every slice", expanded=any(each.what for each in own)):
            st.altair_chart(slices_chart(found, names[chosen], dark=is_dark()), theme=None, width="stretch", key=f"slices-{chosen}")
            height: Literal["content", "auto"] = "content" if len(own) <= _ROWS_SHOWN else "auto"
            table = pd.DataFrame([{name: visible(value, 80) for name, value in slice_row(each).items()} for each in own])
            st.dataframe(table, hide_index=True, height=height, key=f"slices-table-{chosen}", alt="Every slice with its shares.")
            st.caption(READ_THE_SLICES)
        if found.centres:
            with st.expander("What are the clusters about?"):
                st.caption("The real row nearest to the centre of each.")
                rows(
                    "Rows at the centres.",
                    [each.shown for each in found.centres],
                    [each.slice for each in found.centres],
                    "centres",
                )
