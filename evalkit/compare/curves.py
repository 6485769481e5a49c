"""Charts of a fit: its losses, its discriminator, and series that were drawn or foretold."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.compare.charts import DARK, LIGHT, AnyChart, Palette, configured
from evalkit.compare.words import figure, visible

MOST_POINTS = 300
_HEIGHT = 230
_TRAINING, _HELD_OUT = "loss", "held-out loss"
_CHANCE = 0.5


def loss_curve(curve: pd.DataFrame, *, marked: int | None = None, dark: bool = False) -> AnyChart:
    """The training loss and the held-out loss by step, each with its name and last value at its end.

    A game of two networks trains on a loss that has no meaning by itself and is of another size: only the held-out one is drawn.

    Args:
        curve: ``step``, ``figure``, ``value``; other figures than the two losses are left out.
        marked: a step to point at, or None.
        dark: whether it will stand on a dark page.
    """
    palette = DARK if dark else LIGHT
    names = {_HELD_OUT: "held-out"} if _accuracies(curve) else {_TRAINING: "training", _HELD_OUT: "held-out"}
    lines = curve[curve["figure"].isin(names)].assign(line=lambda frame: frame["figure"].map(names))
    return _lines(lines, palette, list(names.values()), "lower is better", marked=marked)


def accuracy_curve(curve: pd.DataFrame, *, dark: bool = False) -> AnyChart | None:
    """How well drawn rows are told from real ones at each step, with the line of 50 % at which they cannot; None without any.

    Args:
        curve: as for :func:`loss_curve`; figures whose names end in ``accuracy`` are drawn.
        dark: whether it will stand on a dark page.
    """
    palette = DARK if dark else LIGHT
    found = _accuracies(curve)
    if not found:
        return None
    lines = curve[curve["figure"].isin(found)].assign(line=lambda frame: frame["figure"])
    return _lines(lines, palette, found, "share of pairs told apart", chance=_CHANCE)


def series_lines(
    steps: Sequence[NDArray[np.float64]], channels: Sequence[str], *, names: Sequence[str] = (), dark: bool = False
) -> AnyChart:
    """Series as lines, one panel a channel, at most four series and three channels, the first 300 steps of each.

    Args:
        steps: one array (steps, channels) a series.
        channels: their names.
        names: what each series is called, in a legend above; none draws none.
        dark: whether it will stand on a dark page.
    """
    palette = DARK if dark else LIGHT
    panels = [_panel(steps[:4], channels, i, names, palette) for i in range(min(len(channels), 3))]
    return configured(alt.vconcat(*panels, spacing=8), palette)  # type: ignore[arg-type]


def forecast_fan(
    steps: NDArray[np.float64],
    known: int,
    figures: Sequence[NDArray[np.float64]],
    channels: Sequence[str],
    *,
    dark: bool = False,
) -> AnyChart:
    """A forecast over what came, one panel a channel, at most three channels.

    Args:
        steps: (steps, channels) what came, those before the forecast included.
        known: how many of them the forecast was made from.
        figures: median, low and high of the others, (steps - known, channels) each.
        channels: their names.
        dark: whether it will stand on a dark page.
    """
    palette = DARK if dark else LIGHT
    panels = [_fan(steps, known, figures, channels, i, palette) for i in range(min(len(channels), 3))]
    return configured(alt.vconcat(*panels, spacing=8), palette)  # type: ignore[arg-type]


def _fan(
    steps: NDArray[np.float64],
    known: int,
    figures: Sequence[NDArray[np.float64]],
    channels: Sequence[str],
    channel: int,
    palette: Palette,
) -> AnyChart:
    x = alt.X("step:Q", title=None, axis=alt.Axis(grid=False, tickCount=5))
    y = alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=3, format="~r"))
    legend = alt.Legend(orient="top", title=None) if channel == 0 else None
    named = alt.Scale(domain=["what came", "forecast"], range=[palette.rest, palette.data])
    middle, low, high = (each[:, channel] for each in figures)
    band = pd.DataFrame({"step": np.arange(known, len(steps)), "low": low, "high": high})
    came = pd.DataFrame({"step": np.arange(len(steps)), "value": steps[:, channel], "line": "what came"})
    foretold = pd.DataFrame({"step": band["step"], "value": middle, "line": "forecast"})
    shade = alt.Chart(band).mark_area(color=palette.data, opacity=0.25).encode(x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
    lines = alt.Chart(pd.concat([came, foretold])).mark_line(strokeWidth=1.5, opacity=1)
    lines = lines.encode(x=x, y=y, color=alt.Color("line:N", legend=legend, scale=named))
    begin = alt.Chart(pd.DataFrame({"step": [known - 0.5]})).mark_rule(color=palette.ink, strokeDash=[3, 3]).encode(x="step:Q")
    name = visible(channels[channel], 40)
    head = alt.TitleParams(name, anchor="start", fontSize=12, color=palette.ink)
    told = f"{name}: forecast from step {known} on, with a band, over what came."
    return alt.layer(shade, lines, begin).properties(height=100, title=head, description=told)


def _accuracies(curve: pd.DataFrame) -> list[str]:
    """The figures of a game: how well one network tells what the other draws."""
    return [name for name in dict.fromkeys(curve["figure"]) if name.endswith("accuracy")]


def _panel(
    steps: Sequence[NDArray[np.float64]], channels: Sequence[str], channel: int, names: Sequence[str], palette: Palette
) -> alt.Chart:
    parts = []
    for i, one in enumerate(steps):
        values = one[:MOST_POINTS, channel]
        # Panels share one scale of colours: a series has one name in all of them.
        name = names[i] if names else f"{i + 1}"
        parts.append(pd.DataFrame({"step": range(len(values)), "value": values, "series": name}))
    colours = [palette.data, palette.flagged, palette.rest, palette.ink]
    legend = alt.Legend(orient="top", title=None) if names and channel == 0 else None
    panel: alt.Chart = (
        alt.Chart(pd.concat(parts))
        .mark_line(strokeWidth=1.5, opacity=1)
        .encode(
            x=alt.X("step:Q", title=None, axis=alt.Axis(grid=False, tickCount=5)),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=3, format="~r")),
            color=alt.Color("series:N", legend=legend, scale=alt.Scale(domain=list(names) or alt.Undefined, range=colours)),
        )
        .properties(
            height=80, title=alt.TitleParams(visible(channels[channel], 40), anchor="start", fontSize=12, color=palette.ink)
        )
    )
    return panel


def _lines(
    frame: pd.DataFrame, palette: Palette, order: list[str], title: str, *, marked: int | None = None, chance: float | None = None
) -> AnyChart:
    frame = pd.concat([_thinned(part) for _, part in frame.groupby("line", sort=False)]) if len(frame) else frame
    ends = frame.groupby("line", sort=False).tail(1)
    ends = ends.assign(words=[f"{line} {figure(value)}" for line, value in zip(ends["line"], ends["value"], strict=True)])
    scale = alt.Scale(domain=order, range=[palette.data, palette.flagged, palette.rest, palette.ink][: len(order)])
    dashes = alt.Scale(domain=order, range=[[4, 3], [1, 0], [2, 2], [6, 2]][: len(order)] if len(order) > 1 else [[1, 0]])
    colour = alt.Color("line:N", scale=scale, legend=None)
    x = alt.X("step:Q", title="training step", axis=alt.Axis(grid=False, tickCount=6, format=",d"), scale=alt.Scale(nice=False))
    y = alt.Y("value:Q", title=None, scale=alt.Scale(zero=False, padding=22), axis=alt.Axis(tickCount=5, format="~r"))
    if chance is not None:
        y = alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5, format=".0%"))
    base = alt.Chart(frame)
    shown = base.mark_line(strokeWidth=2, opacity=1).encode(
        x=x,
        y=y,
        color=colour,
        strokeDash=alt.StrokeDash("line:N", scale=dashes, legend=None),
        tooltip=["line:N", alt.Tooltip("step:Q", format=","), alt.Tooltip("value:Q", format=".4g")],
    )
    dots = alt.Chart(ends).mark_point(filled=True, size=40, opacity=1).encode(x=x, y=y, color=colour)
    layers = [shown, dots, *_end_labels(ends, x, y, palette)]
    if chance is not None:
        layers += _level(chance, "50 %: cannot be told apart", palette)
    if marked is not None:
        layers += [
            alt.Chart(pd.DataFrame({"step": [marked]}))
            .mark_rule(color=palette.ink, opacity=1, strokeDash=[3, 3])
            .encode(x="step:Q")
        ]
    head = alt.TitleParams(title, anchor="start", fontSize=12, fontWeight="normal", color=palette.ink, offset=6)
    told = "; ".join(f"{words} at step {step:,}" for words, step in zip(ends["words"], ends["step"], strict=True))
    chart = alt.layer(*layers).properties(width=560, height=_HEIGHT, title=head, description=visible(f"{title}: {told}", 400))
    return configured(chart, palette)


def _end_labels(ends: pd.DataFrame, x: alt.X, y: alt.Y, palette: Palette) -> list[alt.Chart]:
    """The highest end's words above it, the others' below theirs, so that they keep clear of each other."""
    by_height = ends.sort_values("value", ascending=False)
    parts = ((by_height.head(1), -9), (by_height.tail(-1), 14))
    found = [(alt.Chart(part).encode(x=x, y=y, text="words:N"), dy) for part, dy in parts if len(part)]
    return [layer for chart, dy in found for layer in _readable(chart, palette, align="right", dy=dy, dx=2)]


def _readable(chart: alt.Chart, palette: Palette, **place: Any) -> list[alt.Chart]:
    """Words that keep clear of lines behind them: a rim in the page's colour, and the letters."""
    rim = chart.mark_text(fontSize=12, color=palette.page, stroke=palette.page, strokeWidth=4, opacity=0.85, **place)
    return [rim, chart.mark_text(fontSize=12, color=palette.ink, **place)]


def _thinned(part: pd.DataFrame) -> pd.DataFrame:
    """At most some hundred points of one line, evenly spaced, the last one among them."""
    return part.iloc[np.unique(np.linspace(0, len(part) - 1, min(len(part), MOST_POINTS)).round().astype(int))]


def _level(value: float, words: str, palette: Palette) -> list[alt.Chart]:
    base = alt.Chart(pd.DataFrame({"value": [value], "words": [words]})).encode(y="value:Q")
    rule = base.mark_rule(strokeDash=[5, 4], strokeWidth=1.5, color=palette.ink, opacity=1)
    words_at = base.encode(text="words:N", x=alt.value(0))
    return [rule, *_readable(words_at, palette, align="left", baseline="top", dx=4, dy=4)]
