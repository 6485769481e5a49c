"""Rate: one honest question at a time. All that matters lies in the store: a reload or another device goes on where it was."""

import secrets
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import streamlit as st
from parts.escape import escaped
from parts.opened_store import opened_store
from parts.rate_answer import answer_bar, side_names, stacked
from parts.rate_content import show_content, show_text
from parts.rater_session import STUDY, has_provider, is_logged_in, logged_in, login_name, login_to, rater_token

from evalkit.compare.words import visible
from evalkit.core.errors import EvalkitError, InputError
from evalkit.run.rating import (
    PICTURE,
    Login,
    Nothing,
    Pass,
    Served,
    agree,
    enrol,
    keep_draft,
    next_question,
    skip,
    undo,
    vote,
    withdraw_myself,
)
from evalkit.run.steering import steer
from evalkit.run.studies import open_studies

T = TypeVar("T")
_AGAIN = 20  # seconds until somebody who waits is asked again


def page() -> None:
    """The question, or why there is none."""
    try:
        token = rater_token() or logged_in()
        if token is None:
            welcome()
            return
        found = next_question(opened_store(), token)
    except EvalkitError as error:
        st.markdown("#### This link cannot be used")
        st.code(str(error), language=None, wrap_lines=True)
        return
    said()
    if isinstance(found, Served):
        ask(token, found)
    else:
        nothing(token, found)


def welcome() -> None:
    """What somebody needs who has no link."""
    st.markdown("#### Rate")
    said()
    offered = open_studies(opened_store()) if has_provider() else []
    if is_logged_in():
        st.text(f"Logged in as {visible(login_name(), 80)}.")
        st.markdown("Studies that are open to you:" if offered else "No study is open to you now.")
        for name in offered:
            with st.container(border=True, horizontal=True, vertical_alignment="center"):
                st.text(visible(name, 80), width="stretch")
                st.button("Rate", key=f"rate-{name}", on_click=choose, args=(name,))
        st.button("Log out", type="tertiary", on_click=st.logout)
    elif offered:
        st.markdown("Whoever can log in may rate here. Or open the link that the organiser sent you.")
        st.button("Log in", type="primary", on_click=st.login)
    else:
        st.markdown("You need a link from the organiser of a study. Open it in this browser: it begins where you left off.")


def choose(study: str) -> None:
    """Become a rater of a study, and go on to its questions."""
    try:
        enrol(opened_store(), login_to(study), login_name())
    except EvalkitError as error:
        st.session_state["said"] = str(error)
    else:
        st.query_params[STUDY] = study


def leave_for_others() -> None:
    """Back to the list of studies."""
    st.query_params.pop(STUDY, None)


def login_ways() -> None:
    """Out, and to other studies, for whoever logged in."""
    with st.container(horizontal=True):
        st.button("Other studies", type="tertiary", on_click=leave_for_others)
        st.button("Log out", type="tertiary", on_click=st.logout)


def said() -> None:
    """What came of the last answer, if that needs words."""
    word = st.session_state.pop("said", None)
    if word is not None:
        st.code(word, language=None, wrap_lines=True)


def ask(token: Pass, served: Served) -> None:
    """One question with its outputs and answers."""
    st.session_state.setdefault(f"since-{served.assignment}", time.monotonic())
    head(token, served)
    if served.prompt:
        show_text(served.prompt, "prompt")
    for name, value in served.context.items():
        show_text(f"{name}: {value}", f"context-{name}")
    if served.reference is not None:
        with st.container(border=True):
            st.caption("Compare with this")
            show_content(served.reference, served.design.mask, "reference")
    outputs(served)
    with st.bottom:
        keys_on = st.session_state.get("keys", True)
        answer_bar(served, partial(cast, token, served), keys_on)
        below(token, served)


def head(token: Pass, served: Served) -> None:
    """The question, how far one is, and the way back."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"#### {escaped(served.design.question)}", width="stretch")
        standing = "Practice, with an answer after it" if served.practice else f"{served.done} of about {served.of} · saved"
        st.text(standing, width="content")
        st.button(
            "Undo",
            key=f"undo-{served.assignment}",
            on_click=back,
            args=(token, served.assignment),
            disabled=served.done == 0,
            shortcut="Z" if st.session_state.get("keys", True) else None,
        )
    st.progress(min(served.done / max(served.of, 1), 1.0))


def outputs(served: Served) -> None:
    """Side by side, also on a phone: nobody votes without having seen both. Tables of several rows need the whole width."""
    n = len(served.outputs)
    pictures = served.outputs[0].media_type == PICTURE
    columns = [] if stacked(served) else st.columns(min(n, 4), wrap=not pictures and n > 2, border=True)
    for place, output in enumerate(served.outputs):
        with columns[place % len(columns)] if columns else st.container(border=True):
            if n > 1:
                st.caption(side_names(served)[place] if n == 2 else f"Number {place + 1}")
            show_content(output, served.design.mask, f"{served.assignment}-{place}")


def below(token: Pass, served: Served) -> None:
    """The reason, skipping, and keys."""
    if served.design.rationale != "none":
        needed = "needed" if served.design.rationale == "required" else "optional"
        st.text_input(
            f"Your reason ({needed})",
            value=(served.draft or {}).get("rationale", ""),
            key=f"reason-{served.assignment}",
            on_change=draft,
            args=(token, served.assignment),
            max_chars=2000,
            label_visibility="collapsed",
            placeholder=f"Your reason ({needed})",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Cannot judge this", key=f"skip-{served.assignment}", on_click=leave, args=(token, served), type="tertiary")
        st.toggle("Number keys", value=True, key="keys")
        with st.popover("My data"):
            my_data(token, served.design.keeps_counts)


def my_data(token: Pass, keeps: bool) -> None:
    """What is kept of a rater, and the way out."""
    st.markdown(
        "Kept are your answers, their times and your reasons. If you withdraw, your name, your link and your reasons are erased"
        + ("; your answers stay, without anything that tells they were yours." if keeps else ", and so are your answers.")
    )
    if isinstance(token, Login):
        st.markdown("Of your login a salted hash stays, so that nobody rates twice.")
        login_ways()
    sure = st.checkbox("I want to withdraw", key="sure")
    st.button("Erase me", disabled=not sure, on_click=leave_study, args=(token,))


def cast(token: Pass, served: Served, answer: dict[str, Any]) -> None:
    """Store an answer. Its key is made once a question and session: pressed twice it is one vote."""
    key = st.session_state.setdefault(f"key-{served.assignment}", secrets.token_hex(12))
    seconds = time.monotonic() - st.session_state.get(f"since-{served.assignment}", time.monotonic())
    reason = st.session_state.get(f"reason-{served.assignment}")
    try:
        done = vote(opened_store(), token, served.assignment, key, answer, rationale=reason, seconds=round(seconds, 2))
    except InputError as error:
        st.session_state["said"] = str(error)
        return
    except EvalkitError as error:
        st.session_state["said"] = f"Not saved: {error}. What you answered is kept here; press once more."
        return
    forget(served.assignment)
    tried(partial(steer, opened_store(), served.study, served.design))
    if done.right is not None:
        st.session_state["said"] = "Right." if done.right else "Another answer was expected. This was practice: it does not count."


def back(token: Pass, assignment: str) -> None:
    """Take the last answer back."""
    if tried(partial(undo, opened_store(), token, after=assignment)) is False:
        st.session_state["said"] = "There is nothing to take back."


def last_back(token: Pass) -> None:
    """Take the last answer back where no question is shown."""
    tried(partial(undo, opened_store(), token))


def leave(token: Pass, served: Served) -> None:
    """Skip the question."""
    tried(partial(skip, opened_store(), token, served.assignment))
    forget(served.assignment)


def draft(token: Pass, assignment: str) -> None:
    """Keep a reason while it is written."""
    tried(partial(keep_draft, opened_store(), token, assignment, {"rationale": st.session_state[f"reason-{assignment}"]}))


def leave_study(token: Pass) -> None:
    """Erase the rater."""
    st.session_state["said"] = "You are erased from the study. Thank you for your time."
    tried(partial(withdraw_myself, opened_store(), token))
    st.query_params.pop(STUDY, None)


def consent(token: Pass) -> None:
    """Note that the rater agrees."""
    tried(partial(agree, opened_store(), token))


def tried(work: Callable[[], T]) -> T | None:
    """What the work gives; None and a sentence on the page where the store refuses or does not answer."""
    try:
        return work()
    except EvalkitError as error:
        st.session_state["said"] = str(error)
        return None


def forget(assignment: str) -> None:
    """An answered question leaves nothing in the session: taken back, it gets a new key."""
    for what in ("key", "since"):
        st.session_state.pop(f"{what}-{assignment}", None)


def nothing(token: Pass, found: Nothing) -> None:
    """Why there is no question, and what one can do."""
    if found.why == "consent":
        st.markdown("#### Before you begin")
        show_text(found.consent or "", "consent")
        st.button("I agree", type="primary", on_click=consent, args=(token,))
        return
    if found.why == "finished":
        st.markdown(f"#### All {found.done} done, thank you")
        st.markdown("Your answers are saved. You can close this page." if found.done else "There is nothing to rate for you.")
    elif found.why == "paused":
        st.markdown("#### The study has a break")
        st.markdown(f"Your {found.done} answers are saved. This page looks again every {_AGAIN} seconds.")
    else:
        st.markdown(f"#### {found.held_by_others} questions are with other raters")
        st.markdown(f"Your {found.done} answers are saved. Questions may come back: this page looks again every {_AGAIN} seconds.")
    if isinstance(token, Login):
        login_ways()
    if found.done:
        st.button("Undo my last answer", on_click=last_back, args=(token,), shortcut="Z")
    if found.why != "finished":
        look_again()


@st.fragment(run_every=_AGAIN)
def look_again() -> None:
    """Run the page anew after a while; the first time it only waits."""
    if st.session_state.get("waited_since", 0.0) + _AGAIN - 1 < time.monotonic():
        first = "waited_since" not in st.session_state
        st.session_state["waited_since"] = time.monotonic()
        if not first:
            st.rerun(scope="app")


page()
