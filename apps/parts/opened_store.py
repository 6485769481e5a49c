"""The store of studies, opened once for all sessions of this server."""

import streamlit as st

from evalkit.run.rating import Store, default_url


@st.cache_resource(show_spinner=False)
def _opened(url: str) -> Store:
    return Store(url)


def opened_store() -> Store:
    """The store that ``EVALKIT_STORE`` names, or the user's own."""
    return _opened(default_url())
