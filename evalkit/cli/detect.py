"""``evalkit detect``: which rows do not belong, and why."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evalkit.cli.options import DataArgument, JsonOption, SeedOption

if TYPE_CHECKING:
    from evalkit.anomaly.detection import Detection


class Effort(StrEnum):
    """How much work to put in."""

    fast = "fast"
    default = "default"
    best = "best"


def detect(
    data: DataArgument,
    reference: Annotated[Path | None, typer.Option("--reference", help="A clean table of normal rows to compare with.")] = None,
    model: Annotated[Path | None, typer.Option("--model", help="Score with a saved detector instead of fitting one.")] = None,
    backbone: Annotated[str | None, typer.Option("--backbone", help="Score with this backbone alone, for example vae.")] = None,
    effort: Annotated[Effort, typer.Option("--effort", help="How much work to put in.")] = Effort.default,
    fdr: Annotated[float, typer.Option("--fdr", help="The share of false alarms you accept among the alarms.")] = 0.05,
    id_column: Annotated[str | None, typer.Option("--id", help="The column that names the rows.")] = None,
    ignore: Annotated[str, typer.Option("--ignore", help="Columns to leave out, separated by commas.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Write every row's score: .parquet or .csv.")] = None,
    report: Annotated[Path | None, typer.Option("--report", help="Write a report: one .html file.")] = None,
    save: Annotated[Path | None, typer.Option("--save", help="Save the fitted detector in this folder.")] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Score every row of a table and name the rows that do not belong.

    With --reference, rows are compared with a clean table. Without, the table is compared with its own bulk.
    """
    from evalkit.core.progress import shown
    from evalkit.run.detect import detect as run_detect
    from evalkit.run.detect import write_detection

    with shown() as progress:
        detection = run_detect(
            data,
            reference=reference,
            model=model,
            backbone=backbone,
            effort=effort.value,
            fdr=fdr,
            id_column=id_column,
            ignore=tuple(name.strip() for name in ignore.split(",") if name.strip()),
            outputs=tuple(path for path in (out, report) if path),
            save_to=save,
            seed=seed,
            progress=progress,
        )
    write_detection(detection, out=out, report=report)
    typer.echo(detection_json(detection) if json else detection_text(detection, out, report, save))


def detection_json(detection: "Detection") -> str:
    """The summary and every alarm with its reasons, as one JSON object."""
    import json

    from evalkit.run.detect import alarms

    return json.dumps(detection.summary.model_dump(mode="json") | {"alarms": alarms(detection)}, indent=1, ensure_ascii=False)


def detection_text(detection: "Detection", out: Path | None, report: Path | None, save: Path | None) -> str:
    """The finding, at most ten alarms, what limits them, and where the rest is."""
    from evalkit.run.detect import alarms

    summary = detection.summary
    lines = [summary.finding]
    if summary.n_alarms:
        lines.append(f"Expect about {summary.expected_false:.0f} false alarms among them (accepted share {summary.fdr:.0%}).")
    lines += ["", *_aligned(alarms(detection, at_most=10))]
    if summary.n_alarms > 10:
        lines.append(f"… and {summary.n_alarms - 10} more")
    lines += ["", *(f"Note: {sentence}" for sentence in summary.caution)]
    lines += [f"Note: {problem.what}" for problem in summary.problems[:5]]
    written = [("Scores", out), ("Report", report), ("Model", save)]
    lines += [f"{name}: {path}" for name, path in written if path]
    if not report:
        lines.append("Next: --report report.html shows every alarm, evalkit app opens the browser")
    return "\n".join(lines)


def _aligned(found: list[dict[str, object]]) -> list[str]:
    if not found:
        return []
    rows = [("row", "score", "p-value", "main reason", "value", "usual")]
    for alarm in found:
        reasons = alarm["reasons"]
        first = reasons[0] if isinstance(reasons, list) and reasons else {"column": "", "value": "", "usual": ""}
        figures = (f"{alarm['anomaly_score']:.2f}", f"{alarm['p_value']:.2g}")
        rows.append((_short(alarm["id"]), *figures, _short(first["column"]), _short(first["value"]), _short(first["usual"])))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _short(value: object, limit: int = 28) -> str:
    # Control characters in data could repaint the terminal.
    text = "".join(letter if letter.isprintable() else "�" for letter in str(value))
    return text if len(text) <= limit else text[: limit - 1] + "…"
