"""Study: set up, watch and close a rating study. For the organiser only."""

import streamlit as st
from parts.opened_store import opened_store
from parts.rater_session import organiser_token
from parts.study_setup import study_setup
from parts.study_watch import study_watch

from evalkit.compare.words import count, visible
from evalkit.core.errors import EvalkitError, InputError
from evalkit.run.rating import is_organiser
from evalkit.run.studies import StudyLine, studies, study_line


def page() -> None:
    """The token, the list, a new study or one of them, as the link says."""
    token = organiser_token()
    if token is None or not is_organiser(opened_store(), token):
        ask_token(token)
        return
    chosen = st.query_params.get("study")
    if chosen == "new":
        study_setup()
    elif chosen is not None:
        one(chosen)
    else:
        every_study(studies(opened_store()))


def ask_token(given: str | None) -> None:
    """Only the organiser comes further."""
    st.markdown("#### Studies of people's ratings")
    st.markdown("This page invites raters and shows their votes: it needs the organiser's token.")
    with st.form("token", width=480):
        typed = st.text_input("Organiser's token", type="password")
        if st.form_submit_button("Open", type="primary") and typed:
            st.session_state["organiser"] = typed.strip()
            st.rerun()
    if given is not None:
        st.code("This token does not open the organiser's pages, or its time is over: make a new one.", language=None)
    st.markdown("Make a token in the terminal; it is shown once:")
    st.code("evalkit study organiser", language="bash")


def every_study(lines: list[StudyLine]) -> None:
    """What there is, and the way to a new one."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("#### Studies", width="stretch")
        if st.button("New study", type="primary"):
            st.query_params["study"] = "new"
            st.rerun()
    if not lines:
        st.markdown("No study yet. A study shows people what your generators made and asks which is better.")
    for line in lines:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(width="stretch", gap=None):
                st.text(visible(line.name, 80))
                st.caption(f"{line.state} · {count(line.votes)} of {count(line.wanted)} votes · {line.raters} raters")
            if st.button("Open", key=f"open-{line.name}"):
                st.query_params["study"] = line.name
                st.rerun()


def one(name: str) -> None:
    """One study."""
    try:
        line = study_line(opened_store(), name)
    except InputError as error:
        st.markdown("#### This study is not there")
        st.code(str(error), language=None, wrap_lines=True)
        return
    study_watch(line)


try:
    page()
except EvalkitError as error:
    st.markdown("#### The store cannot be used now")
    st.code(str(error), language=None, wrap_lines=True)
