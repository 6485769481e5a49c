"""The ranking by votes, folded until there are enough: looking early is possible, and noted."""

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from evalkit.compare.rating_charts import board_chart
from evalkit.compare.words import finding_words, visible
from evalkit.core.errors import InputError
from evalkit.run.rankings import agreement_of, note_look, ranking_of, rater_lines, shows_texts
from evalkit.run.rating import Leaderboard, Ranking
from evalkit.run.steering import watched
from evalkit.run.studies import StudyLine
from parts.opened_store import opened_store
from parts.theme import is_dark


def ranking_panel(line: StudyLine) -> None:
    """Ranks as ranges with intervals, what is not separable, agreement.

    Args:
        line: the study.
    """
    looked = f"looked-{line.name}"
    if line.votes < line.wanted and not st.session_state.get(looked):
        st.markdown(
            "The study is not done. Looking again and again and stopping at a moment one likes makes intervals too narrow: "
            "a look is noted in the log."
        )
        st.button("Look early", on_click=partial(look, line.name, looked))
        return
    if line.task != "review":
        board(line)
    agree(line.name)
    if line.task == "pairwise":
        may_stop(line)
        rater_details(line.name)


def board(line: StudyLine) -> None:
    """The ranking, or why there is none."""
    try:
        show(ranking_of(opened_store(), line.name, **asked_for(line)))
    except InputError as error:
        st.code(str(error), language=None, wrap_lines=True)


def asked_for(line: StudyLine) -> dict[str, Any]:
    """By which question, and whether by style as well."""
    chosen = 0
    if line.attributes:
        named = ["the main question", *(visible(name, 60) for name in line.attributes)]
        chosen = st.selectbox("By", range(len(named)), format_func=named.__getitem__)
    style = shows_texts(opened_store(), line.name) and st.toggle("Take out what texts owe to their length and formatting")
    return {"attribute": line.attributes[chosen - 1] if chosen else None, "style": style}


def look(name: str, looked: str) -> None:
    """Note it and show."""
    note_look(opened_store(), name)
    st.session_state[looked] = True


def show(ranking: Leaderboard) -> None:
    """One line a generator, best first."""
    table = ranking.table()
    first = len(ranking.leaders)
    st.markdown("##### One generator leads" if first == 1 else f"##### Votes cannot separate the first {first} yet")
    table["generator"] = [visible(name, 40) for name in table["generator"]]
    st.altair_chart(board_chart(table, ranking.FIGURE, dark=is_dark()), theme=None, width="stretch", key="board")
    form = "%.0f" if ranking.FIGURE == "strength" else "%.2f"
    numbers = {name: st.column_config.NumberColumn(format=form) for name in (ranking.FIGURE, "low", "high")}
    numbers["votes"] = st.column_config.NumberColumn(format="%.0f")
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        column_config=numbers | {"both_bad": st.column_config.NumberColumn(format="percent")},
    )
    for effect in ranking.effects if isinstance(ranking, Ranking) else ():
        st.caption(
            f"{effect.name}: {effect.value:+.2f} logits ({effect.low:+.2f} to {effect.high:+.2f}), p = {effect.p_value:.2g}; "
            "taken out."
        )
    for note in ranking.notes:
        st.caption(note)


def may_stop(line: StudyLine) -> None:
    """Pair by pair, whether asking may stop now; this holds however often one looks."""
    pairs = watched(opened_store(), line.name)
    seen = [(first, second, found) for first, second, found in pairs if found is not None]
    if not seen:
        return
    decided = sum(found.decided_after is not None for *_, found in seen)
    st.markdown(f"##### {decided} of {len(pairs)} pairs are decided, however often you looked")
    table = pd.DataFrame(
        {
            "pair": [f"{visible(first, 40)} against {visible(second, 40)}" for first, second, _ in seen],
            "first wins": [found.value for *_, found in seen],
            "at least": [found.low for *_, found in seen],
            "at most": [found.high for *_, found in seen],
            "raters" if line.stop_rule == "rater" else "votes": [found.n for *_, found in seen],
            "so": [visible(found.decision, 120) for *_, found in seen],
        }
    )
    shares = {name: st.column_config.NumberColumn(format="percent") for name in ("first wins", "at least", "at most")}
    st.dataframe(table, hide_index=True, width="stretch", column_config=shares)
    if line.stop_rule == "rater":
        st.caption("Each rater counts once here, when done: raters' tastes are taken into account.")
    else:
        st.caption("Votes count one by one here. Where few raters cast many each, the ranking's intervals say more.")


def rater_details(name: str) -> None:
    """Agreement, speed, side and influence of each rater; it points at raters to look at and proves nothing."""
    try:
        lines = rater_lines(opened_store(), name)
    except InputError:
        return  # why there is no ranking stands above
    hangs = int(lines["leader_without"].notna().sum())
    st.markdown(
        f"##### The leader would change without any one of {hangs} raters" if hangs else "##### No single rater decides who leads"
    )
    shown = ["rater", "votes", "agreement", "shared", "median_seconds", "left", "left_p_value", "leader_without"]
    shares = {each: st.column_config.NumberColumn(format="percent") for each in ("agreement", "left")}
    st.dataframe(lines[shown], hide_index=True, width="stretch", column_config=shares)


def agree(name: str) -> None:
    """How far raters agree, or why it cannot be said."""
    try:
        finding = agreement_of(opened_store(), name)
    except InputError:
        return
    st.caption(f"Agreement beyond chance: {finding_words(finding)}. Low agreement limits every ranking.")
