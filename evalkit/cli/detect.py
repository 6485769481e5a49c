"""``evalkit detect``: which rows do not belong, and why."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalkit.cli.options import DataArgument, JsonOption, SeedOption

if TYPE_CHECKING:
    from evalkit.anomaly.detection import Detection

_SHOWN = 10
_WIDTH = 28


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
    from evalkit.compare.words import expectation
    from evalkit.run.detect import alarms

    summary = detection.summary
    expected = expectation(summary.expected_false, summary.n_alarms, summary.fdr)
    lines = [f"{summary.finding}.", *([expected] if expected else []), "", *_aligned(alarms(detection, at_most=_SHOWN))]
    if summary.n_alarms > _SHOWN:
        lines.append(f"… and {summary.n_alarms - _SHOWN:,} more")
    lines += ["", *(f"Note: {sentence}" for sentence in summary.caution)]
    lines += [f"{name}: {path}" for name, path in (("Scores", out), ("Report", report), ("Model", save)) if path]
    if not report:
        lines.append("Next: --report report.html explains every alarm; evalkit app opens the browser")
    return "\n".join(lines)


def _aligned(found: "list[dict[str, Any]]") -> list[str]:
    from evalkit.compare.words import figure, visible

    rows: list[tuple[str, ...]] = [("row", "score", "p-value", "main reason", "value", "usual")]
    for alarm in found:
        reason = alarm["reasons"][0] if alarm["reasons"] else {"column": "", "value": "", "usual": ""}
        texts = (visible(reason[key], _WIDTH) for key in ("column", "value", "usual"))
        rows.append((visible(alarm["id"], _WIDTH), figure(alarm["anomaly_score"]), f"{alarm['p_value']:.2g}", *texts))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows] if found else []
