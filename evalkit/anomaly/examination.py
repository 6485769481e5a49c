"""One run of a detector put together: alarms, reasons, and how far to trust them."""

import platform
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.anomaly.calibration import Calibration
from evalkit.anomaly.detection import DataSource, Detection, MemberNote, Summary
from evalkit.anomaly.evidence import alarm_evidence
from evalkit.anomaly.explanation import top_columns, usual_values, value_texts
from evalkit.anomaly.members import MEMBERS, Reference
from evalkit.core.errors import InputError, SchemaError
from evalkit.core.sample import Table
from evalkit.core.version import VERSION
from evalkit.data import content_hash
from evalkit.data.rows import Rows
from evalkit.statistics.conformal import calibration_rows_needed
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
    seed: int,
) -> Detection:
    """Flag, explain and sum up."""
    if not 0 < fdr < 1:
        raise InputError(f"fdr must lie between 0 and 1, got {fdr}: 0.05 accepts one false alarm in twenty")
    p_values = calibration.p_values(judged.scores)
    adjusted = benjamini_hochberg(p_values)
    flagged = adjusted <= fdr
    scores = _scores(judged, p_values, flagged, id_column)
    reasons = _reasons(judged, _explained(judged.scores, adjusted), reference)
    n_rows, n_alarms, n_reference = len(flagged), int(flagged.sum()), len(calibration.scores)
    needed = calibration_rows_needed(fdr, n_rows)
    threshold_p = float(p_values[flagged].max()) if n_alarms else fdr / n_rows
    if not calibration.modelled and n_reference < needed:
        caution += (
            f"{n_reference:,} reference rows can raise an alarm only when several rows stand out together: "
            f"{needed:,} are needed to flag a single one of {n_rows:,} at an accepted share of false alarms of {fdr:g}",
        )
    summary = Summary(
        finding=f"{n_alarms:,} of {n_rows:,} rows look anomalous",
        caution=caution,
        way="one table" if calibration.modelled else "reference",
        scores_are=scores_are,
        fdr=fdr,
        n_rows=n_rows,
        n_alarms=n_alarms,
        expected_false=fdr * n_alarms,
        threshold_p=threshold_p,
        threshold_score=float(judged.scores[flagged].min()) if n_alarms else None,
        n_calibration=n_reference,
        n_calibration_needed=needed,
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
        settings={"members": list(members)},
        seed=seed,
        versions=_versions(),
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
    for rank in range(top.shape[1]):
        share = np.take_along_axis(judged.shares, np.maximum(top[:, [rank]], 0), axis=1)[:, 0] / whole
        frame[f"reason_{rank + 1}"] = columns[top[:, rank]]
        frame[f"reason_{rank + 1}_share"] = np.where(top[:, rank] < 0, np.nan, share)
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


def _versions() -> dict[str, str]:
    import scipy
    import sklearn

    return {
        "evalkit": VERSION,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
    }
