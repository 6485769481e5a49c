"""The figures of a comparison and its pairs, as tables for the eye and for files."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from evalkit.compare.evaluation import Comparison, Evaluation, rows_needed_words
from evalkit.compare.words import count, figure, visible
from evalkit.core.evidence import Evidence, Failure

STAR = "★"
SMALLEST_P = 0.0001
"""What a p-value from a normal approximation can be believed to say; a smaller one is shown as that."""

_BETTER = {"lower": "lower", "higher": "higher", "neither": "neither"}


def beaten(evaluation: Evaluation, generator: str, name: str) -> list[str]:
    """The generators that one is better than by one figure, where that may be concluded."""
    return [worse for better, worse in _decided(evaluation.comparisons, name) if better == generator]


def figures_table(evaluation: Evaluation) -> pd.DataFrame:
    """A row a figure, a column a generator; the columns are ``figure``, ``better`` and the generators' numbers in their order."""
    found = {(each.generator, each.finding.name): each.finding for each in evaluation.measured}
    rows = []
    for name in dict.fromkeys(each.finding.name for each in evaluation.measured):
        ways = [finding.direction for (_, one), finding in found.items() if one == name and isinstance(finding, Evidence)]
        row: dict[str, Any] = {"figure": name, "better": _BETTER[ways[0]] if ways else ""}
        for number, source in enumerate(evaluation.generators):
            finding = found.get((source.name, name))
            star = f" {STAR}" if beaten(evaluation, source.name, name) else ""
            row[str(number)] = _cell(finding) + star
        rows.append(row)
    return pd.DataFrame(rows)


def failures_table(evaluation: Evaluation) -> pd.DataFrame:
    """What could not be measured, why, and what to do."""
    return pd.DataFrame(
        [
            {
                "generator": visible(each.generator, 60),
                "figure": visible(each.finding.name, 60),
                "why there is none": visible(each.finding.reason, 400),
                "what to do": visible(each.finding.remedy, 200),
            }
            for each in evaluation.measured
            if isinstance(each.finding, Failure)
        ]
    )


def pairs_table(evaluation: Evaluation) -> pd.DataFrame:
    """Every pair of generators by every figure."""
    return pd.DataFrame(
        [
            {
                "figure": each.figure,
                "pair": f"{visible(each.first, 40)} less {visible(each.second, 40)}",
                "difference": figure(each.difference),
                "95 % interval": f"{figure(each.low)} to {figure(each.high)}",
                "p": f"{each.p_value:.2g}" if each.p_value >= SMALLEST_P else f"under {SMALLEST_P:g}",
                "noise below": figure(each.detectable),
                "rows needed": rows_needed_words(each.rows_needed),
                "better": _winner(each),
            }
            for each in evaluation.comparisons
        ]
    )


def figures_csv(evaluation: Evaluation) -> str:
    """Every figure with eight significant digits, as in every file; what failed keeps its row and its reason."""
    return _csv([_line(each.generator, each.metric, each.finding) for each in evaluation.measured])


def pairs_csv(evaluation: Evaluation) -> str:
    """Every pair with eight significant digits."""
    return _csv([each.model_dump(exclude={"rows_needed"}) | _needed(each) for each in evaluation.comparisons])


def slices_csv(evaluation: Evaluation) -> str:
    """Every slice of every generator with eight significant digits; where there is no figure within it, why."""
    found = () if evaluation.slices is None else evaluation.slices.found
    return _csv([each.model_dump(exclude={"within"}) | _within(each.within) for each in found])


def used(evaluation: Evaluation) -> pd.DataFrame:
    """What went in, and what would have to be the same for another comparison to be held beside this one."""
    sources = [("real rows", evaluation.reference), *(("generator", each) for each in evaluation.generators)]
    sources += [] if evaluation.fitted is None else [("fitted rows", evaluation.fitted)]
    lines = [(kind, f"{visible(each.name, 60)}: {count(each.rows)} rows, SHA-256 {each.sha256}") for kind, each in sources]
    lines += [(visible(name, 80), visible(value, 200)) for name, value in evaluation.settings.items()]
    lines += [("seed", str(evaluation.seed)), *((f"version of {name}", value) for name, value in evaluation.versions.items())]
    return pd.DataFrame(lines, columns=["setting", "value"])


def _needed(each: Comparison) -> dict[str, int | None]:
    needed = each.rows_needed
    found = (None, None, None) if needed is None else (needed.at_least, needed.about, needed.at_most)
    return dict(zip(("rows needed at least", "rows needed", "rows needed at most"), found, strict=True))


def _decided(comparisons: Sequence[Comparison], name: str) -> list[tuple[str, str]]:
    own = [each for each in comparisons if each.figure == name and each.better != "not separable"]
    return [(each.first, each.second) if each.better == "first" else (each.second, each.first) for each in own]


def _winner(each: Comparison) -> str:
    if each.better == "not separable":
        return "not separable"
    return f"{visible(each.first if each.better == 'first' else each.second, 40)} {STAR}"


def _cell(finding: Evidence | Failure | None) -> str:
    if finding is None:
        return "not measured"
    if isinstance(finding, Failure):
        return "failed, see below"
    return f"{figure(finding.value)} ({figure(finding.low)} to {figure(finding.high)})"


def _line(generator: str, metric: str, finding: Evidence | Failure) -> dict[str, Any]:
    line: dict[str, Any] = {"generator": generator, "metric": metric, "figure": finding.name, "status": finding.status}
    if isinstance(finding, Failure):
        return line | {"reason": finding.reason}
    kept = ("value", "low", "high", "direction", "n", "method")
    return line | {name: getattr(finding, name) for name in kept} | {"reason": ""}


def _within(found: Evidence | Failure) -> dict[str, Any]:
    if isinstance(found, Failure):
        return {"figure within": found.name, "reason": found.reason}
    return {"figure within": found.name, "value": found.value, "value low": found.low, "value high": found.high, "reason": ""}


def _csv(lines: Sequence[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(name for line in lines for name in line))
    return pd.DataFrame(lines, columns=columns).to_csv(index=False, float_format="%.8g", lineterminator="\n")
