"""``score``: one number a row from a saved detector or backbone."""

from pathlib import Path

import pandas as pd

from evalkit.anomaly import AnomalyDetector
from evalkit.data import load
from evalkit.run.detect import Data
from evalkit.run.models import load_model
from evalkit.run.outputs import check_output, write_table


def score(model: str | Path, data: Data, out: Path) -> int:
    """Write the score of every row, higher = more anomalous, and with a detector its p-value.

    A row gets the same score alone, in any batch and in any order.

    Returns:
        How many rows were scored.
    """
    check_output(out)
    fitted = load_model(model)
    table = load(data)
    scores = pd.DataFrame({"row": range(len(table)), "anomaly_score": fitted.anomaly_score(table)})
    if isinstance(fitted, AnomalyDetector):
        scores["p_value"] = fitted.p_values(table)
    write_table(scores, out)
    return len(scores)
