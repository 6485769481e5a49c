"""Charts of an evaluation: a dot and an interval for every generator, and figures over the number of rows."""

import altair as alt
import pandas as pd

from evalkit.compare.charts import DARK, LIGHT, AnyChart, Palette, configured
from evalkit.compare.evaluation import Evaluation
from evalkit.compare.words import figure, visible
from evalkit.core.evidence import Evidence

_BETTER = {"lower": "lower is better", "higher": "higher is better", "neither": "neither end is better"}
_NO_DISTANCE = ("frechet", "frechet_extrapolated", "kid", "mmd", "perplexity_excess", "ml_efficacy")
_NO_GAP = ("distinct_gap", "self_bleu_gap", "perplexity_gap", "vendi_gap", "oddness_gap")
_NOT_TOLD_APART = ("c2st", "c2st_logistic", "c2st_mlp", "c2st_raw", "oddness")
_NOT_COPIED = ("nearest_share", "closest_record_control", "membership_attack")
AT_EQUALITY = {**dict.fromkeys(_NO_DISTANCE + _NO_GAP, 0.0), **dict.fromkeys(_NOT_TOLD_APART + _NOT_COPIED, 0.5)}
"""What figures are on average where generated rows follow the law of the real ones; of others that depends on the data."""
READ_THE_RULE = "The dashed line, where there is one: what new real rows would have on average."
_FORMAT = ".6~g"
MOST_GENERATORS = 40
_MOST_LINES = 4
READ_THE_SIZES = (
    "A figure that moves by more than its band is biased by few rows: compare it at equal numbers only. The band shows how many "
    "rows a narrower interval would need."
)


def figures_of(evaluation: Evaluation) -> list[str]:
    """The names of the figures that at least one generator has, in order.

    >>> from evalkit.compare.evaluation import Source
    >>> figures_of(Evaluation(reference=Source(name="real", sha256="", rows=5), generators=(), measured=()))
    []
    """
    return list(dict.fromkeys(each.finding.name for each in evaluation.measured if isinstance(each.finding, Evidence)))


def telling_first(evaluation: Evaluation) -> list[str]:
    """The same names: first figures by which a pair is decided, then those with a better end, of each metric its first figure.

    >>> from evalkit.compare.evaluation import Source
    >>> telling_first(Evaluation(reference=Source(name="real", sha256="", rows=5), generators=(), measured=()))
    []
    """
    decided = {each.figure for each in evaluation.comparisons if each.better != "not separable"}
    order: dict[str, tuple[bool, bool, int]] = {}
    seen: dict[str, list[str]] = {}
    for each in evaluation.measured:
        own = seen.setdefault(each.metric, [])
        if each.finding.name not in own:
            own.append(each.finding.name)
        if isinstance(each.finding, Evidence):
            name = each.finding.name
            order[name] = name not in decided, each.finding.direction == "neither", own.index(name)
    return sorted(figures_of(evaluation), key=lambda name: order[name])


def interval_chart(evaluation: Evaluation, name: str, *, dark: bool = False) -> AnyChart:
    """One figure of every generator, as a dot with its 95 % interval; at most 40 generators are drawn.

    A dashed rule stands at what new real rows would have, where that is known.

    Args:
        evaluation: with at least one generator that has the figure.
        name: of the figure.
        dark: whether it will stand on a dark page.
    """
    palette = DARK if dark else LIGHT
    rows = [(each.generator, each.finding) for each in evaluation.measured if each.finding.name == name]
    found = [(generator, finding) for generator, finding in rows if isinstance(finding, Evidence)][:MOST_GENERATORS]
    frame = pd.DataFrame(
        {
            "order": range(len(found)),
            "generator": [visible(generator, 24) for generator, _ in found],
            "value": [finding.value for _, finding in found],
            "low": [finding.low for _, finding in found],
            "high": [finding.high for _, finding in found],
            "words": [f"{figure(finding.value)} ({figure(finding.low)} to {figure(finding.high)})" for _, finding in found],
        }
    )
    y = alt.Y("generator:N", title=None, sort=frame["generator"].tolist(), axis=alt.Axis(grid=False, labelLimit=170))
    title, axis = f"{name} ({_BETTER[found[0][1].direction]})", alt.Axis(tickCount=6, format=_FORMAT)
    x = alt.X("low:Q", title=title, axis=axis, scale=alt.Scale(zero=False, padding=12))
    tips = ["generator:N", "words:N"]
    line = alt.Chart(frame).mark_rule(color=palette.data, strokeWidth=2.5, opacity=1).encode(y=y, x=x, x2="high:Q", tooltip=tips)
    dot = alt.Chart(frame).mark_point(color=palette.data, filled=True, size=70, opacity=1).encode(y=y, x="value:Q", tooltip=tips)
    words = f"{name} of each generator with its 95 % interval"
    chart = alt.layer(*_rule(name, palette), line, dot).properties(width=560, height=alt.Step(30), description=words)
    return configured(chart, palette)


def _rule(name: str, palette: Palette) -> list[alt.Chart]:
    if name not in AT_EQUALITY:
        return []
    at = alt.Chart(pd.DataFrame({"at": [AT_EQUALITY[name]]}))
    return [at.mark_rule(color=palette.rest, strokeDash=[5, 4], opacity=1).encode(x=alt.X("at:Q"))]


def size_chart(evaluation: Evaluation, name: str, *, dark: bool = False) -> AnyChart:
    """One figure over the number of rows, a line with its 95 % band a generator, at most the first four.

    Args:
        evaluation: with a curve of the figure.
        name: of the figure.
        dark: whether it will stand on a dark page.
    """
    palette = DARK if dark else LIGHT
    curves = [each for each in evaluation.curves if each.figure == name][:_MOST_LINES]
    names = [visible(each.generator, 24) for each in curves]
    rows = [
        {"generator": label, "rows": point.rows, "value": point.value, "low": point.low, "high": point.high}
        for label, each in zip(names, curves, strict=True)
        for point in each.points
    ]
    colours = [palette.data, palette.flagged, palette.rest, palette.ink][: len(names)]
    # Without a word to it the legend would be as pale as the bands.
    legend = alt.Legend(orient="top", title=None, symbolOpacity=1)
    color = alt.Color("generator:N", legend=legend, scale=alt.Scale(domain=names, range=colours))
    x = alt.X("rows:Q", title="rows on each side", scale=alt.Scale(type="log", nice=False), axis=alt.Axis(grid=False, tickCount=5))
    y = alt.Y("low:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5, format=_FORMAT))
    base = alt.Chart(pd.DataFrame(rows))
    band = base.mark_area(opacity=0.2).encode(x=x, y=y, y2="high:Q", color=color)
    line = base.mark_line(point=True, strokeWidth=2, opacity=1).encode(
        x=x, y="value:Q", color=color, tooltip=["generator:N", "rows:Q", "value:Q"]
    )
    head = alt.TitleParams(name, anchor="start", fontSize=12, fontWeight="normal", color=palette.ink, offset=6)
    words = f"{name} over the number of rows, with its 95 % interval"
    return configured(alt.layer(band, line).properties(width=560, height=300, title=head, description=words), palette)


def curves_of(evaluation: Evaluation) -> list[str]:
    """The names of the figures that have a curve, in order."""
    return list(dict.fromkeys(each.figure for each in evaluation.curves))
