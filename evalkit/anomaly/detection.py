"""What one run of a detector says about a table: scores for every row, alarms with reasons, and how far to trust them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, JsonValue

from evalkit.core.errors import InputError
from evalkit.core.evidence import Finding
from evalkit.core.files import whole_file
from evalkit.core.sample import Problem
from evalkit.statistics.conformal import calibration_rows_needed
from evalkit.statistics.multiplicity import benjamini_hochberg

Way = Literal["reference", "one table"]
Effort = Literal["fast", "default", "best"]


class DataSource(BaseModel):
    """Which data went in: name as the user calls it, content hash, and size."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str
    rows: int
    columns: int


class MemberNote(BaseModel):
    """One member of the detector: its catalogue name and what it looks for, in words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    looks_for: str


class Summary(BaseModel):
    """Everything about a run that is not a table.

    Attributes:
        finding: the result in one sentence ("23 of 4,000 rows look anomalous").
        caution: what limits the finding, one sentence each (too few calibration rows, a modelled tail, duplicates, …).
        way: ``"reference"``: compared with a clean reference. ``"one table"``: the table was compared with its own bulk.
        scores_are: in words, whether the scores are out-of-fold or the saved model's.
        fdr: the accepted share of false alarms among the alarms.
        n_rows, n_alarms: counts.
        expected_false: about how many of the alarms are expected to be false, at most.
        threshold_p: the largest p-value that still raised an alarm, or, with none, the p-value a single row would have needed.
        threshold_score: the score at that p-value, where the calibration has one.
        n_calibration: rows behind the p-values.
        n_calibration_needed: how many calibration rows the asked fdr needs at least, for one alarm to be possible.
        id_column: the column that names the rows, or None for row numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    finding: str
    caution: tuple[str, ...] = ()
    way: Way
    scores_are: str
    fdr: float
    n_rows: int
    n_alarms: int
    expected_false: float
    threshold_p: float
    threshold_score: float | None
    n_calibration: int
    n_calibration_needed: int
    id_column: str | None
    data: DataSource
    reference: DataSource | None = None
    members: tuple[MemberNote, ...]
    problems: tuple[Problem, ...] = ()
    evidence: tuple[Finding, ...] = ()
    settings: dict[str, JsonValue] = {}
    seed: int
    versions: dict[str, str] = {}


def outcome(p_values: NDArray[np.float64], scores: NDArray[np.float64], fdr: float) -> tuple[NDArray[np.bool_], dict[str, Any]]:
    """Which rows are alarms at an accepted share of false alarms, and the lines of a :class:`Summary` that follow from it.

    Args:
        p_values: (n,) of all rows that were tested together.
        scores: (n,) their anomaly scores.
        fdr: accepted share of false alarms among the alarms, 0 < fdr < 1.

    Raises:
        InputError: ``fdr`` lies outside 0 … 1.

    >>> outcome(np.array([0.001, 0.5]), np.array([9.0, 1.0]), 0.1)[1]["finding"]
    '1 of 2 rows looks anomalous'
    """
    if not 0 < fdr < 1:
        raise InputError(f"fdr must lie between 0 and 1, got {fdr}: 0.05 accepts one false alarm in twenty")
    flagged = benjamini_hochberg(p_values) <= fdr
    n_rows, n_alarms = len(flagged), int(flagged.sum())
    return flagged, {
        "finding": f"{n_alarms:,} of {n_rows:,} rows {'looks' if n_alarms == 1 else 'look'} anomalous",
        "fdr": fdr,
        "n_alarms": n_alarms,
        "expected_false": fdr * n_alarms,
        "threshold_p": float(p_values[flagged].max()) if n_alarms else fdr / n_rows,
        "threshold_score": float(scores[flagged].min()) if n_alarms else None,
        "n_calibration_needed": calibration_rows_needed(fdr, n_rows),
    }


@dataclass(frozen=True, eq=False)
class Detection:
    """The result of one run.

    Attributes:
        summary: see :class:`Summary`.
        scores: one line a row in the order of the data: the id column (``row`` when there is none), ``anomaly_score`` (higher =
            more anomalous), ``p_value``, ``is_anomaly``, ``reason_1``…``reason_3`` (column names; None where there is none) and
            ``reason_1_share``…``reason_3_share`` (0…1, share of the score).
        reasons: the explained rows in full, most anomalous first: ``row`` (position in ``scores``), ``column``, ``share``,
            ``value`` (the row's value as text) and ``usual`` (what would have looked normal, as text). Every row that would be
            flagged at a false-discovery rate of 20 %, and at least the five most anomalous; at most 1,000 rows.
    """

    summary: Summary
    scores: pd.DataFrame
    reasons: pd.DataFrame

    def save(self, folder: Path) -> None:
        """Write ``summary.json``, ``scores.parquet`` and ``reasons.parquet``."""
        for name, frame in (("scores", self.scores), ("reasons", self.reasons)):
            with whole_file(folder / f"{name}.parquet") as path:
                frame.to_parquet(path, index=False)
        with whole_file(folder / "summary.json") as path:
            path.write_text(self.summary.model_dump_json(indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` wrote."""
        summary = Summary.model_validate_json((folder / "summary.json").read_text(encoding="utf-8"))
        return cls(summary, pd.read_parquet(folder / "scores.parquet"), pd.read_parquet(folder / "reasons.parquet"))
