"""One run of a detector put together: alarms, reasons, and how far to trust them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import JsonValue

from evalkit.anomaly.calibration import Calibration
from evalkit.anomaly.detection import DataSource, Detection, MemberNote, Summary, outcome
from evalkit.anomaly.evidence import alarm_evidence
from evalkit.anomaly.explanation import top_columns, usual_values, value_texts
from evalkit.anomaly.members import MEMBERS, Reference
from evalkit.core.errors import SchemaError
from evalkit.core.sample import Table
from evalkit.core.version import versions
from evalkit.data import content_hash
from evalkit.data.rows import Rows
from evalkit.statistics.multiplicity import benjamini_hochberg

_EXPLAINED_FDR = 0.2
_FEWEST_EXPLAINED = 5
_MOST_EXPLAINED = 1_000


@dataclass(frozen=True, eq=False)
class Judged:
    """A table with what the members say about it.

    Attributes:
        table: as the user knows it.
        rows: encoded, scored features only.
        scores: (n,) in nats.
        shares: (n, columns) that add up to the scores.
    """

    table: Table
    rows: Rows
    scores: NDArray[np.float64]
    shares: NDArray[np.float64]


def examination(
    judged: Judged,
    *,
    calibration: Calibration,
    reference: Reference,
    members: tuple[str, ...],
    fdr: float,
    id_column: str | None,
    data: DataSource,
    against: DataSource | None,
    scores_are: str,
    caution: tuple[str, ...],
    settings: dict[str, JsonValue],
    seed: int,
) -> Detection:
    """Flag, explain and sum up."""
    p_values = calibration.p_values(judged.scores)
    flagged, lines = outcome(p_values, judged.scores, fdr)
    scores = _scores(judged, p_values, flagged, id_column)
    reasons = _reasons(judged, _explained(judged.scores, benjamini_hochberg(p_values)), reference)
    n_rows, n_reference, needed = len(flagged), len(calibration.scores), lines["n_calibration_needed"]
    if not calibration.modelled and n_reference < needed:
        caution += (
            f"{n_reference:,} reference rows can raise an alarm only when several rows stand out together: "
            f"{needed:,} are needed to flag a single one of {n_rows:,} when {fdr:.0%} false alarms are accepted",
        )
    summary = Summary(
        **lines,
        caution=caution,
        way="one table" if calibration.modelled else "reference",
        scores_are=scores_are,
        n_rows=n_rows,
        n_calibration=n_reference,
        id_column=id_column,
        data=data,
        reference=against,
        members=tuple(MemberNote(name=name, looks_for=MEMBERS[name].looks_for) for name in members),
        problems=judged.table.problems,
        evidence=alarm_evidence(
            p_values,
            flagged,
            fdr=fdr,
            seed=seed,
            provenance={"data": f"{data.name} {data.sha256}"}
            | ({"reference": f"{against.name} {against.sha256}"} if against else {}),
        ),
        settings=settings,
        seed=seed,
        versions=versions("numpy", "pandas", "scipy", "scikit-learn"),
    )
    return Detection(summary, scores, reasons)


def source_of(table: Table) -> DataSource:
    """Name, content hash and size."""
    return DataSource(name=table.name, sha256=content_hash(table), rows=len(table), columns=len(table.schema.columns))


def _scores(judged: Judged, p_values: NDArray[np.float64], flagged: NDArray[np.bool_], id_column: str | None) -> pd.DataFrame:
    if id_column is not None and id_column not in judged.table.schema.names:
        raise SchemaError(f"there is no column {id_column!r} to name the rows: choose one that the data has")
    name = id_column or "row"
    ids = judged.table.frame[id_column] if id_column else pd.Series(np.arange(len(p_values)))
    frame = pd.DataFrame({name: ids, "anomaly_score": judged.scores, "p_value": p_values, "is_anomaly": flagged})
    top = top_columns(judged.shares)
    columns = np.array([*judged.rows.columns, None], dtype=object)
    whole = np.where(judged.scores > 0, judged.scores, 1.0)
    shares = np.take_along_axis(judged.shares, np.maximum(top, 0), axis=1) / whole[:, None]
    for rank in range(top.shape[1]):
        frame[f"reason_{rank + 1}"] = columns[top[:, rank]]
    for rank in range(top.shape[1]):
        frame[f"reason_{rank + 1}_share"] = np.where(top[:, rank] < 0, np.nan, shares[:, rank])
    return frame


def _explained(scores: NDArray[np.float64], adjusted: NDArray[np.float64]) -> NDArray[np.intp]:
    """The rows to explain in full, most anomalous first."""
    n = int(np.clip((adjusted <= _EXPLAINED_FDR).sum(), min(_FEWEST_EXPLAINED, len(scores)), _MOST_EXPLAINED))
    return np.argsort(-scores, kind="stable")[:n]


def _reasons(judged: Judged, explained: NDArray[np.intp], reference: Reference) -> pd.DataFrame:
    top = top_columns(judged.shares[explained])
    columns = judged.rows.columns
    parts = []
    for c in np.unique(top[top >= 0]):
        line, rank = np.nonzero(top == c)
        positions = explained[line]
        parts.append(
            pd.DataFrame(
                {
                    "line": line,
                    "rank": rank,
                    "row": positions,
                    "column": columns[c],
                    "share": judged.shares[positions, c] / np.maximum(judged.scores[positions], np.finfo(np.float64).tiny),
                    "value": value_texts(judged.table, columns[c], positions),
                    "usual": usual_values(reference, judged.rows.take(positions), columns[c]),
                }
            )
        )
    names = ["row", "column", "share", "value", "usual"]
    if not parts:
        return pd.DataFrame({name: [] for name in names})
    return pd.concat(parts).sort_values(["line", "rank"], kind="stable").reset_index(drop=True)[names]
