"""The alarms of a run: at another accepted share of false alarms, in order, and why each was raised."""

from dataclasses import replace

import pandas as pd

from evalkit.anomaly.detection import Detection, outcome
from evalkit.statistics.multiplicity import benjamini_hochberg

SHARE_TO_HERE = "false_alarm_share"
N_NEAREST = 5


def at_fdr(detection: Detection, fdr: float) -> Detection:
    """The same run with another accepted share of false alarms; scores and p-values stay, nothing is fitted again.

    Looking at several shares and keeping the most pleasing one makes its promise too good: choose the share first.

    Args:
        detection: the run.
        fdr: the accepted share of false alarms among the alarms, 0 < fdr < 1.

    Returns:
        The run with its flags, finding, counts and threshold as they are at ``fdr``.

    Raises:
        InputError: ``fdr`` lies outside 0 … 1.
    """
    if fdr == detection.summary.fdr:
        return detection
    scores = detection.scores
    flagged, lines = outcome(scores["p_value"].to_numpy(), scores["anomaly_score"].to_numpy(), fdr)
    summary = detection.summary.model_copy(update=lines)
    return replace(detection, summary=summary, scores=scores.assign(is_anomaly=flagged))


def most_anomalous_first(detection: Detection) -> pd.DataFrame:
    """The alarms in order, or the five nearest rows when there is no alarm.

    Returns:
        The lines of ``detection.scores``, index = position in the table, most anomalous first, with a further column
        ``false_alarm_share``: the share of false alarms to expect when only the rows down to this one are called anomalous.
    """
    adjusted = benjamini_hochberg(detection.scores["p_value"].to_numpy())
    ordered = detection.scores.assign(**{SHARE_TO_HERE: adjusted}).sort_values(
        ["p_value", "anomaly_score"], ascending=[True, False], kind="stable"
    )
    return ordered[ordered["is_anomaly"]] if detection.summary.n_alarms else ordered.head(N_NEAREST)


def reasons_of(detection: Detection, row: int) -> pd.DataFrame:
    """Why one row scored as it did.

    Args:
        detection: the run.
        row: position in the table.

    Returns:
        ``column``, ``share``, ``value`` and ``usual``, largest share first; empty when the row was not explained.
    """
    own = detection.reasons.loc[detection.reasons["row"] == row, ["column", "share", "value", "usual"]]
    return own.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)


def row_name(detection: Detection, row: int) -> str:
    """What the user calls a row: its id, or its number."""
    column = detection.summary.id_column or "row"
    return str(detection.scores[column].iloc[row])
