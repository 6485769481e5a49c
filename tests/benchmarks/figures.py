"""One line a figure: how every benchmark states what it measured, and how the README's tables are made from it."""

import json
import platform
import subprocess
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

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


def stamp() -> dict[str, object]:
    """Commit and versions of this run, to be merged into each figure."""
    revision = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(revision, capture_output=True, text=True, check=True, cwd=README.parent).stdout.strip()
    return {"commit": commit, "versions": {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}}


def keep(part: str, figures: list[Figure]) -> None:
    """Write the figures of a part, one JSON line each, replacing those with the same name."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{part}.json"
    merged = {figure.figure: figure for figure in [*kept(part), *figures]}
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


def readme_with_tables(text: str) -> str:
    """The README with every block between ``<!-- figures:PART -->`` and ``<!-- end -->`` printed anew from the results."""
    pieces = text.split("<!-- figures:")
    for i, piece in enumerate(pieces[1:], start=1):
        part, _, rest = piece.partition(" -->")
        pieces[i] = f"{part} -->\n{table(kept(part))}\n<!-- end -->" + rest.partition("<!-- end -->")[2]
    return "<!-- figures:".join(pieces)


if __name__ == "__main__":
    README.write_text(readme_with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
