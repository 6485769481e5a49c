"""``detect``: read the data, fit or load a detector, score every row, and say which rows do not belong."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evalkit.anomaly import AnomalyDetector, Detection, Effort
from evalkit.compare.alarms import most_anomalous_first, reasons_of, row_name
from evalkit.core.errors import InputError, about
from evalkit.core.progress import Progress, silent
from evalkit.core.sample import Table
from evalkit.core.schema import Kind, Schema
from evalkit.data import Data, load
from evalkit.run.models import load_detector, save
from evalkit.run.outputs import check_output, write_table


def detect(
    data: Data,
    *,
    reference: Data | None = None,
    model: str | Path | None = None,
    backbone: str | None = None,
    effort: Effort = "default",
    fdr: float = 0.05,
    id_column: str | None = None,
    ignore: Sequence[str] = (),
    outputs: Sequence[Path] = (),
    save_to: str | Path | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Detection:
    """Which rows of ``data`` do not belong?

    With ``reference`` (a clean table of normal rows) or ``model`` (a saved detector) every row is compared with normal rows. With
    neither, the table is compared with its own bulk, which costs power when many rows are anomalous, and says so.

    Args:
        data: the rows to score.
        reference: normal rows.
        model: folder of a saved detector; excludes ``reference``, ``backbone``, ``ignore`` and ``save_to``.
        backbone: score with this backbone alone instead of the whole detector.
        effort: ``"fast"``, ``"default"`` or ``"best"``.
        fdr: accepted share of false alarms among the alarms, 0 < fdr < 1.
        id_column: the column that names the rows; by default the first that was found to be an identifier.
        ignore: columns to leave out.
        outputs: files that will be written from the result; refused now if they could not be.
        save_to: folder to save the fitted detector in.
        seed: same seed, same result.
        progress: see :mod:`evalkit.core.progress`.

    Raises:
        InputError: the data, the arguments or both cannot be used as they are; see the sentence.
    """
    _check_before_the_work(fdr, outputs)
    if model is not None and (reference is not None or backbone is not None or save_to is not None or ignore):
        raise InputError("--model scores with a saved detector: leave out --reference, --backbone, --ignore and --save")
    if model is not None:
        detector = load_detector(model)
        table = read(data, id_column=id_column, ignore=(), schema=detector.schema_)
        return detector.examine(table, fdr=fdr, id_column=_row_names(table, id_column, ignore), progress=progress)
    detector = AnomalyDetector(effort=effort, members=(backbone,) if backbone else None, random_state=seed)
    if reference is not None:
        with about("the reference"):
            normal = read(reference, id_column=id_column, ignore=ignore)
        with about("the rows to score"):
            table = read(data, id_column=id_column, ignore=(), schema=normal.schema)
        detector.fit(normal, progress=progress)
        detection = detector.examine(table, fdr=fdr, id_column=_row_names(table, id_column, ignore), progress=progress)
    else:
        table = read(data, id_column=id_column, ignore=ignore)
        detection = detector.examine_within(table, fdr=fdr, id_column=_row_names(table, id_column, ignore), progress=progress)
    if save_to is not None:
        save(detector, save_to)
    return detection


def read(data: Data, *, id_column: str | None, ignore: Sequence[str], schema: Schema | None = None) -> Table:
    """Read a table with the named columns left out of what is scored."""
    kinds: dict[str, Kind] = dict.fromkeys([*ignore, *([id_column] if id_column else [])], "identifier")
    return load(data, modality="table", kinds=kinds) if schema is None else load(data, modality="table", schema=schema)


def _row_names(table: Table, id_column: str | None, ignore: Sequence[str]) -> str | None:
    """The column whose values name the rows in the output."""
    if id_column is not None:
        return id_column
    named = (column.name for column in table.schema.columns if column.kind == "identifier" and column.name not in ignore)
    return next((name for name in named if table.frame[name].notna().any()), None)


def alarms(detection: Detection, at_most: int | None = None) -> list[dict[str, Any]]:
    """The alarms, most anomalous first, each with its row, id, score, p-value and up to three explained reasons."""
    if not detection.summary.n_alarms:
        return []
    return [
        {
            "row": int(str(row)),
            "id": row_name(detection, int(str(row))),
            "anomaly_score": float(line["anomaly_score"]),
            "p_value": float(line["p_value"]),
            "reasons": reasons_of(detection, int(str(row))).head(3).to_dict("records"),
        }
        for row, line in most_anomalous_first(detection)[:at_most].iterrows()
    ]


def write_detection(detection: Detection, *, out: Path | None = None, report: Path | None = None) -> None:
    """Write the scores of all rows and the report, where asked."""
    if out is not None:
        write_table(detection.scores, out)
    if report is not None:
        # Charts take a second to load, and only a report needs them.
        from evalkit.compare.report import write_report

        write_report(detection, report)


def _check_before_the_work(fdr: float, outputs: Sequence[Path]) -> None:
    if not 0 < fdr < 1:
        raise InputError(f"--fdr must lie between 0 and 1, got {fdr}: 0.05 accepts one false alarm in twenty")
    for path in outputs:
        if path.suffix.lower() not in (".html", ".htm"):
            check_output(path)
