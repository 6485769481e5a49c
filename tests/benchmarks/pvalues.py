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
import multiprocessing
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.statistics import mean_interval
from tests.benchmarks.adbench import split
from tests.benchmarks.figures import RESULTS, Figure, keep, stamp, table

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
    started = time.process_time()
    detector = AnomalyDetector(random_state=seed).fit(reference)
    scores = detector.anomaly_score(test)
    p_values = detector.calibration_.p_values(scores)
    seconds = time.process_time() - started
    flagged = benjamini_hochberg(p_values) <= FDR
    false_share = float((labels[flagged] == 0).mean()) if flagged.any() else 0.0
    power = float(flagged[labels == 1].mean())
    best = best_power(scores, labels, false_share)
    shares = {f"share_{level:g}": float((p_values[labels == 0] <= level).mean()) for level in LEVELS}
    outcome = {"false_share": false_share, "power": power, "power_ratio": power / best if best else 1.0}
    return {"dataset": path.stem, "seed": seed, "cpu_seconds": seconds, "n_reference": len(reference)} | shares | outcome


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
    done = [json.loads(line) for line in RUNS.read_text().splitlines()] if RUNS.exists() else []
    known = {(one["dataset"], one["seed"]) for one in done}
    todo = [(data / "Classical" / f"{name}.npz", seed) for seed in range(seeds) for name in names if (name, seed) not in known]
    RESULTS.mkdir(exist_ok=True)
    with RUNS.open("a") as file, multiprocessing.get_context("spawn").Pool(1) as pool:
        for i, result in enumerate(pool.imap(_measure, todo), start=1):
            file.write(json.dumps(result) + "\n")
            file.flush()
            done.append(result)
            print(f"{i}/{len(todo)} {result['dataset']} {result['seed']} p <= 0.05: {result['share_0.05']:.4f}", flush=True)
    runs = pd.DataFrame(done)
    return runs[runs["dataset"].isin(names) & (runs["seed"] < seeds)]


def _measure(one: tuple[Path, int]) -> dict[str, Any]:
    return measure(*one)


def figures(runs: pd.DataFrame) -> list[Figure]:
    """Means over seeds with Student-t intervals."""
    extra, made = stamp(), []
    for name, part in runs.groupby("dataset", sort=False):
        for level in LEVELS:
            bar = (0.7 * level, 1.3 * level)
            made.append(_figure(f"{name}: share of fresh normals with p <= {level:g}", part[f"share_{level:g}"], part, bar, extra))
        made.append(_figure(f"{name}: realised share of false alarms at {FDR:g}", part["false_share"], part, (None, FDR), extra))
        # Without an alarm there is no realised share of false alarms at which the best threshold could be held against it.
        alarmed = part[(part["power"] > 0) | (part["false_share"] > 0)]
        made.append(_figure(f"{name}: anomalies found", part["power"], part, (None, None), extra))
        made.append(_figure(f"{name}: found over the best threshold's", alarmed["power_ratio"], part, (0.9, None), extra))
    return made


def _figure(
    title: str, values: pd.Series, part: pd.DataFrame, bar: tuple[float | None, float | None], extra: dict[str, Any]
) -> Figure:
    interval = mean_interval(values.to_numpy())
    low, high = bar
    if low is None and high is None:
        return Figure("pvalues", title, *interval, len(values), float(part["cpu_seconds"].sum()), len(part), **extra)
    text = f"{low:g} – {high:g}" if low is not None and high is not None else f">= {low:g}" if low is not None else f"<= {high:g}"
    holds = (low is None or interval.value >= low) and (high is None or interval.value <= high)
    return Figure("pvalues", title, *interval, len(values), float(part["cpu_seconds"].sum()), len(part), text, holds, **extra)


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
