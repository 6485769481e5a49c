"""What only some families can show: the way between two rows, rows under noise, words that surprise, forecasts."""

import numpy as np
import streamlit as st

from evalkit.compare.curves import forecast_fan
from evalkit.compare.surprise import most_surprising, surprise_text
from evalkit.core.sample import Images, Sample, Series, Texts
from evalkit.run.jobs import Job
from evalkit.run.looks import LONGEST_TEXT, Opened
from parts.shown_sample import lines, shown, strip
from parts.theme import is_dark

PLACES = 20
FRAMES = 6


def inside(model: Opened, job: Job, seed: int) -> None:
    """A fold for each thing that the family can show, the first one open."""
    real = job.previews.real()
    looks = model.looks()
    if "surprise" in looks:
        with st.expander("What surprised the model?", expanded=True):
            _surprise(model, real)
    if "forecast" in looks and real is not None:
        with st.expander("How does a series go on?", expanded=True):
            _forecast(model, real)
    if "noising" in looks and real is not None:
        with st.expander("From a row to noise, and from noise to a row", expanded=True):
            _noise(model, real, seed)
    if "interpolate" in looks and real is not None and len(real) > 1:
        with st.expander("The way from one row to another", expanded="noising" not in looks):
            _way(model, real)


def _way(model: Opened, real: Sample) -> None:
    numbers = list(range(1, len(real) + 1))
    left, right, wide = st.columns([1, 1, 3])
    first = left.selectbox("From real row", numbers, index=0, key="way_from")
    last = right.selectbox("To real row", numbers, index=1, key="way_to")
    place = wide.slider("How far along", 0, 100, 50, step=100 // PLACES, format="%d %%", key="way_place")
    rows = model.way(real, first - 1, last - 1, PLACES + 1)
    at = place * PLACES // 100
    if isinstance(rows, Images):
        st.markdown("**The whole way, and the place chosen**")
        strip(rows.take(np.arange(0, PLACES + 1, 2)), f"way-{first}-{last}")
        strip(rows.take(np.array([at])), f"way-{first}-{last}-{at}", across=4)
    else:
        st.markdown("**Where it begins, the place chosen, where it ends**")
        three, key = rows.take(np.array([0, at, PLACES])), f"way-{first}-{last}-{at}"
        if isinstance(three, Series):
            lines(three, key, ("begin", "chosen place", "end"))
        else:
            shown(three, key)
    st.caption("Both ends are as the model sees those rows. Between them it should look like rows that could be real.")


def _noise(model: Opened, real: Sample, seed: int) -> None:
    row = st.selectbox("Real row", list(range(1, len(real) + 1)), width=160, key="noise_row")
    st.markdown("**From the row (first) to noise only (last)**")
    strip(model.noising(real, row - 1, FRAMES), f"noising-{row}")
    st.markdown("**From noise (first) to a row that is drawn (last)**")
    strip(model.denoising(FRAMES, seed), f"denoising-{seed}")
    st.caption("The model learned the way back from every amount of noise; drawing is to begin with noise and to go all the way.")


def _forecast(model: Opened, real: Sample) -> None:
    left, right = st.columns([1, 4])
    row = left.selectbox("Real series", list(range(1, len(real) + 1)), width=160, key="forecast_row")
    share = right.slider("How much of it the model is given", 10, 90, 50, step=10, format="%d %%", key="forecast_share")
    told = model.foretold(real, row - 1, share / 100)
    figures = (told.median, told.low, told.high)
    chart = forecast_fan(told.steps, told.known, figures, told.channels, dark=is_dark())
    st.altair_chart(chart, theme=None, width="stretch", key=f"forecast-{row}-{share}")
    st.caption(
        "Behind the dashed line the model was given nothing, and nine in ten steps should lie in the band. It may have met these"
        " steps in training: new series are harder."
    )


def _surprise(model: Opened, real: Sample | None) -> None:
    first = real.texts[0].as_py() if isinstance(real, Texts) and len(real) else ""
    text = st.text_area(
        "Text to read: change a word and see what the model makes of it",
        first[:LONGEST_TEXT],
        max_chars=LONGEST_TEXT,
        height=100,
        key="text_to_read",
    )
    if not text:
        st.caption("Write something, and see which words the model did not expect.")
        return
    words = [(word.text, word.bits) for word in model.words(text)]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.altair_chart(surprise_text(words, dark=is_dark()), theme=None, width="content", key="surprise")
    with right:
        bits = st.column_config.NumberColumn(format="%.1f")
        st.dataframe(
            most_surprising(words),
            hide_index=True,
            column_config={"bits": bits},
            key="most_surprising",
            alt="The most surprising words.",
        )
    st.caption(
        "Dark and underlined: the model did not expect this word. It is not an error mark. 10 bits are one chance in a thousand."
    )
