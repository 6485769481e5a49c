"""One line a figure: how every benchmark states what it measured, and how the README's tables are made from it."""

import json
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
README = Path(__file__).parents[2] / "README.md"
_PACKAGES = ("evalkit", "numpy", "scipy", "pandas", "scikit-learn", "torch")


@dataclass(frozen=True)
class Figure:
    """What was measured, with its interval and the bar it is held against.

    Attributes:
        part: the benchmark's name.
        figure: what was measured, in words; a peer measured in the same run is a figure of its own.
        value, low, high: the figure and the ends of its 95 % interval (equal to the value where it is a plain count or median).
        bar: what it must reach, in words a person reads (">= 0.85"), or None for a figure that is only reported.
        holds: whether it does; None without a bar.
        n: data sets, runs or rows behind it.
        seconds_cpu: CPU seconds spent on it, over all threads.
        seeds: the seeds were 0 … seeds - 1.
    """

    part: str
    figure: str
    value: float
    low: float
    high: float
    n: int
    seconds_cpu: float
    seeds: int
    bar: str | None = None
    holds: bool | None = None
    commit: str = ""
    versions: dict[str, str] = field(default_factory=dict)


def held(
    part: str,
    figure: str,
    interval: Sequence[float],
    *,
    n: int,
    seconds_cpu: float,
    seeds: int,
    least: float | None = None,
    most: float | None = None,
) -> Figure:
    """A figure of this run, held against a bar where it has one.

    Args:
        part: the benchmark's name.
        figure: what was measured.
        interval: value, low and high.
        n: data sets, runs or rows behind it.
        seconds_cpu: CPU seconds spent on it.
        seeds: how many.
        least: the value must not be below it.
        most: the value must not be above it.
    """
    value, low, high = interval
    bar = f"{least:g} – {most:g}" if least is not None and most is not None else None
    bar = bar or (f">= {least:g}" if least is not None else f"<= {most:g}" if most is not None else None)
    holds = None if bar is None else (least is None or value >= least) and (most is None or value <= most)
    return Figure(part, figure, value, low, high, n, seconds_cpu, seeds, bar, holds, **stamp())


@cache
def stamp() -> dict[str, Any]:
    """Commit and versions of this run, to be merged into each figure."""
    revision = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(revision, capture_output=True, text=True, check=True, cwd=README.parent).stdout.strip()
    return {"commit": commit, "versions": {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}}


def keep(part: str, figures: list[Figure], *, whole: bool = False) -> None:
    """Write the figures of a part, one JSON line each; one that is what it was keeps the commit at which it was measured.

    Args:
        part: its name.
        figures: those that were measured.
        whole: whether they are all: others, of work that is no longer done, then go.
    """
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{part}.json"
    known = {figure.figure: figure for figure in kept(part)}
    merged = {} if whole else dict(known)
    for figure in figures:
        before = known.get(figure.figure)
        same = before and (before.value, before.low, before.high, before.n) == (figure.value, figure.low, figure.high, figure.n)
        merged[figure.figure] = replace(before, bar=figure.bar, holds=figure.holds) if before and same else figure
    path.write_text("".join(json.dumps(asdict(figure)) + "\n" for figure in merged.values()), encoding="utf-8")


def kept(part: str) -> list[Figure]:
    """The committed figures of a part."""
    path = RESULTS / f"{part}.json"
    return [Figure(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def table(figures: list[Figure]) -> str:
    """A Markdown table; a bar that is not met says so.

    >>> print(table([Figure("demo", "ROC-AUC", 0.86, 0.81, 0.9, 30, 12.0, 5, ">= 0.85", True)]))
    | figure | value | 95 % interval | n | bar | |
    | --- | --- | --- | --- | --- | --- |
    | ROC-AUC | 0.86 | 0.81 – 0.9 | 30 | >= 0.85 | met |
    """
    lines = ["| figure | value | 95 % interval | n | bar | |", "| --- | --- | --- | --- | --- | --- |"]
    for one in figures:
        met = {True: "met", False: "**not met**", None: ""}[one.holds]
        interval = f"{one.low:.4g} – {one.high:.4g}" if one.low < one.high else ""
        lines.append(f"| {one.figure} | {one.value:.4g} | {interval} | {one.n} | {one.bar or ''} | {met} |")
    return "\n".join(lines)


def side_by_side(figures: list[Figure], about: str) -> str:
    """A Markdown table of what is only reported about one thing: "ABOUT, WHO: WHAT" stands in row WHO and column WHAT.

    >>> auc = Figure("demo", "wine, a: AUC", 0.7, 0.6, 0.8, 3, 1.0, 3)
    >>> seconds = Figure("demo", "wine, a: seconds", 2.0, 2.0, 2.0, 3, 1.0, 3)
    >>> print(side_by_side([auc, seconds], "wine"))
    | wine | AUC | seconds |
    | --- | --- | --- |
    | a | 0.7 (0.6 – 0.8) | 2 |
    """
    cells: dict[str, dict[str, str]] = {}
    for one in figures:
        named, _, what = one.figure.rpartition(": ")
        if one.bar is None and named.startswith(f"{about}, "):
            interval = f" ({one.low:.3g} – {one.high:.3g})" if one.low < one.high else ""
            cells.setdefault(named.removeprefix(f"{about}, "), {})[what] = f"{one.value:.3g}{interval}"
    columns = list(dict.fromkeys(what for row in cells.values() for what in row))
    rows = [[about, *columns], ["---"] * (len(columns) + 1)]
    rows += [[who, *(row.get(what, "") for what in columns)] for who, row in cells.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def readme_with_tables(text: str) -> str:
    """The README with every block between ``<!-- figures:PART -->`` and ``<!-- end -->`` printed anew from the results.

    ``<!-- figures:PART bars -->`` shows only what is held against a bar, ``<!-- figures:PART about NAME -->`` the others about one
    thing, see :func:`side_by_side`.
    """
    pieces = text.split("<!-- figures:")
    for i, piece in enumerate(pieces[1:], start=1):
        asked, _, rest = piece.partition(" -->")
        pieces[i] = f"{asked} -->\n{_block(asked)}\n<!-- end -->" + rest.partition("<!-- end -->")[2]
    return "<!-- figures:".join(pieces)


def _block(asked: str) -> str:
    part, _, which = asked.partition(" ")
    figures = kept(part)
    if which.startswith("about "):
        return side_by_side(figures, which.removeprefix("about "))
    return table([one for one in figures if one.bar is not None] if which == "bars" else figures)


if __name__ == "__main__":
    README.write_text(readme_with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
