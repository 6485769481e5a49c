"""The app's frame: its pages and their navigation. Started by ``evalkit app``."""

import os
from pathlib import Path

import streamlit as st
from parts.rater_session import RATER, is_logged_in, rater_token

# A local picture: without one the browser would ask another server for an icon.
st.set_page_config(page_title="evalkit", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")
rate = st.Page("views/rate.py", title="Rate", url_path="rate")
study = st.Page("views/study.py", title="Study", url_path="study")


def begin() -> None:
    """Whoever comes by the app's first address goes on to the questions."""
    token = rater_token()
    st.switch_page(rate, query_params={} if token is None else {RATER: token})


if rater_token() is not None or is_logged_in():
    # A rater sees the questions and nothing else of the app.
    st.navigation([st.Page(begin, title="Rate", default=True), rate], position="hidden").run()
elif os.environ.get("EVALKIT_ONLY_RATING"):
    # Behind a public address nobody may see or start this computer's runs; the organiser's page asks for the token.
    st.navigation([st.Page(begin, title="Rate", default=True), rate, study], position="hidden").run()
else:
    st.navigation(
        [
            st.Page("views/home.py", title="Home", default=True),
            st.Page("views/detect.py", title="Detect", url_path="detect"),
            rate,
            study,
            st.Page("views/compare.py", title="Compare", url_path="compare"),
            st.Page("views/train.py", title="Train", url_path="train"),
        ],
        position="top",
    ).run()
