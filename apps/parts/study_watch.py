"""A study as its organiser watches it: votes, raters, links, ranking, downloads."""

from functools import partial

import pandas as pd
import streamlit as st

from evalkit.compare.rating_charts import vote_chart
from evalkit.compare.words import count, percent, visible
from evalkit.run.rating import invite, revoke, withdraw
from evalkit.run.studies import StudyLine, links, set_state, study_line
from evalkit.run.study_progress import RaterLine, StudyProgress, study_progress
from evalkit.run.vote_files import VOTE_FILES, vote_bytes
from parts.opened_store import opened_store
from parts.study_alarms import review_panel
from parts.study_ranking import ranking_panel
from parts.theme import is_dark

_EVERY = 5  # seconds between two looks


def study_watch(line: StudyLine) -> None:
    """The page of one study.

    Args:
        line: the study as the list knows it.
    """
    head(line)
    counts(line.name)
    with st.expander("Invite raters", expanded=line.raters == 0):
        invitations(line.name)
    with st.expander("Links and withdrawals"):
        administration(line.name)
    if line.task == "review":
        with st.expander("Were the alarms right?"):
            review_panel(line.name)
    with st.expander("Agreement" if line.task == "review" else "Ranking and agreement"):
        ranking_panel(line)
    with st.expander("Download votes"):
        downloads(line.name)


def head(line: StudyLine) -> None:
    """The study's name, what can be done with it, and the way back."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("All studies", type="tertiary"):
            st.query_params.pop("study")
            st.rerun()
        st.text(visible(line.name, 80), width="stretch")
        if line.state != "open":
            st.button("Reopen", on_click=set_state, args=(opened_store(), line.name, "open"))
        else:
            st.button("Pause", on_click=set_state, args=(opened_store(), line.name, "paused"))
        st.button("Close", on_click=set_state, args=(opened_store(), line.name, "closed"), disabled=line.state == "closed")


@st.fragment(run_every=_EVERY)
def counts(name: str) -> None:
    """How far it is, anew every few seconds; lines keep their places."""
    progress = study_progress(opened_store(), name)
    st.markdown(f"#### {finding(progress)}")
    st.progress(min(progress.votes / max(progress.wanted, 1), 1.0))
    left, right = st.columns([2, 3])
    with left:
        st.markdown("##### Votes of each pair" if progress.design.task == "pairwise" else "##### Votes")
        st.altair_chart(vote_chart(progress.pairs, dark=is_dark()), theme=None, width="stretch", key="votes")
    with right:
        st.markdown("##### Raters")
        rater_table(progress.raters)
    if progress.not_counted:
        words = ", ".join(f"{n} {why}" for why, n in sorted(progress.not_counted.items()))
        st.caption(f"Kept but not counted: {words}.")


def finding(progress: StudyProgress) -> str:
    """The first line of the page."""
    enough = sum(votes >= wanted for _, votes, wanted in progress.pairs)
    text = f"{count(progress.votes)} of {count(progress.wanted)} votes; {enough} of {len(progress.pairs)} groups have enough"
    if progress.decided:
        return f"Decided, and closed by its stop rule: {text}"
    if progress.state != "open":
        return f"{progress.state.capitalize()}: {text}"
    return text + (f"; about {progress.hours_left:.1f} h left" if progress.hours_left is not None else "")


def rater_table(raters: tuple[RaterLine, ...]) -> None:
    """One line a rater; what deserves a look is said in words, not by colour alone."""
    if not raters:
        st.markdown("Nobody is invited yet.")
        return
    frame = pd.DataFrame(
        {
            "rater": [visible(rater.name or "(erased)", 40) for rater in raters],
            "state": [rater.state for rater in raters],
            "done": [rater.done for rater in raters],
            "median s": [rater.median_seconds for rater in raters],
            "checks right": [f"{rater.checks[1]} of {rater.checks[0]}" if rater.checks[0] else "" for rater in raters],
            "look at": [notice(rater) for rater in raters],
        }
    )
    st.dataframe(frame, hide_index=True, width="stretch", column_config={"median s": st.column_config.NumberColumn(format="%.1f")})


def notice(rater: RaterLine) -> str:
    """Why an organiser may want to look at a rater; no proof of bad faith."""
    reasons = []
    if rater.fast_share is not None and rater.done >= 10 and rater.fast_share > 0.2:
        reasons.append(f"{percent(rater.fast_share)} under 1 s")
    if rater.checks[0] >= 3 and rater.checks[1] < 0.7 * rater.checks[0]:
        reasons.append("misses checks")
    if rater.left_share is not None and rater.done >= 20 and abs(rater.left_share - 0.5) > 0.3:
        reasons.append(f"left {percent(rater.left_share)}")
    return ", ".join(reasons)


def invitations(name: str) -> None:
    """Links, shown once."""
    with st.form("invite"):
        names = st.text_area("Their names, one a line; only you see them", placeholder="Ada\nBen", height=100)
        base = st.text_input("Where raters reach this app", value=st.context.url.rsplit("/", 1)[0] if st.context.url else "")
        if st.form_submit_button("Make links", type="primary"):
            called = [one.strip() for one in names.splitlines() if one.strip()] or [f"rater {line_number(name)}"]
            invited = invite(opened_store(), name, called)
            urls = links([one.token for one in invited], base)
            shown = "\n".join(f"{one.name}: {url}" for one, url in zip(invited, urls, strict=True))
            st.markdown("Send each rater their own link. Links are not kept: copy them now.")
            st.code(visible(shown, len(shown)) if "\n" not in shown else shown, language=None)


def line_number(name: str) -> int:
    """Of the next rater without a name."""
    return study_line(opened_store(), name).raters + 1


def administration(name: str) -> None:
    """Close links, erase raters."""
    raters = [rater for rater in study_progress(opened_store(), name).raters if rater.kind == "person" and rater.name]
    if not raters:
        st.markdown("Nobody is invited yet.")
        return
    keys = {rater.rater: f"{visible(rater.name, 40)} ({rater.rater[:6]})" for rater in raters}
    chosen = st.selectbox("Rater", list(keys), format_func=keys.__getitem__)
    with st.container(horizontal=True):
        st.button("Close the link", on_click=revoke, args=(opened_store(), name, chosen))
        sure = st.checkbox("They asked to be erased", key=f"erase-{chosen}")
        st.button("Erase", on_click=erase, args=(name, chosen), disabled=not sure)


def erase(name: str, rater: str) -> None:
    """Take a rater's traces away."""
    withdraw(opened_store(), name, rater)


def downloads(name: str) -> None:
    """All votes, in several forms."""
    with st.container(horizontal=True):
        for ending, what in VOTE_FILES.items():
            st.download_button(
                what,
                data=partial(vote_bytes, opened_store(), name, ending),
                file_name=f"votes{ending}",
                on_click="ignore",
            )
