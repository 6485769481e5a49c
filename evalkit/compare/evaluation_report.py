"""An evaluation as one HTML file: no network, no script, everything from data escaped."""

from typing import Any

from markupsafe import Markup

from evalkit.compare import words
from evalkit.compare.charts import to_svg
from evalkit.compare.evaluation import Comparison, Evaluation, headline
from evalkit.compare.evaluation_charts import figures_of, interval_chart
from evalkit.compare.report import page
from evalkit.core.evidence import Evidence

SMALLEST_P = 0.0001
_WIDTH = 700


def evaluation_html(evaluation: Evaluation) -> str:
    """The report of one evaluation: what may be concluded, every figure as a dot with its interval, every pair, all settings.

    Args:
        evaluation: what :func:`evalkit.evaluate` gave.

    Returns:
        A whole HTML document.
    """
    names = figures_of(evaluation)
    return page(
        "evaluation.html",
        evaluation=evaluation,
        title=headline(evaluation),
        figures=[(name, Markup(to_svg(interval_chart(evaluation, name).properties(width=_WIDTH)))) for name in names],  # noqa: S704 - vl-convert escapes what it draws
        rows=[_row(each.generator, each.metric, each.finding) for each in evaluation.measured],
        failures=sum(not isinstance(each.finding, Evidence) for each in evaluation.measured),
        pairs=[_pair(each) for each in evaluation.comparisons],
        settings=_settings(evaluation),
    )


def _row(generator: str, metric: str, finding: Any) -> dict[str, str]:
    if not isinstance(finding, Evidence):
        return {
            "generator": generator,
            "figure": finding.name,
            "value": "failed",
            "interval": "",
            "how": f"{finding.reason}; {finding.remedy}",
        }
    interval = f"{words.figure(finding.low)} to {words.figure(finding.high)}"
    how = f"n = {words.count(finding.n)}; {finding.method}"
    return {"generator": generator, "figure": finding.name, "value": words.figure(finding.value), "interval": interval, "how": how}


def _pair(each: Comparison) -> dict[str, str]:
    better = {"first": each.first, "second": each.second, "not separable": "not separable"}[each.better]
    return {
        "pair": f"{each.first} less {each.second}",
        "figure": each.figure,
        "difference": f"{words.figure(each.difference)} ({words.figure(each.low)} to {words.figure(each.high)})",
        "p": f"{each.p_value:.2g}" if each.p_value >= SMALLEST_P else f"under {SMALLEST_P:g}",
        "better": better,
        "noise": words.figure(each.detectable),
    }


def _settings(evaluation: Evaluation) -> list[tuple[str, str]]:
    sources = [("reference", evaluation.reference), *(("generator", each) for each in evaluation.generators)]
    listed = [(kind, f"{each.name}: {words.count(each.rows)} rows, SHA-256 {each.sha256}") for kind, each in sources]
    listed += [*evaluation.settings.items(), ("seed", str(evaluation.seed))]
    return listed + [(f"version of {name}", version) for name, version in evaluation.versions.items()]
