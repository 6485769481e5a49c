"""Charts of people's ratings: strengths with their intervals, and votes against what is wanted."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from evalkit.compare.charts import DARK, LIGHT, AnyChart, configured
from evalkit.compare.words import count, visible

MOST_LINES = 40
_SCALES = {"strength": ("strength, 400 points are odds of ten to one", ".0f"), "mean": ("mean rating", ".2f")}


def board_chart(table: pd.DataFrame, figure: str, *, dark: bool = False) -> AnyChart:
    """Every generator's strength or mean rating as a dot with its interval, best first; at most the first 40 are drawn.

    Args:
        table: with ``generator``, the figure, ``low``, ``high`` and ``rank``, as a leaderboard's ``table`` gives it.
        figure: ``strength`` on the Arena's scale, or ``mean``.
        dark: whether it will stand on a dark page.
    """
    palette = DARK if dark else LIGHT
    frame = table.head(MOST_LINES).assign(generator=[visible(name, 24) for name in table["generator"].head(MOST_LINES)])
    y = alt.Y("generator:N", title=None, sort=frame["generator"].tolist(), axis=alt.Axis(grid=False, labelLimit=170))
    title, form = _SCALES[figure]
    x = alt.X("low:Q", title=title, axis=alt.Axis(tickCount=6, format=form), scale=alt.Scale(zero=False, padding=12))
    tips = ["generator:N", "rank:N", alt.Tooltip(f"{figure}:Q", format=form), "votes:Q"]
    line = alt.Chart(frame).mark_rule(color=palette.data, strokeWidth=2.5, opacity=1).encode(y=y, x=x, x2="high:Q", tooltip=tips)
    dot = (
        alt.Chart(frame).mark_point(color=palette.data, filled=True, size=70, opacity=1).encode(y=y, x=f"{figure}:Q", tooltip=tips)
    )
    words = f"{figure} of each generator by votes, with its 95 % interval"
    return configured(alt.layer(line, dot).properties(width=560, height=alt.Step(30), description=words), palette)


def vote_chart(groups: Sequence[tuple[str, int, int]], *, dark: bool = False) -> AnyChart:
    """Votes of each group of generators as a bar, and how many are wanted as a mark; at most the first 40 are drawn.

    Args:
        groups: name, votes, wanted.
        dark: whether it will stand on a dark page.
    """
    palette = DARK if dark else LIGHT
    frame = pd.DataFrame(list(groups)[:MOST_LINES], columns=["group", "votes", "wanted"])
    frame["group"] = [visible(group, 40) for group in frame["group"]]
    frame["words"] = [f"{count(votes)} of {count(wanted)}" for votes, wanted in zip(frame["votes"], frame["wanted"], strict=True)]
    y = alt.Y("group:N", title=None, sort=sorted(frame["group"]), axis=alt.Axis(grid=False, labelLimit=220))
    x = alt.X("votes:Q", title="votes; the mark is what is wanted", axis=alt.Axis(tickCount=5, format=".0f", tickMinStep=1))
    tips = ["group:N", "words:N"]
    bar = alt.Chart(frame).mark_bar(color=palette.data, height=12, opacity=1).encode(y=y, x=x, tooltip=tips)
    goal = alt.Chart(frame).mark_tick(color=palette.ink, thickness=2, size=18).encode(y=y, x="wanted:Q", tooltip=tips)
    words = "votes of each group of generators and how many are wanted"
    return configured(alt.layer(bar, goal).properties(width=420, height=alt.Step(26), description=words), palette)
