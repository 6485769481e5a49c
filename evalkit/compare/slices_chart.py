"""Slices of a generator as dots with their intervals."""

import altair as alt
import pandas as pd

from evalkit.compare.charts import DARK, LIGHT, AnyChart, configured
from evalkit.compare.slices import Slices
from evalkit.compare.words import percent, visible

MOST_DRAWN = 40
_DIFFERS, _CHANCE = "differs", "may be chance"


def slices_chart(slices: Slices, generator: str, *, dark: bool = False) -> AnyChart:
    """Every slice of one generator: how far its share lies from the real one, most telling first, at most 40.

    Args:
        slices: with at least one slice of the generator.
        generator: whose.
        dark: whether it will stand on a dark page.
    """
    palette = DARK if dark else LIGHT
    found = slices.of(generator)[:MOST_DRAWN]
    frame = pd.DataFrame(
        {
            "slice": _apart([visible(each.slice, 40) for each in found]),
            "difference": [each.difference for each in found],
            "low": [each.low for each in found],
            "high": [each.high for each in found],
            "state": [_DIFFERS if each.what else _CHANCE for each in found],
            "words": [f"{percent(each.real_share)} of real rows, {percent(each.generated_share)} of generated" for each in found],
        }
    )
    y = alt.Y("slice:N", title=None, sort=frame["slice"].tolist(), axis=alt.Axis(grid=False, labelLimit=260))
    x = alt.X("low:Q", title="generated share less real share", axis=alt.Axis(tickCount=6, format="+~%"))
    states = [_DIFFERS, _CHANCE]
    color = alt.Color("state:N", scale=alt.Scale(domain=states, range=[palette.flagged, palette.data]), legend=None)
    shape = alt.Shape("state:N", scale=alt.Scale(domain=states, range=["diamond", "circle"]), legend=None)
    tips = ["slice:N", "words:N", "state:N"]
    zero = alt.Chart(pd.DataFrame({"zero": [0]})).mark_rule(color=palette.ink, strokeDash=[5, 4], opacity=1).encode(x="zero:Q")
    line = alt.Chart(frame).mark_rule(strokeWidth=2.5, opacity=1).encode(y=y, x=x, x2="high:Q", color=color, tooltip=tips)
    dot = (
        alt.Chart(frame)
        .mark_point(filled=True, size=80, opacity=1)
        .encode(y=y, x="difference:Q", color=color, shape=shape, tooltip=tips)
    )
    words = f"how far the share of each slice by {visible(slices.by, 40)} lies from the real one, with its 95 % interval"
    return configured(alt.layer(zero, line, dot).properties(width=560, height=alt.Step(24), description=words), palette)


def _apart(names: list[str]) -> list[str]:
    """The same names, numbered where two are alike after they were cut."""
    return [name if names.index(name) == place else f"{name} ({place + 1})" for place, name in enumerate(names)]
