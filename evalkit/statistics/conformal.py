"""Conformal ranks: how often a normal row would score this high."""

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError, ShapeError

TIE_TOLERANCE = 1e-9


def conformal_p_values(calibration: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The p-value of each score among the scores of normal rows: (1 + #{calibration >= score}) / (n + 1).

    If a row is exchangeable with the calibration rows, the chance of p <= a is at most a, for every a, whatever the scores'
    law. It says nothing about rows of which one knows more (a p-value is not the chance that the row is normal), and it fails
    silently when the calibration rows are not like the normal rows to come. The smallest possible value is 1 / (n + 1).

    Scores within a relative 1e-9 count as tied, and ties count against the alarm: the last bits of a sum, which differ between
    batch sizes and machines, cannot change a p-value.

    Args:
        calibration: (n,) scores of normal rows that the scoring model has not seen, n >= 1, finite.
        scores: (m,) scores to judge, finite, higher = more anomalous.

    Returns:
        (m,) p-values, 1 / (n + 1) <= p <= 1.

    Raises:
        ShapeError: there are no calibration scores.
        InputError: a score is NaN or infinite.

    Source: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005), chapter 2; Bates et al., Annals of
    Statistics 51 (2023), for use with false-discovery control.

    >>> conformal_p_values(np.array([1.0, 2.0, 3.0]), np.array([2.0, 9.0])).tolist()
    [0.75, 0.25]
    """
    calibration = np.sort(np.asarray(calibration, dtype=np.float64))
    scores = np.asarray(scores, dtype=np.float64)
    if len(calibration) == 0:
        raise ShapeError("conformal p-values need at least one calibration score, got none")
    if not (np.isfinite(calibration).all() and np.isfinite(scores).all()):
        raise InputError("conformal p-values need finite scores, got NaN or infinity")
    threshold = scores - TIE_TOLERANCE * np.abs(scores)
    at_least = len(calibration) - np.searchsorted(calibration, threshold, side="left")
    return (1 + at_least) / (len(calibration) + 1)


def calibration_rows_needed(fdr: float, n_rows: int) -> int:
    """Calibration rows without which no single row among ``n_rows`` can be an alarm at this false-discovery rate.

    Benjamini–Hochberg flags one lone anomaly only at p <= fdr / n_rows, and conformal p-values go down to 1 / (n + 1). With fewer
    calibration rows, alarms are possible only in groups.

    Args:
        fdr: accepted share of false alarms, 0 < fdr < 1.
        n_rows: rows tested together, >= 1.

    >>> calibration_rows_needed(0.1, 200)
    1999
    """
    if not 0 < fdr < 1:
        raise InputError(f"fdr must lie between 0 and 1, got {fdr}")
    return int(np.ceil(n_rows / fdr - 1e-9)) - 1
