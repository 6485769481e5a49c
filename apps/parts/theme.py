"""How the browser shows the app."""

import streamlit as st


def is_dark() -> bool:
    """Whether the browser shows the dark theme."""
    return bool(st.context.theme.type == "dark")
