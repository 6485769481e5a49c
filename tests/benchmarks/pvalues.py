"""Do the p-values mean what they say, and is the share of false alarms held? On normal rows that no detector has seen.

    python -m tests.benchmarks.pvalues --data DIR [--only NAME …] [--seeds 20] [--json]

DIR holds ``Classical/*.npz`` as for the adbench benchmark. For one (data set, seed): half of the normal rows (at most 2,500) are
the reference; the other half (at most 2,500) are fresh normal rows. The share of fresh rows with p <= a must lie within a ± 0.3 a.
Then anomalies join them, one for nine fresh normal rows, and alarms are raised at a false-discovery rate of 0.1: the share of
false ones must average <= 0.1, and the anomalies found >= 0.9 of those above the oracle threshold, the lowest score at which the
share of false alarms, seen with the labels, is no larger than the one that was realised.
"""

import argparse
import json
import multiprocessing
import time
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.statistics import mean_interval
from tests.benchmarks.figures import RESULTS, Figure, keep, stamp, table

RUNS = RESULTS / "pvalues_runs.jsonl"
SETS = ("22_magic.gamma", "30_satellite", "2_annthyroid", "27_PageBlocks", "28_pendigits")
LEVELS, FDR, MOST_ROWS, SEEDS = (0.01, 0.05, 0.1), 0.1, 2_500, 20


def measure(path: Path, seed: int) -> dict[str, Any]:
    """One data set, one seed."""
    from evalkit.anomaly import AnomalyDetector
    from evalkit.statistics import benjamini_hochberg

    with np.load(path, allow_pickle=False) as arrays:
        X, y = arrays["X"].astype(np.float64), arrays["y"].astype(np.int64).ravel()
    draw = np.random.default_rng([zlib.crc32(path.stem.encode()), seed])
    normal = draw.permutation(np.flatnonzero(y == 0))
    half = min(len(normal) // 2, MOST_ROWS)
    reference, fresh = X[normal[:half]], X[normal[half : 2 * half]]
    anomalies = X[draw.permutation(np.flatnonzero(y == 1))[: max(len(fresh) // 9, 1)]]
    started = time.process_time()
    detector = AnomalyDetector(random_state=seed).fit(reference)
    rows = np.concatenate([fresh, anomalies])
    score, p_values = detector.anomaly_score(rows), detector.p_values(rows)
    seconds = time.process_time() - started
    is_anomaly = np.arange(len(rows)) >= len(fresh)
    flagged = benjamini_hochberg(p_values) <= FDR
    false_share = float((flagged & ~is_anomaly).sum() / max(flagged.sum(), 1))
    shares = {f"share_{level}": float((p_values[~is_anomaly] <= level).mean()) for level in LEVELS}
    return {
        "dataset": path.stem,
        "seed": seed,
        **shares,
        "false_share": false_share,
        "found": int((flagged & is_anomaly).sum()),
        "found_by_oracle": _oracle(score, is_anomaly, false_share),
        "n_anomalies": int(is_anomaly.sum()),
        "cpu_seconds": seconds,
    }


def _oracle(score: np.ndarray, is_anomaly: np.ndarray, false_share: float) -> int:
    """Anomalies above the lowest threshold whose share of false alarms is no larger."""
    order = np.argsort(-score, kind="stable")
    found = np.cumsum(is_anomaly[order])
    share = 1 - found / np.arange(1, len(order) + 1)
    return int(found[share <= false_share + 1e-12].max(initial=0))


def run(data: Path, only: list[str], seeds: int) -> pd.DataFrame:
    """All runs that are asked for; those that were done before are read."""
    paths = [data / "Classical" / f"{name}.npz" for name in SETS if not only or any(part in name for part in only)]
    done = [json.loads(line) for line in RUNS.read_text().splitlines()] if RUNS.exists() else []
    known = {(one["dataset"], one["seed"]) for one in done}
    todo = [(path, seed) for seed in range(seeds) for path in paths if (path.stem, seed) not in known]
    RESULTS.mkdir(exist_ok=True)
    with RUNS.open("a") as file, multiprocessing.get_context("spawn").Pool(2, maxtasksperchild=1) as pool:
        for i, result in enumerate(pool.imap(_measure, todo), start=1):
            file.write(json.dumps(result) + "\n")
            file.flush()
            done.append(result)
            print(f"{i}/{len(todo)} {result['dataset']} {result['seed']}", flush=True)
    runs = pd.DataFrame(done)
    return runs[runs["dataset"].isin([path.stem for path in paths]) & (runs["seed"] < seeds)]


def _measure(one: tuple[Path, int]) -> dict[str, Any]:
    return measure(*one)


def figures(runs: pd.DataFrame) -> list[Figure]:
    """For each data set the shares of small p-values, the share of false alarms and the power, as means over seeds."""
    made, extra = [], stamp()
    for dataset, part in runs.groupby("dataset", sort=False):
        seconds = float(part["cpu_seconds"].sum())
        found = (part["found"] / part["found_by_oracle"])[part["found_by_oracle"] > 0]
        rows = [(f"fresh normal rows with p <= {level}", part[f"share_{level}"], 0.7 * level, 1.3 * level) for level in LEVELS]
        rows += [(f"share of false alarms at fdr {FDR}", part["false_share"], 0.0, FDR)]
        rows += [("anomalies found, of those above the oracle threshold", found, 0.9, 1.0)] if len(found) > 1 else []
        for name, values, low, high in rows:
            interval = mean_interval(values.to_numpy())
            bar, holds = f"{low:.3g} … {high:.3g}", bool(low <= interval.value <= high)
            made.append(Figure("pvalues", f"{dataset}: {name}", *interval, len(values), seconds, len(part), bar, holds, **extra))
    return made


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
