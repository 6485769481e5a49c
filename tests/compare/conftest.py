"""A detection made without a detector, so that charts and report can be tested on chosen results."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest

from evalkit.anomaly.detection import DataSource, Detection, MemberNote, Summary
from evalkit.core.evidence import Evidence, Failure
from evalkit.core.sample import Problem
from evalkit.statistics.multiplicity import benjamini_hochberg

COLUMNS = ("amount", "hour", "country", "card_age", "merchant")


def made_detection(
    *,
    n_rows: int = 2000,
    n_odd: int = 12,
    fdr: float = 0.1,
    hostile: str | None = None,
    columns: tuple[str, ...] = COLUMNS,
    n_explained: int = 60,
) -> Detection:
    """Most p-values are uniform, those of ``n_odd`` rows tiny; ``hostile`` stands wherever text from data may stand."""
    draw = np.random.default_rng(7)
    p_values = draw.uniform(0.02, 1, n_rows)
    odd = draw.choice(n_rows, n_odd, replace=False)
    p_values[odd] = draw.uniform(1e-6, 4e-5, n_odd)
    columns = (hostile, *columns[1:]) if hostile else columns
    flagged = benjamini_hochberg(p_values) <= fdr
    ids = [hostile if hostile and i in odd else f"pay-{i:05d}" for i in range(n_rows)]
    scores = pd.DataFrame({"payment": ids, "anomaly_score": -np.log10(p_values), "p_value": p_values, "is_anomaly": flagged})
    explained = np.argsort(p_values, kind="stable")[:n_explained]
    reasons = pd.concat([_reasons(int(row), columns, hostile, draw) for row in explained], ignore_index=True)
    top = reasons.sort_values(["row", "share"], ascending=[True, False]).groupby("row", sort=False)
    for rank in range(3):
        chosen = top.nth(rank).set_index("row")
        scores[f"reason_{rank + 1}"] = chosen["column"].reindex(range(n_rows))
        scores[f"reason_{rank + 1}_share"] = chosen["share"].reindex(range(n_rows))
    return Detection(_summary(scores, fdr, hostile, len(columns) + 1), scores, reasons)


def _summary(scores: pd.DataFrame, fdr: float, hostile: str | None, n_columns: int) -> Summary:
    n_rows, alarms = len(scores), scores[scores["is_anomaly"]]
    n_alarms = len(alarms)
    return Summary(
        finding=f"{n_alarms:,} of {n_rows:,} rows look anomalous",
        caution=("The tail of the calibration is modelled: p-values below 1 in 500 are an extrapolation.",),
        way="one table",
        scores_are="out of fold: no row was scored by a model that had seen it",
        fdr=fdr,
        n_rows=n_rows,
        n_alarms=n_alarms,
        expected_false=fdr * n_alarms,
        threshold_p=float(alarms["p_value"].max()) if n_alarms else fdr / n_rows,
        threshold_score=float(alarms["anomaly_score"].min()) if n_alarms else None,
        n_calibration=1800,
        n_calibration_needed=19999,
        id_column="payment",
        data=DataSource(name=hostile or "payments.csv", sha256="ab" * 32, rows=n_rows, columns=n_columns),
        members=(
            MemberNote(name="neighbours", looks_for="rows far from every other row"),
            MemberNote(name="vae", looks_for="odd combinations"),
        ),
        problems=(Problem(what="41 values are missing", column=hostile or "card_age", rows=41),),
        evidence=(
            Evidence(name="share of alarms", value=n_alarms / n_rows, low=0, high=0.5, n=n_rows, method="Clopper-Pearson"),
            Failure(name="stability", reason="one seed was run", remedy="run more seeds"),
        ),
        settings={"effort": "fast", "ignore": [hostile or "nothing"]},
        seed=0,
        versions={"evalkit": "0.1.0", "numpy": np.__version__},
    )


def _reasons(row: int, columns: tuple[str, ...], hostile: str | None, draw: np.random.Generator) -> pd.DataFrame:
    shares = draw.dirichlet(np.full(len(columns), 0.4))
    values = [hostile or f"{value:.1f}" for value in draw.uniform(0, 900, len(columns))]
    usual = [hostile or "10.5 to 80.0"] * len(columns)
    return pd.DataFrame({"row": row, "column": list(columns), "share": shares, "value": values, "usual": usual})


@pytest.fixture(scope="session")
def make_detection() -> Callable[..., Detection]:
    # Nothing changes a detection, so that tests may share them.
    return cache(made_detection)
