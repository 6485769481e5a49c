"""The store of studies, opened once for all sessions of this server."""

import gc

import streamlit as st

from evalkit.run.rating import Store, default_url


@st.cache_resource(show_spinner=False)
def _opened(url: str) -> Store:
    opened = Store(url)
    # What was imported stays: without this every full garbage collection looks through all of it while raters wait.
    gc.collect()
    gc.freeze()
    return opened


def opened_store() -> Store:
    """The store that ``EVALKIT_STORE`` names, or the user's own."""
    return _opened(default_url())
