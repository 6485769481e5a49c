"""The curves of a fit with what they say."""

from collections.abc import Sequence

import streamlit as st

from evalkit.compare.curves import accuracy_curve, loss_curve
from evalkit.compare.words import visible
from evalkit.run.curve import Point, as_frame
from parts.theme import is_dark

READ_THE_LOSS = (
    "Held-out rows are not trained on: where their line rises while the other falls, rows are learned by heart. The model is kept "
    "as it was where the held-out line is lowest."
)
READ_THE_GAME = (
    "How far drawn rows lie from rows that training never saw (energy distance); the model is kept where that is lowest."
)
READ_THE_ACCURACY = "At 50 % drawn rows cannot be told from real ones by this network; a stronger one may still tell them."


def curves(points: Sequence[Point], alarms: Sequence[str], *, marked: int | None = None) -> None:
    """Losses, and where there is a discriminator how well it tells drawn rows from real ones; alarms in words."""
    frame = as_frame(points)
    st.markdown("**Loss**")
    if frame.empty:
        st.skeleton(height=230)
        return
    dark = is_dark()
    st.altair_chart(loss_curve(frame, marked=marked, dark=dark), theme=None, width="stretch", key="losses")
    accuracy = accuracy_curve(frame, dark=dark)
    if accuracy is None:
        st.caption(READ_THE_LOSS)
    else:
        st.caption(READ_THE_GAME)
        st.markdown("**Real or drawn?**")
        st.altair_chart(accuracy, theme=None, width="stretch", key="accuracies")
        st.caption(READ_THE_ACCURACY)
    for alarm in alarms:
        st.warning("Alarm")
        st.text(visible(alarm, 400))
