"""Who a browser belongs to: a rater with a link, the organiser with a token, or the person at this computer."""

import streamlit as st

RATER, ORGANISER = "r", "organiser"


def rater_token() -> str | None:
    """The rater's token, from the link; kept in the session too, since navigation drops the link's end."""
    given = st.query_params.get(RATER) or st.session_state.get("rater")
    if given is not None:
        st.session_state["rater"] = given
        if st.query_params.get(RATER) != given:
            st.query_params[RATER] = given
    return given


def organiser_token() -> str | None:
    """The organiser's token; it leaves the address line as soon as it was read."""
    if ORGANISER in st.query_params:
        st.session_state["organiser"] = st.query_params.pop(ORGANISER)
    token: str | None = st.session_state.get("organiser")
    return token
