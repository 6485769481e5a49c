"""Figures of SDMetrics on two small tables, which tests compare ours with.

Run with SDMetrics 0.32.0 (pandas 2.3.3, NumPy 2.4.6, scipy 1.17.1) installed: ``python tests/golden/make_sdmetrics_v1.py``. The
tables are written beside the figures; dates are days since 1970.
"""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

KINDS = {"amount": "number", "visits": "count", "day": "datetime", "colour": "category", "member": "boolean"}
ORDERED = ("amount", "visits", "day")


def table(seed: int, n: int, shift: float) -> pd.DataFrame:
    """Numbers with ties, a rare label, a date and a boolean that depend on each other."""
    draw = np.random.default_rng(seed)
    base = draw.normal(size=n) + shift
    return pd.DataFrame(
        {
            "amount": np.round(base + draw.normal(size=n), 2),
            "visits": draw.poisson(np.exp(0.4 * base)).astype(float),
            "day": np.floor(18000 + 40 * base + 30 * draw.normal(size=n)),
            "colour": draw.choice(["red", "green", "blue", "ivory"], p=[0.5, 0.3, 0.15, 0.05], size=n),
            "member": (base + draw.normal(size=n) > 0.3).astype(float),
        }
    )


def dated(frame: pd.DataFrame) -> pd.DataFrame:
    """As the peers read it."""
    return frame.assign(day=pd.to_datetime(frame["day"], unit="D"))


def pair(reference: pd.DataFrame, generated: pd.DataFrame, names: list[str]) -> float:
    """One figure of two columns."""
    from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity

    if all(name in ORDERED for name in names):
        return float(CorrelationSimilarity.compute(dated(reference)[names], dated(generated)[names]))
    continuous = [name for name in names if name in ORDERED] or None
    return float(
        ContingencySimilarity.compute(reference[names].copy(), generated[names].copy(), continuous_column_names=continuous)
    )


def holes(frame: pd.DataFrame) -> pd.DataFrame:
    """Every seventh cell missing, column by column at another place."""
    frame = frame.astype({"colour": object}).copy()
    for place, name in enumerate(frame.columns):
        frame.loc[frame.index % 7 == place, name] = None if name == "colour" else np.nan
    return frame


def closest(reference: pd.DataFrame, rows: pd.DataFrame) -> list[float]:
    """SDMetrics' distance to the closest record."""
    from sdmetrics.single_table.privacy.dcr_utils import calculate_dcr

    kinds = {name: "numerical" if name in ("amount", "visits") else "categorical" for name in KINDS if name != "day"}
    columns = {name: {"sdtype": kind} for name, kind in kinds.items()}
    columns["day"] = {"sdtype": "datetime", "datetime_format": "%Y-%m-%d"}
    return [float(value) for value in calculate_dcr(dated(rows), dated(reference), {"columns": columns})]


def main() -> None:
    """Write sdmetrics_v1.json beside this file."""
    from sdmetrics.single_column import KSComplement, TVComplement

    reference, generated = table(0, 90, 0.0), table(1, 70, 0.4)
    shapes = {
        name: float((KSComplement if name in ORDERED else TVComplement).compute(reference[name], generated[name])) for name in KINDS
    }
    pairs = [[one, other, pair(reference, generated, [one, other])] for one, other in combinations(KINDS, 2)]
    missing = holes(reference), holes(generated)
    written = {
        "origin": "SDMetrics 0.32.0 from PyPI; made by make_sdmetrics_v1.py",
        "kinds": KINDS,
        "reference": reference.to_dict("list"),
        "generated": generated.to_dict("list"),
        "column_shapes": shapes,
        "pair_trends": pairs,
        "closest_record": closest(reference, generated),
        "closest_record_with_holes": closest(*missing),
    }
    Path(__file__).with_name("sdmetrics_v1.json").write_text(json.dumps(written) + "\n")


if __name__ == "__main__":
    main()
