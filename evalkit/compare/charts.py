"""Charts of a detection, drawn from aggregated data: the same in the report (as SVG) and in the app.

Every chart says by shape or text what it says by colour, and holds fewer than 2,000 marks whatever the size of the table.
"""

import math
from typing import Literal, NamedTuple

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.anomaly.detection import Detection
from evalkit.compare.words import figure, percent, visible
from evalkit.statistics.exact import binomial_range

AnyChart = alt.LayerChart | alt.FacetChart
"""What ``altair.layer`` is declared to return."""

N_BINS = 60
N_RANKS = 60
N_P_BINS = 20
N_REASONS = 6
SMALLEST_SHARE = 0.01
_HEIGHT = 230
_STATES = ("flagged", "not flagged")
_AXIS_X = alt.Axis(grid=False, tickCount=8, format="~r")
_AXIS_RANK = alt.Axis(grid=False, tickCount=8, tickMinStep=1, format=",d")
_FONT = "Source Sans, Arial, Helvetica, sans-serif"


class Palette(NamedTuple):
    """Colours by role. The report's dark style maps each light colour to its dark one."""

    data: str
    flagged: str
    rest: str
    ink: str
    grid: str
    page: str


LIGHT = Palette(data="#0072B2", flagged="#D55E00", rest="#6B6B6B", ink="#2F2D2B", grid="#E3E1DE", page="#FFFFFF")
DARK = Palette(data="#56B4E9", flagged="#FF8A3D", rest="#9A9A9A", ink="#EDEBE8", grid="#3A3835", page="#171614")


def score_histogram(detection: Detection, *, dark: bool = False) -> AnyChart:
    """How the scores are spread, split at the threshold; counts on a log axis, so that a single alarm stays visible.

    Args:
        detection: the run; its flags and threshold are drawn.
        dark: whether it will stand on a dark page.
    """
    palette = DARK if dark else LIGHT
    scores = detection.scores["anomaly_score"].to_numpy(dtype=np.float64)
    flagged = detection.scores["is_anomaly"].to_numpy(dtype=bool)
    threshold = detection.summary.threshold_score
    bins = _bins(scores, flagged, threshold)
    tallest = float(bins["rows"].max())
    ticks = [10.0**power for power in range(math.floor(math.log10(tallest)) + 1)]
    bars = (
        alt.Chart(bins)
        .mark_bar(opacity=1, binSpacing=1)
        .encode(
            x=alt.X(
                "score from:Q", title="anomaly score (higher = more unusual)", axis=_AXIS_X, scale=alt.Scale(zero=False, nice=False)
            ),
            x2="score to:Q",
            y=alt.Y(
                "rows:Q",
                title=None,
                scale=alt.Scale(type="log", domain=[0.5, 2.4 * tallest]),
                axis=alt.Axis(values=ticks, format="~s"),
            ),
            y2=alt.datum(0.5),
            color=_state_colour(palette, legend=alt.Legend(orient="top", title=None)),
            tooltip=[
                "state:N",
                alt.Tooltip("rows:Q", format=","),
                alt.Tooltip("score from:Q", format=".3g"),
                alt.Tooltip("score to:Q", format=".3g"),
            ],
        )
    )
    line = [] if threshold is None else _threshold_line(threshold, bool(threshold > (scores.min() + scores.max()) / 2), palette)
    return _styled(alt.layer(bars, *line), palette, "rows with such a score (log scale)", detection.summary.finding)


def _bins(scores: NDArray[np.float64], flagged: NDArray[np.bool_], threshold: float | None) -> pd.DataFrame:
    low, high = float(scores.min()), float(scores.max())
    width = (high - low) / N_BINS or 1.0
    anchor = low if threshold is None or not low <= threshold <= high else threshold
    first = math.floor((low - anchor) / width)
    edges = anchor + width * np.arange(first, math.ceil((high - anchor) / width) + 1)
    edges = edges if len(edges) > 1 else np.array([edges[0], edges[0] + width])
    edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)
    every, alarms = (np.histogram(part, edges)[0] for part in (scores, scores[flagged]))
    frame = pd.DataFrame({"score from": edges[:-1], "score to": edges[1:]})
    # A bar that holds both states is drawn over the whole one: on a log axis stacked heights would mislead.
    rest = frame.assign(rows=every, state="not flagged")[every > alarms]
    return pd.concat([rest, frame.assign(rows=alarms, state="flagged")[alarms > 0]], ignore_index=True)


def _threshold_line(threshold: float, words_left: bool, palette: Palette) -> list[alt.Chart]:
    align: Literal["left", "right"] = "right" if words_left else "left"
    away = -6 if words_left else 6
    line = pd.DataFrame({"threshold": [threshold], "words": [f"flagged from {figure(threshold)}"]})
    base = alt.Chart(line).encode(x="threshold:Q")
    rule = base.mark_rule(strokeDash=[5, 4], strokeWidth=1.5, color=palette.ink, opacity=1)
    text = base.mark_text(align=align, baseline="top", dx=away, dy=2, color=palette.ink, fontSize=12).encode(
        text="words:N", y=alt.value(0)
    )
    return [rule, text]


def p_value_plot(detection: Detection, *, dark: bool = False) -> AnyChart:
    """The smallest p-values by rank with the line that they are measured against.

    Flagged are all points up to the last one that lies under the line (Benjamini and Hochberg), also those of them above it.

    Args:
        detection: the run; its flags and accepted share are drawn.
        dark: whether it will stand on a dark page.
    """
    palette = DARK if dark else LIGHT
    points, n_rows = _ranked(detection), len(detection.scores)
    # Many corners: a straight line through the origin is curved on a log axis.
    line = pd.DataFrame({"rank": np.linspace(1, int(points["rank"].max()), N_RANKS)})
    line["p-value"] = line["rank"] * detection.summary.fdr / n_rows
    # Conformal p-values are never 0; a modelled tail may round to it, and a log axis has no place for it.
    points["p-value"] = points["p-value"].clip(lower=1e-16)
    x = alt.X("rank:Q", title="rank of the row, smallest p-value first", axis=_AXIS_RANK, scale=alt.Scale(nice=False))
    y = alt.Y("p-value:Q", title=None, scale=alt.Scale(type="log"), axis=alt.Axis(format="~g", values=_decades(points, line)))
    dots = (
        alt.Chart(points)
        .mark_point(filled=True, opacity=1, size=42)
        .encode(
            x=x,
            y=y,
            color=_state_colour(palette, legend=alt.Legend(orient="top", title=None)),
            shape=alt.Shape("state:N", scale=alt.Scale(domain=list(_STATES), range=["circle", "square"])),
            tooltip=["state:N", "rank:Q", alt.Tooltip("p-value:Q", format=".2g")],
        )
    )
    rule = alt.Chart(line).mark_line(strokeDash=[5, 4], strokeWidth=1.5, color=palette.ink, opacity=1).encode(x=x, y=y)
    words = alt.Chart(line.tail(1).assign(words=f"line of {percent(detection.summary.fdr)}"))
    label = words.mark_text(align="right", baseline="top", dy=7, color=palette.ink, fontSize=12).encode(x=x, y=y, text="words:N")
    alternative = f"The smallest p-values by rank with the line for {percent(detection.summary.fdr)} false alarms."
    return _styled(alt.layer(dots, rule, label), palette, "p-value (log scale)", alternative)


def _decades(*frames: pd.DataFrame) -> list[float]:
    lowest, highest = (
        math.log10(end) for end in (min(f["p-value"].min() for f in frames), max(f["p-value"].max() for f in frames))
    )
    return [float(f"1e{power}") for power in range(math.floor(lowest), math.ceil(highest) + 1)]


def _ranked(detection: Detection) -> pd.DataFrame:
    ordered = detection.scores.sort_values("p_value", kind="stable")
    shown = min(len(ordered), max(N_RANKS, math.ceil(1.5 * detection.summary.n_alarms)))
    # Many alarms: evenly spaced ranks tell the same story.
    ranks = np.unique(np.linspace(1, shown, min(shown, 5 * N_RANKS)).round().astype(int))
    part = ordered.iloc[ranks - 1]
    states = np.where(part["is_anomaly"], *_STATES)
    return pd.DataFrame({"rank": ranks, "p-value": part["p_value"].to_numpy(dtype=np.float64), "state": states})


def p_value_histogram(detection: Detection, *, dark: bool = False) -> AnyChart:
    """How the p-values of all rows are spread, in 20 bars, with the height that normal rows would have and what chance makes of it.

    It tells something where a clean reference set the measure. A table's own rows are ranked among themselves: always flat.

    Args:
        detection: the run.
        dark: whether it will stand on a dark page.
    """
    palette = DARK if dark else LIGHT
    p_values = detection.scores["p_value"].to_numpy(dtype=np.float64)
    counts, edges = np.histogram(p_values, np.linspace(0, 1, N_P_BINS + 1))
    bins = pd.DataFrame({"p-value from": edges[:-1], "p-value to": edges[1:], "rows": counts})
    low, high = binomial_range(len(p_values), 1 / N_P_BINS)
    x = alt.X(
        "p-value from:Q", title="p-value", axis=alt.Axis(grid=False, tickCount=5, format="~r"), scale=alt.Scale(domain=[0, 1])
    )
    y = alt.Y("rows:Q", title=None, axis=alt.Axis(tickCount=5, format=",d"))
    tips = ["rows:Q", alt.Tooltip("p-value from:Q", format=".2f"), alt.Tooltip("p-value to:Q", format=".2f")]
    bars = (
        alt.Chart(bins)
        .mark_bar(color=palette.rest, opacity=1, binSpacing=1)
        .encode(x=x, x2="p-value to:Q", y=y, y2=alt.datum(0), tooltip=tips)
    )
    band = pd.DataFrame({"rows": [low], "top": [high], "level": [len(p_values) / N_P_BINS]})
    shade = alt.Chart(band).mark_rect(color=palette.data, opacity=0.25).encode(y="rows:Q", y2="top:Q")
    rule = alt.Chart(band).mark_rule(color=palette.ink, opacity=1, strokeDash=[5, 4], strokeWidth=1.5).encode(y="level:Q")
    alternative = "How the p-values are spread, beside the level line that the p-values of normal rows follow."
    return _styled(alt.layer(bars, shade, rule), palette, "rows with such a p-value", alternative)


def reason_bars(reasons: pd.DataFrame, *, dark: bool = False) -> AnyChart:
    """The columns that moved one row's score, with its value and what would have looked normal.

    Args:
        reasons: ``column``, ``share``, ``value``, ``usual`` of one row, largest share first; at most six are drawn,
            none with less than one percent.
        dark: whether it will stand on a dark page.
    """
    palette = DARK if dark else LIGHT
    shown = reasons[reasons["share"] >= SMALLEST_SHARE].head(N_REASONS)
    frame = pd.DataFrame(
        {
            "order": range(len(shown)),
            "share": shown["share"].to_numpy(dtype=np.float64),
            "words": [f"{visible(c, 28)}: {visible(v, 24)}" for c, v in zip(shown["column"], shown["value"], strict=True)],
            "usual": [f"{percent(s)}, usual: {visible(u, 28)}" for s, u in zip(shown["share"], shown["usual"], strict=True)],
        }
    )
    base = alt.Chart(frame).encode(y=alt.Y("order:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0)))
    # Bars end before the middle, so that there is room for the words behind them on a narrow screen too.
    x = alt.X("share:Q", axis=None, scale=alt.Scale(domain=[0, 2.2]))
    bar = base.mark_bar(height=10, yOffset=11, color=palette.data, opacity=1).encode(x=x, tooltip=["words:N", "usual:N"])
    usual = base.mark_text(align="left", dx=6, dy=11, color=palette.ink, fontSize=12).encode(x=x, text="usual:N")
    value = base.mark_text(align="left", dy=-5, color=palette.ink, fontSize=13).encode(x=alt.value(0), text="words:N")
    chart = alt.layer(bar, usual, value).properties(width=420, height=alt.Step(42))
    return configured(chart, palette).properties(
        description="Share of each column in the row's score, its value and what is usual."
    )


def to_svg(chart: AnyChart) -> str:
    """The chart as an SVG element; made by vl-convert without any network.

    >>> import pandas as pd
    >>> reasons = pd.DataFrame({"column": ["a"], "share": [1.0], "value": ["<b>"], "usual": ["0"]})
    >>> "a: &lt;b&gt;" in to_svg(reason_bars(reasons))
    True
    """
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(chart.to_dict(), allowed_base_urls=[])
    return svg[svg.index("<svg") :]


def _state_colour(palette: Palette, *, legend: alt.Legend) -> alt.Color:
    return alt.Color("state:N", scale=alt.Scale(domain=list(_STATES), range=[palette.flagged, palette.rest]), legend=legend)


def _styled(chart: AnyChart, palette: Palette, title: str, alternative: str) -> AnyChart:
    head = alt.TitleParams(title, anchor="start", fontSize=12, fontWeight="normal", color=palette.ink, offset=6)
    return configured(chart.properties(width=560, height=_HEIGHT, title=head, description=visible(alternative)), palette)


def configured(chart: AnyChart, palette: Palette) -> AnyChart:
    """The chart in the house's colours and type."""
    ink: dict[str, object] = {"labelColor": palette.ink, "titleColor": palette.ink, "labelFontSize": 12, "titleFontSize": 12}
    axis = ink | {"gridColor": palette.grid, "domainColor": palette.rest, "tickColor": palette.rest, "titleFontWeight": "normal"}
    configured = chart.copy(deep=False)
    configured.config = alt.Config(background="transparent", font=_FONT, view={"stroke": None}, axis=axis, legend=ink)
    return configured
