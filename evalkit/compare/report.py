"""A detection as one HTML file: no network, no script, everything from data escaped."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from evalkit.anomaly.detection import DataSource, Detection, Summary
from evalkit.compare import words
from evalkit.compare.alarms import SHARE_TO_HERE, most_anomalous_first, row_name
from evalkit.compare.charts import DARK, LIGHT, SMALLEST_SHARE, p_value_plot, score_histogram, to_svg
from evalkit.core.evidence import Finding
from evalkit.core.files import whole_file

MAX_ALARMS = 200
MAX_REASONS = 8
_BAR_REM = 6
_WIDTH = 860


def report_html(detection: Detection) -> str:
    """The report of one run, under 2 MB whatever the size of the table.

    The first screen holds the finding, three facts, the cautions and one chart; the rest folds open. At most 200 alarms are
    listed, each with its eight strongest columns, and the report says so; the scores' file holds all.

    Args:
        detection: the run, at the accepted share of false alarms that it carries.

    Returns:
        A whole HTML document.
    """
    summary = detection.summary
    return page(
        "report.html",
        summary=summary,
        expectation=words.expectation(summary.expected_false, summary.n_alarms, summary.fdr),
        facts=_facts(summary),
        histogram=Markup(to_svg(score_histogram(detection).properties(width=_WIDTH))),  # noqa: S704 - vl-convert escapes what it draws
        histogram_words=_histogram_words(summary),
        p_values=Markup(to_svg(p_value_plot(detection).properties(width=_WIDTH))),  # noqa: S704
        p_words=_line_words(summary),
        alarms=_alarms(detection),
        alarms_title="Alarms and their reasons" if summary.n_alarms else "The nearest rows, none of them an alarm",
        alarms_words=_alarms_words(summary),
        promise=_promise(summary),
        calibration=calibration_words(summary),
        checks=checks(summary),
        settings=settings(summary),
    )


def write_report(detection: Detection, path: Path) -> None:
    """Write :func:`report_html` to a file, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(report_html(detection), encoding="utf-8")


def page(name: str, **content: Any) -> str:
    """A template of this room with its content and the house's colours; everything is escaped that is not marked as safe."""
    colours = [(role, light, dark) for role, light, dark in zip(LIGHT._fields, LIGHT, DARK, strict=True) if role != "page"]
    return _template(name).render(colours=[*colours, ("page", LIGHT.page, DARK.page)], **content)


@cache
def _template(name: str) -> Template:
    environment = Environment(loader=PackageLoader("evalkit.compare", "."), autoescape=True, undefined=StrictUndefined)
    environment.filters |= {"visible": words.visible, "count": words.count}
    return environment.get_template(name)


def _facts(summary: Summary) -> list[tuple[str, str]]:
    against = "rows of the clean reference" if summary.way == "reference" else "rows of the same table"
    return [
        (
            f"{words.count(summary.n_alarms)} of {words.count(summary.n_rows)}",
            f"rows are flagged, {words.percent(summary.n_alarms / max(summary.n_rows, 1))} of the table",
        ),
        (words.percent(summary.fdr), "of the flagged rows may be false alarms, at most, on average"),
        (words.count(summary.n_calibration), f"{against} set the measure of what is normal"),
    ]


def _histogram_words(summary: Summary) -> str:
    if not summary.n_alarms:
        return "No row lies far enough from the others to be flagged."
    return (
        f"Rows from the dashed line on are flagged; at {words.percent(summary.fdr)}, {_of_ten(summary.fdr)} expected to be wrong."
    )


def _of_ten(fdr: float) -> str:
    return f"about one flag in {round(1 / fdr)} is" if fdr <= 0.5 else f"{words.percent(fdr)} of the flags are"


def _line_words(summary: Summary) -> str:
    return f"The line rises by {words.percent(summary.fdr)} divided by the number of rows with every rank."


def _promise(summary: Summary) -> str:
    share = words.percent(summary.fdr)
    if not summary.n_alarms:
        return (
            f"No alarm was raised: the smallest p-value did not reach what {share} accepted false alarms ask for. "
            "That is good news, not a failure."
        )
    expected = "fewer than one" if summary.expected_false < 0.75 else f"about {words.count(round(summary.expected_false))}"
    return (
        f"Of the {words.count(summary.n_alarms)} flagged rows, {expected} may be normal rows that look odd by chance. "
        f"Over many such tables that share stays at or below {share} on average; in a single table it can be higher."
    )


def calibration_words(summary: Summary) -> str:
    """Whether the calibration rows suffice for one lone alarm, in a sentence or two."""
    have, needed = words.count(summary.n_calibration), words.count(summary.n_calibration_needed)
    if summary.n_calibration >= summary.n_calibration_needed:
        return f"{have} calibration rows stand behind the p-values; a single odd row needs {needed} to be flagged alone."
    return (
        f"{have} calibration rows stand behind the p-values; without an assumption about the tail, a single odd row would need "
        f"{needed} to be flagged alone, so that a few odd rows may stay unseen."
    )


def _alarms_words(summary: Summary) -> str:
    first = (
        "False alarms to here: the share to expect when only the rows down to that one are followed up. Open a row for its reasons."
    )
    if summary.n_alarms > MAX_ALARMS:
        return f"The {MAX_ALARMS} most unusual of {words.count(summary.n_alarms)} alarms; the file of scores holds all. {first}"
    return first


def _alarms(detection: Detection) -> list[dict[str, Any]]:
    shown = most_anomalous_first(detection).head(MAX_ALARMS)
    own = {row: part for row, part in detection.reasons[detection.reasons["row"].isin(shown.index)].groupby("row")}
    return [_alarm(detection, int(row), line, own.get(row)) for row, line in shown.iterrows()]  # type: ignore[call-overload]


def _alarm(detection: Detection, row: int, line: "pd.Series[Any]", reasons: pd.DataFrame | None) -> dict[str, Any]:
    listed = [] if reasons is None else reasons.sort_values("share", ascending=False, kind="stable").to_dict("records")
    top = [reason for reason in listed[:MAX_REASONS] if reason["share"] >= SMALLEST_SHARE]
    rest = listed[len(top) :]
    return {
        "name": row_name(detection, row),
        "score": words.figure(line["anomaly_score"]),
        "p_words": p_value_words(line["p_value"]),
        "to_here": words.percent(line[SHARE_TO_HERE]),
        "reasons": [r | {"share": words.percent(r["share"]), "width": round(_BAR_REM * max(0.0, r["share"]), 2)} for r in top],
        "further": f"Further columns: {len(rest)}, together {words.percent(sum(r['share'] for r in rest))}." if rest else "",
    }


def p_value_words(p_value: float) -> str:
    """What a p-value says, as a sentence.

    >>> p_value_words(0.001)
    'If this row were normal, a score this high would come up about once in 1,000 rows.'
    >>> p_value_words(0.4)
    'If this row were normal, a score this high would come up in about 40 % of rows.'
    """
    if p_value > 0.1:
        return f"If this row were normal, a score this high would come up in about {words.percent(p_value)} of rows."
    once_in = float(f"{1 / max(p_value, 1e-15):.2g}")
    return f"If this row were normal, a score this high would come up about once in {once_in:,.0f} rows."


def checks(summary: Summary) -> list[tuple[str, str]]:
    """Every check with its outcome, the passed ones too: silence would not say "fine"."""
    enough = summary.n_calibration >= summary.n_calibration_needed
    listed = [
        (
            "Enough calibration rows for a lone alarm",
            f"{'yes' if enough else 'no'}: {words.count(summary.n_calibration)} of {words.count(summary.n_calibration_needed)}",
        ),
        ("Problems while reading the data", f"{len(summary.problems) or 'none'}"),
        ("Which scores these are", summary.scores_are),
    ]
    listed += [(f"Looked for by {member.name}", member.looks_for) for member in summary.members]
    return listed + [(finding.name, _outcome(finding)) for finding in summary.evidence]


def _outcome(finding: Finding) -> str:
    if finding.status == "failed":
        return f"could not be computed: {finding.reason}; {finding.remedy}"
    ends = f"{words.figure(finding.low)} to {words.figure(finding.high)}"
    return f"{words.figure(finding.value)} ({ends}, n = {words.count(finding.n)}; {finding.method})"


def settings(summary: Summary) -> list[tuple[str, str]]:
    """What one needs to run it again: data with their hashes, settings, seed, versions."""
    listed = [("data", _source(summary.data))]
    if summary.reference is not None:
        listed.append(("reference", _source(summary.reference)))
    listed += [("accepted share of false alarms", words.percent(summary.fdr)), ("seed", str(summary.seed))]
    listed += [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in summary.settings.items()
    ]
    return listed + [(f"version of {name}", version) for name, version in summary.versions.items()]


def _source(source: DataSource) -> str:
    return f"{source.name}: {words.count(source.rows)} rows, {words.count(source.columns)} columns, SHA-256 {source.sha256}"
