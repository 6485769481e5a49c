"""Who a browser belongs to: a rater with a link, the organiser with a token, or the person at this computer."""

from typing import cast

import streamlit as st

from evalkit.run.rating import Login, Pass, is_enrolled
from evalkit.run.studies import open_studies
from parts.opened_store import opened_store

RATER, ORGANISER, STUDY = "r", "organiser", "study"


def rater_token() -> str | None:
    """The rater's token, from the link; kept in the session too, since navigation drops the link's end."""
    given = st.query_params.get(RATER) or st.session_state.get("rater")
    if given is not None:
        st.session_state["rater"] = given
        if st.query_params.get(RATER) != given:
            st.query_params[RATER] = given
    return given


def has_provider() -> bool:
    """Whether the organiser has set up an identity provider in Streamlit's secrets."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:  # there are no secrets at all
        return False


def is_logged_in() -> bool:
    """Whether the identity provider vouches for whoever this browser belongs to."""
    return has_provider() and bool(st.user.get("is_logged_in", False))


def login_name() -> str:
    """What the identity provider calls whoever is logged in."""
    return str(st.user.get("email") or st.user.get("name") or "logged in")


def login_to(study: str) -> Login:
    """Whoever is logged in, as a rater of a study."""
    return Login(study, str(st.user["iss"]), str(st.user["sub"]))


def logged_in() -> Pass | None:
    """The rater whom the identity provider vouches for; None where nobody is logged in, or is no rater of the study yet.

    The provider sends back to the app's first address, which names no study: where just one takes logins, that is the one.
    """
    if not is_logged_in():
        return None
    offered = open_studies(opened_store())
    study = st.query_params.get(STUDY) or (offered[0] if len(offered) == 1 else None)
    if study is None or not is_enrolled(opened_store(), login_to(study)):
        return None
    st.query_params[STUDY] = study
    return cast(Pass, login_to(study))


def organiser_token() -> str | None:
    """The organiser's token; it leaves the address line as soon as it was read."""
    if ORGANISER in st.query_params:
        st.session_state["organiser"] = st.query_params.pop(ORGANISER)
    token: str | None = st.session_state.get("organiser")
    return token
