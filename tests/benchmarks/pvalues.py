"""Do p-values mean what they say, and does the accepted share of false alarms hold?

    python -m tests.benchmarks.pvalues --data DIR [--only NAME …] [--seeds 20] [--json]

DIR holds ``Classical/*.npz`` with arrays X and y (1 = anomaly). For one (data set, seed), split as in the ADBench benchmark, the
default detector is fitted on a random half of the normal rows. Of the other half, which it has never seen, the share with
p <= a should be a. Then normal and anomalous test rows are judged together at an accepted share of false alarms of 0.1: the
realised share, and the share of the anomalies found over the share that the best threshold on the same scores finds when it may
have as large a realised share of false alarms. Runs that are done are kept in ``tests/benchmarks/results/pvalues_runs.jsonl``.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.statistics import mean_interval
from tests.benchmarks.adbench import split
from tests.benchmarks.figures import RESULTS, Figure, held, keep, table
from tests.benchmarks.runs import resume, timed

RUNS = RESULTS / "pvalues_runs.jsonl"
SETS = ("22_magic.gamma", "30_satellite", "2_annthyroid", "27_PageBlocks", "28_pendigits")
LEVELS, FDR, SEEDS = (0.01, 0.05, 0.1), 0.1, 20


def measure(path: Path, seed: int) -> dict[str, Any]:
    """Fit once, and judge rows that the detector has not seen."""
    from evalkit.anomaly import AnomalyDetector
    from evalkit.statistics.multiplicity import benjamini_hochberg

    with np.load(path, allow_pickle=False) as arrays:
        X, y = arrays["X"].astype(np.float64), arrays["y"].astype(np.int64).ravel()
    reference, test, labels = split(f"Classical/{path.stem}", X, y, seed)
    detector, fit_seconds = timed(lambda: AnomalyDetector(random_state=seed).fit(reference))
    scores, score_seconds = timed(lambda: detector.anomaly_score(test))
    p_values = detector.calibration_.p_values(scores)
    flagged = benjamini_hochberg(p_values) <= FDR
    false_share = float((labels[flagged] == 0).mean()) if flagged.any() else 0.0
    power = float(flagged[labels == 1].mean())
    best = best_power(scores, labels, false_share)
    shares = {f"share_{level:g}": float((p_values[labels == 0] <= level).mean()) for level in LEVELS}
    outcome = {"false_share": false_share, "power": power, "power_ratio": power / best if best else 1.0}
    run = {"dataset": path.stem, "seed": seed, "cpu_seconds": fit_seconds + score_seconds, "n_reference": len(reference)}
    return run | shares | outcome


def best_power(scores: np.ndarray, labels: np.ndarray, false_share: float) -> float:
    """The largest share of anomalies that a threshold finds with at most this share of false alarms, labels in hand.

    >>> best_power(np.array([4.0, 3.0, 2.0, 1.0]), np.array([1, 0, 1, 0]), 0.34)
    1.0
    """
    order = np.argsort(-scores, kind="stable")
    found, alarms = np.cumsum(labels[order]), np.arange(1, len(labels) + 1)
    allowed = (alarms - found) / alarms <= false_share + 1e-12
    return float(found[allowed].max() / labels.sum()) if allowed.any() else 0.0


def run(data: Path, only: list[str], seeds: int) -> pd.DataFrame:
    """All runs that are asked for; those that were done before are read."""
    names = [name for name in SETS if not only or any(part in name for part in only)]
    tasks = {(name, seed): (data / "Classical" / f"{name}.npz", seed) for seed in range(seeds) for name in names}
    return resume(RUNS, ("dataset", "seed"), tasks, measure, _told)


def _told(run: dict[str, Any]) -> str:
    return f"{run['dataset']} {run['seed']} p <= 0.05: {run['share_0.05']:.4f}"


def figures(runs: pd.DataFrame) -> list[Figure]:
    """Means over seeds with Student-t intervals: of all sets together, where a run without any alarm found nothing, and of each."""
    by_seed = runs.groupby("seed")[["false_share", "power_ratio"]].mean()
    made = [
        _figure(f"mean over the sets: realised share of false alarms at {FDR:g}", by_seed["false_share"], runs, most=FDR),
        _figure("mean over the sets: found over the best threshold's", by_seed["power_ratio"], runs, least=0.9),
    ]
    for name, part in runs.groupby("dataset", sort=False):
        for level in LEVELS:
            share = part[f"share_{level:g}"]
            title = f"{name}: share of fresh normals with p <= {level:g}"
            made.append(_figure(title, share, part, least=0.7 * level, most=1.3 * level))
        made.append(_figure(f"{name}: realised share of false alarms at {FDR:g}", part["false_share"], part, most=FDR))
        # Without an alarm there is no realised share of false alarms at which the best threshold could be held against it.
        alarmed = part[(part["power"] > 0) | (part["false_share"] > 0)]
        made.append(_figure(f"{name}: anomalies found", part["power"], part))
        made.append(_figure(f"{name}: found over the best threshold's", alarmed["power_ratio"], part, least=0.9))
    return made


def _figure(title: str, values: pd.Series, part: pd.DataFrame, **bar: float) -> Figure:
    seconds, interval = float(part["cpu_seconds"].sum()), mean_interval(values.to_numpy())
    return held("pvalues", title, interval, n=len(values), seconds_cpu=seconds, seeds=part["seed"].nunique(), **bar)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    made = figures(run(arguments.data, arguments.only, arguments.seeds))
    if not arguments.only and arguments.seeds == SEEDS:
        keep("pvalues", made)
    print("\n".join(json.dumps(asdict(one)) for one in made) if arguments.json else table(made))


if __name__ == "__main__":
    main()
