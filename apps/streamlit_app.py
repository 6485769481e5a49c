"""The app's frame: its pages and their navigation. Started by ``evalkit app``."""

from pathlib import Path

import streamlit as st

# A local picture: without one the browser would ask another server for an icon.
st.set_page_config(page_title="evalkit", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")
st.navigation(
    [
        st.Page("views/home.py", title="Home", default=True),
        st.Page("views/detect.py", title="Detect", url_path="detect"),
        st.Page("views/train.py", title="Train", url_path="train"),
        st.Page("views/compare.py", title="Compare", url_path="compare"),
    ],
    position="top",
).run()
