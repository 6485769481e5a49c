"""Charts of an evaluation: a dot and an interval for every generator, one chart a figure."""

import altair as alt
import pandas as pd

from evalkit.compare.charts import DARK, LIGHT, AnyChart, configured
from evalkit.compare.evaluation import Evaluation
from evalkit.compare.words import figure, visible
from evalkit.core.evidence import Evidence

_BETTER = {"lower": "lower is better", "higher": "higher is better", "neither": "neither end is better"}
MOST_GENERATORS = 40


def figures_of(evaluation: Evaluation) -> list[str]:
    """The names of the figures that at least one generator has, in order.

    >>> from evalkit.compare.evaluation import Source
    >>> figures_of(Evaluation(reference=Source(name="real", sha256="", rows=5), generators=(), measured=()))
    []
    """
    return list(dict.fromkeys(each.finding.name for each in evaluation.measured if isinstance(each.finding, Evidence)))


def interval_chart(evaluation: Evaluation, name: str, *, dark: bool = False) -> AnyChart:
    """One figure of every generator, as a dot with its 95 % interval; at most 40 generators are drawn.

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
    title, axis = f"{name} ({_BETTER[found[0][1].direction]})", alt.Axis(tickCount=6, format="~g")
    x = alt.X("low:Q", title=title, axis=axis, scale=alt.Scale(zero=False, padding=12))
    tips = ["generator:N", "words:N"]
    line = alt.Chart(frame).mark_rule(color=palette.data, strokeWidth=2.5, opacity=1).encode(y=y, x=x, x2="high:Q", tooltip=tips)
    dot = alt.Chart(frame).mark_point(color=palette.data, filled=True, size=70, opacity=1).encode(y=y, x="value:Q", tooltip=tips)
    words = f"{name} of each generator with its 95 % interval"
    chart = alt.layer(line, dot).properties(width=560, height=alt.Step(30), description=words)
    return configured(chart, palette)
