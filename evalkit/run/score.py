"""``score``: one number a row from a saved detector or backbone."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.anomaly import AnomalyDetector
from evalkit.core.sample import Images, Sample, Series
from evalkit.data import Data, load
from evalkit.data.encoded import Encoded
from evalkit.data.windows import Windows
from evalkit.run.models import load_model
from evalkit.run.outputs import check_output, write_table


def score(model: str | Path, data: Data, out: Path) -> int:
    """Write the score of every row, higher = more anomalous, and with a detector its p-value.

    A row is a table's row, a text, an image, or a window of a series, for which its entity and first step are written. A row gets
    the same score alone, in any batch and in any order.

    Returns:
        How many rows were scored.
    """
    check_output(out)
    fitted = load_model(model)
    sample = load(data, schema=fitted.schema_)
    if isinstance(fitted, AnomalyDetector):
        columns: dict[str, Any] = {"anomaly_score": fitted.anomaly_score(sample), "p_value": fitted.p_values(sample)}
    else:
        rows = fitted.encode(sample)
        columns = {**_places(sample, rows), "anomaly_score": fitted.score_rows(rows)}
    scores = pd.DataFrame({"row": np.arange(len(columns["anomaly_score"])), **columns})
    write_table(scores, out)
    return len(scores)


def _places(sample: Sample, rows: Encoded) -> dict[str, Any]:
    """What names a row beside its number."""
    if isinstance(sample, Images):
        return {"file": sample.names}
    if isinstance(sample, Series) and isinstance(rows, Windows):
        return {"entity": [sample.entities[i] for i in rows.entities], "step": rows.starts}
    return {}
