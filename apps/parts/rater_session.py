"""Who a browser belongs to: a rater with a link, the organiser with a token, or the person at this computer."""

from typing import cast

import streamlit as st

from evalkit.run.rating import Login, Pass, enrol
from parts.opened_store import opened_store

RATER, ORGANISER = "r", "organiser"


def rater_token() -> str | None:
    """The rater's token, from the link; kept in the session too, since navigation drops the link's end."""
    given = st.query_params.get(RATER) or st.session_state.get("rater")
    if given is not None:
        st.session_state["rater"] = given
        if st.query_params.get(RATER) != given:
            st.query_params[RATER] = given
    return given


def logins_offered() -> bool:
    """Whether the organiser has set up an identity provider in Streamlit's secrets, and the address names a study."""
    try:
        return "study" in st.query_params and "auth" in st.secrets
    except FileNotFoundError:  # there are no secrets at all
        return False


def logged_in() -> Pass | None:
    """The rater whom the identity provider vouches for, who becomes one on the way; None where nobody is logged in.

    Raises:
        InputError: the study takes invited raters only.
    """
    if not (logins_offered() and st.user.get("is_logged_in", False)):
        return None
    login = Login(st.query_params["study"], str(st.user["iss"]), str(st.user["sub"]))
    enrol(opened_store(), login, str(st.user.get("email") or st.user.get("name") or "logged in"))
    return cast(Pass, login)


def organiser_token() -> str | None:
    """The organiser's token; it leaves the address line as soon as it was read."""
    if ORGANISER in st.query_params:
        st.session_state["organiser"] = st.query_params.pop(ORGANISER)
    token: str | None = st.session_state.get("organiser")
    return token
