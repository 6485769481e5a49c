"""An evaluation as one HTML file: no network, no script, everything from data escaped."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
from markupsafe import Markup

from evalkit.compare import words
from evalkit.compare.charts import AnyChart, to_svg
from evalkit.compare.closer_look import (
    CHANCE,
    READ_THE_ODD,
    READ_THE_ORDER,
    CloserLook,
    CopiedPair,
    Exhibit,
    Shown,
    copies_sentence,
    is_odd,
    odd_sentence,
    reasons_sentence,
    tells_nothing,
    told_apart_sentence,
)
from evalkit.compare.curves import series_lines
from evalkit.compare.drift import drift
from evalkit.compare.evaluation import (
    READ_THE_GROUPS,
    READ_THE_ROWS,
    ColumnGroup,
    Comparison,
    Evaluation,
    headline,
    in_order,
    rows_needed_words,
)
from evalkit.compare.evaluation_charts import READ_THE_RULE, READ_THE_SIZES, curves_of, interval_chart, size_chart, telling_first
from evalkit.compare.report import page
from evalkit.compare.slices import READ_THE_SLICES, Slice, Slices, slice_sentence, slices_sentence
from evalkit.compare.slices_chart import slices_chart
from evalkit.core.evidence import Evidence
from evalkit.discriminator import CLASSIFIER_TESTS, DETECTOR
from evalkit.metrics import METRICS

READ_THE_PAIRS = (
    "The difference is the first generator's figure less the second's, on the same real rows. p is corrected (Holm) over all "
    "pairs and figures, the interval is not. Noise below: a smaller true difference would often be missed with so many rows. "
) + READ_THE_ROWS
SMALLEST_P = 0.0001
_WIDTH = 440
_FIRST_CHARTS = 4
_FIRST_FINDS = 2


def evaluation_html(evaluation: Evaluation) -> str:
    """The report of one evaluation: what may be concluded, every figure as a dot with its interval, every pair, all settings.

    Args:
        evaluation: what :func:`evalkit.evaluate` gave.

    Returns:
        A whole HTML document.
    """
    title = headline(evaluation)
    charts = [(name, _svg(interval_chart(evaluation, name))) for name in telling_first(evaluation)]
    return page(
        "evaluation.html",
        evaluation=evaluation,
        title=title,
        further_conclusions=[sentence for sentence in in_order(evaluation) if sentence != title],
        first_charts=charts[:_FIRST_CHARTS],
        read_rule=READ_THE_RULE,
        further_charts=charts[_FIRST_CHARTS:],
        given_away=[line for look in evaluation.looks if (line := given_away(look))],
        rows=[_row(each.generator, each.metric, each.finding) for each in evaluation.measured],
        drift=drift(evaluation) if evaluation.in_order else (),
        failures=sum(not isinstance(each.finding, Evidence) for each in evaluation.measured),
        meanings=_meanings(evaluation),
        pairs=[_pair(each) for each in evaluation.comparisons],
        read_pairs=READ_THE_PAIRS,
        column_groups=[_group(evaluation, each) for each in evaluation.column_groups],
        read_groups=READ_THE_GROUPS,
        curves=[(f"{name} over the number of rows", _svg(size_chart(evaluation, name))) for name in curves_of(evaluation)],
        read_sizes=READ_THE_SIZES,
        slices=[] if evaluation.slices is None else [slice_parts(evaluation.slices, each.name) for each in evaluation.generators],
        centres=None if evaluation.slices is None else _centres(evaluation.slices),
        read_slices=READ_THE_SLICES,
        looks=[look_parts(look) for look in evaluation.looks],
        read_odd=READ_THE_ODD,
        settings=_settings(evaluation),
    )


def _meanings(evaluation: Evaluation) -> list[tuple[str, str]]:
    """The figures of each metric, and what it asks; a kept evaluation may name one that the catalogue no longer has."""
    known = {**METRICS, **CLASSIFIER_TESTS, DETECTOR.name: DETECTOR}
    asked = dict.fromkeys(each.metric for each in evaluation.measured if each.metric in known)
    return [(", ".join(known[name].figures), known[name].what_it_is) for name in asked]


def _group(evaluation: Evaluation, group: ColumnGroup) -> dict[str, Any]:
    """One group of columns as the template wants it."""
    only = evaluation.by_columns(group)
    return {
        "title": group.title,
        "conclusions": group.conclusions or (headline(only),),
        "rows": [_row(each.generator, each.metric, each.finding) for each in only.measured],
        "pairs": [_pair(each) for each in only.comparisons],
    }


def slice_parts(slices: Slices, generator: str) -> dict[str, Any]:
    """One generator's slices as the template wants them."""
    found = slices.of(generator)
    return {
        "generator": generator,
        "sentence": slices_sentence(slices, generator),
        "telling": [slice_sentence(each) for each in found if each.what],
        "chart": _svg(slices_chart(slices, generator)) if found else "",
        "rows": [slice_row(each) for each in found],
    }


def slice_row(each: Slice) -> dict[str, str]:
    """One slice as a row of a table; the names are the columns."""
    found = each.within
    if isinstance(found, Evidence):
        within = f"{words.figure(found.value)} ({words.figure(found.low)} to {words.figure(found.high)})"
    else:
        within = f"none: {found.reason}"
    return {
        "slice": each.slice,
        "what": each.what,
        "real": f"{words.percent(each.real_share)} ({words.count(each.real_rows)})",
        "generated": f"{words.percent(each.generated_share)} ({words.count(each.generated_rows)})",
        "points (95 %)": f"{100 * each.difference:+.1f} ({100 * each.low:+.1f} to {100 * each.high:+.1f})",
        "p": _p(each.p_value),
        f"{found.name} within": within,
    }


def _centres(slices: Slices) -> dict[str, Any] | None:
    shown = slices.centres
    return _rows([each.shown for each in shown], [each.slice for each in shown]) if shown else None


def finds(look: CloserLook) -> list[str]:
    """What a closer look found, a sentence each: copies, clues with the most telling first, odd rows.

    Rows with few possible values equal each other by chance: copies are a find where they are more than among real rows.

    >>> finds(CloserLook(generator="a", n_copied=91))
    ['91 generated rows equal a real one in all that the figures see; no real row equals another.']
    >>> finds(CloserLook(generator="a", n_copied=91, n_twins=95))
    []
    """
    by_chance = look.n_twins if look.n_unseen_copied is None else look.n_unseen_copied
    copies = [copies_sentence(look)] if look.n_copied > by_chance else []
    clues = [f"{words.visible(clue.sentence, 300).removesuffix('.')} (p {_p(clue.p_value)})." for clue in look.clues]
    return copies + clues + ([odd_sentence(look)] if is_odd(look) else [])


def given_away(look: CloserLook) -> str:
    """The first of the :func:`finds` of one generator and how many more there are; empty where nothing was found.

    >>> given_away(CloserLook(generator="a", n_copied=1))
    'What gives a away: 1 generated row equals a real one in all that the figures see; no real row equals another.'
    """
    found = finds(look)
    if not found:
        return ""
    shown, rest = found[:_FIRST_FINDS], len(found) - _FIRST_FINDS
    more = [f"{words.count(rest)} more {'find' if rest == 1 else 'finds'} below."] if rest > 0 else []
    return f"What gives {words.visible(look.generator, 60)} away: {' '.join(shown + more)}"


def look_parts(look: CloserLook) -> dict[str, Any]:
    """One generator's closer look as the template wants it."""
    return {
        "generator": look.generator,
        "sentence": told_apart_sentence(look),
        "clues": [(clue.sentence, _p(clue.p_value)) for clue in look.clues],
        "galleries": list(zip(gallery_titles(look), (_gallery(look.least), _gallery(look.most)), strict=True)),
        "odd": _rows([each.shown for each in look.odd], [f"p {each.p_value:.2g}" for each in look.odd]) if look.odd else None,
        "odd_sentence": odd_sentence(look),
        "odd_reasons": [sentence for each in look.odd if (sentence := reasons_sentence(each))],
        "order": READ_THE_ORDER if look.least and tells_nothing(look) else "",
        "copies": f"{copies_sentence(look)} {shown_sentence(look)}".rstrip(),
        "pairs": [_pair_shown(pair) for pair in look.copied],
        "failures": look.failures,
    }


def gallery_titles(look: CloserLook) -> tuple[str, str]:
    """What stands above the least and the most convincing rows: no more than the classifier can say.

    >>> gallery_titles(CloserLook(generator="a"))
    ('Least convincing to the classifier', 'Most convincing to the classifier')
    """
    least, most = "Least convincing to the classifier", "Most convincing to the classifier"
    if not tells_nothing(look):
        least += "" if any(each.realness >= CHANCE for each in look.least) else ": these rows give themselves away"
        seem_real = [each.realness >= CHANCE for each in look.most]
        if any(seem_real):
            most += ": these rows seem real" if all(seem_real) else ", though not all seem real"
        else:
            most += ", though none seems real"
    return least, most


def shown_sentence(look: CloserLook) -> str:
    """How many of the copies are shown; empty where all are.

    >>> shown_sentence(CloserLook(generator="a", n_copied=91))
    '0 of 91 shown.'
    """
    return f"{words.count(len(look.copied))} of {words.count(look.n_copied)} shown." if len(look.copied) < look.n_copied else ""


def _gallery(exhibits: Sequence[Exhibit]) -> dict[str, Any] | None:
    return (
        _rows([each.shown for each in exhibits], [f"{words.percent(each.realness)} real" for each in exhibits])
        if exhibits
        else None
    )


def _pair_shown(pair: CopiedPair) -> dict[str, Any]:
    rows = _rows([pair.generated, pair.reference], ["generated", "real"])
    return rows | {
        "words": f"distance {words.figure(pair.distance)}; the real row's nearest real row lies at {words.figure(pair.usual)}"
    }


def _rows(shown: Sequence[Shown], labels: Sequence[str]) -> dict[str, Any]:
    kind = shown[0].kind
    chart = ""
    if kind == "steps":
        names = [f"{label}, series {each.row}" for label, each in zip(labels, shown, strict=True)]
        chart = Markup(to_svg(lines_of(shown, names)))  # noqa: S704 - vl-convert escapes what it draws
    return {"kind": kind, "rows": list(zip(labels, shown, strict=True)), "chart": chart}


def lines_of(shown: Sequence[Shown], names: Sequence[str], *, dark: bool = False) -> AnyChart:
    """Windows of series as lines, the first four of them."""
    steps = [np.array([[np.nan if value is None else value for value in step] for step in each.steps]) for each in shown]
    return series_lines(steps, shown[0].channels, names=names[:4], dark=dark)


def _svg(chart: AnyChart) -> Markup:
    """A chart as wide as a telephone shows it without letters that are too small, its labels included."""
    fitting = alt.AutoSizeParams(type="fit-x", contains="padding")
    return Markup(to_svg(chart.properties(width=_WIDTH, autosize=fitting)))  # noqa: S704 - vl-convert escapes what it draws


def _p(value: float) -> str:
    return f"{value:.2g}" if value >= SMALLEST_P else f"under {SMALLEST_P:g}"


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
        "p": _p(each.p_value),
        "better": better,
        "noise": words.figure(each.detectable),
        "rows": rows_needed_words(each.rows_needed),
    }


def _settings(evaluation: Evaluation) -> list[tuple[str, str]]:
    sources = [("reference", evaluation.reference), *(("generator", each) for each in evaluation.generators)]
    sources += [] if evaluation.fitted is None else [("fitted rows", evaluation.fitted)]
    listed = [(kind, f"{each.name}: {words.count(each.rows)} rows, SHA-256 {each.sha256}") for kind, each in sources]
    listed += [*evaluation.settings.items(), ("seed", str(evaluation.seed))]
    return listed + [(f"version of {name}", version) for name, version in evaluation.versions.items()]
