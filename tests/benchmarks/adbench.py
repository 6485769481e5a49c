"""ADBench, one-class with a random split: how well are anomalies ranked, against 1-nearest-neighbour and PyOD on the same rows?

    python -m tests.benchmarks.adbench --data DIR [--only NAME …] [--detector default] [--detector vae] [--peers CSV] [--json]

DIR holds ``Classical/*.npz`` with arrays X and y (1 = anomaly). For one (data set, seed): at most 10,000 rows, drawn by class; a
random half of the normal rows is the reference, the others and all anomalies are the test rows; features are standardised by the
reference; ``fit`` and ``anomaly_score`` are timed in CPU seconds over all threads. Each run is a process of its own. Runs that are
done are kept in ``tests/benchmarks/results/adbench_runs.jsonl`` and not done again. The peers' table has the columns detector,
dataset, roc_auc, average_precision and cpu_seconds, measured on the same rows.
"""

import argparse
import json
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.statistics import bootstrap_interval
from tests.benchmarks.figures import RESULTS, Figure, held, keep, table
from tests.benchmarks.runs import resume, timed

RUNS = RESULTS / "adbench_runs.jsonl"
MOST_ROWS, FEWEST_OF_A_CLASS, SEEDS = 10_000, 30, 5
BASELINE = "1-nearest-neighbour"
PEERS = ("KNN", "LOF", "IForest", "ECOD", "AutoEncoder", "VAE")


def split(name: str, X: np.ndarray, y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reference rows, test rows and the test rows' labels: a function of (data, name, seed) alone."""
    from sklearn.preprocessing import StandardScaler

    draw = np.random.default_rng([zlib.crc32(name.encode()), seed])
    if len(y) > MOST_ROWS:
        kept = []
        for label in (0, 1):
            rows = np.flatnonzero(y == label)
            n = max(round(MOST_ROWS * len(rows) / len(y)), min(len(rows), FEWEST_OF_A_CLASS))
            kept.append(draw.choice(rows, n, replace=False))
        chosen = draw.permutation(np.concatenate(kept))
        X, y = X[chosen], y[chosen]
    normal = draw.permutation(np.flatnonzero(y == 0))
    n_reference = round(len(normal) / 2)
    test = draw.permutation(np.concatenate([normal[n_reference:], np.flatnonzero(y == 1)]))
    scaler = StandardScaler().fit(X[normal[:n_reference]])
    return scaler.transform(X[normal[:n_reference]]), scaler.transform(X[test]), y[test]


class NearestNeighbour:
    """The baseline: squared distance to the nearest reference row."""

    def fit(self, X: np.ndarray) -> "NearestNeighbour":
        self.reference = X
        return self

    def anomaly_score(self, X: np.ndarray) -> np.ndarray:
        from evalkit.kernels.neighbours import nearest

        return nearest(self.reference, X, 1).distances[:, 0]


def detector(name: str, seed: int) -> Any:
    """One of the detectors that are measured."""
    if name == BASELINE:
        return NearestNeighbour()
    if name == "vae":
        from evalkit.backbones.vae import VAE

        return VAE(random_state=seed)
    from evalkit.anomaly import AnomalyDetector

    return AnomalyDetector(effort=name, random_state=seed)


def measure(path: Path, dataset: str, name: str, seed: int) -> dict[str, Any]:
    """Fit and score once."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    with np.load(path, allow_pickle=False) as arrays:
        X, y = arrays["X"].astype(np.float64), arrays["y"].astype(np.int64).ravel()
    reference, test, labels = split(dataset, X, y, seed)
    model = detector(name, seed)
    score, seconds = timed(lambda: model.fit(reference).anomaly_score(test))
    return {
        "detector": name,
        "dataset": dataset,
        "seed": seed,
        "roc_auc": float(roc_auc_score(labels, score)),
        "average_precision": float(average_precision_score(labels, score)),
        "cpu_seconds": seconds,
        "n_reference": len(reference),
        "n_test": len(test),
    }


def run(data: Path, names: list[str], only: list[str], seeds: int) -> pd.DataFrame:
    """All runs that are asked for; those that were done before are read."""
    paths = {f"Classical/{path.stem}": path for path in sorted((data / "Classical").glob("*.npz"))}
    paths = {dataset: path for dataset, path in paths.items() if not only or any(part in dataset for part in only)}
    tasks = {
        (name, dataset, seed): (paths[dataset], dataset, name, seed) for name in names for seed in range(seeds) for dataset in paths
    }
    return resume(RUNS, ("detector", "dataset", "seed"), tasks, measure, _told, processes=2)


def _told(run: dict[str, Any]) -> str:
    return f"{run['detector']} {run['dataset']} {run['seed']} {run['roc_auc']:.4f}"


def figures(runs: pd.DataFrame, peers: pd.DataFrame | None) -> list[Figure]:
    """Means over data sets of means over seeds, with the interval over data sets; the paired difference to the baseline."""
    by_set = runs.groupby(["detector", "dataset"])[["roc_auc", "average_precision", "cpu_seconds"]].mean()
    if peers is not None:
        peers = peers[peers["detector"].isin(PEERS)]
        by_set = pd.concat([by_set, peers.set_index(["detector", "dataset"])[by_set.columns].rename(_peer, level="detector")])
    # Only data sets that every detector was measured on can be compared.
    common = set.intersection(*(set(part.index.get_level_values("dataset")) for _, part in by_set.groupby(level="detector")))
    by_set = by_set[by_set.index.get_level_values("dataset").isin(common)]
    bars = {("default", "roc_auc"): 0.850, ("default", "average_precision"): 0.68, ("vae", "roc_auc"): 0.81}
    titles = {"roc_auc": "ROC-AUC", "average_precision": "average precision"}
    made, seeds = [], int(runs["seed"].nunique())
    for name, part in by_set.groupby(level="detector", sort=False):
        behind = {"n": len(part), "seconds_cpu": float(part["cpu_seconds"].sum()), "seeds": seeds}
        for column, title in titles.items():
            values = part[column].droplevel("detector")
            interval = bootstrap_interval(values.to_numpy(), seed=0)
            made.append(held("adbench", f"{_title(name)}: {title}", interval, **behind, least=bars.get((name, column))))
            if name in ("default", "vae") and BASELINE in by_set.index:
                gain = bootstrap_interval((values - by_set.loc[BASELINE, column]).to_numpy(), seed=0)
                made.append(held("adbench", f"{_title(name)}: {title}, paired difference to {BASELINE}", gain, **behind))
        median = float(part["cpu_seconds"].median())
        title = f"{_title(name)}: median CPU seconds to fit and score"
        made.append(held("adbench", title, [median] * 3, **behind, most=20 if name == "default" else None))
    return made


def _title(name: str) -> str:
    return {"default": "AnomalyDetector", "vae": "VAE alone"}.get(name, name)


def _peer(name: str) -> str:
    return f"PyOD {name}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--detector", action="append", choices=["fast", "default", "best", "vae"])
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    names = [*(arguments.detector or ["default", "vae"]), BASELINE]
    runs = run(arguments.data, names, arguments.only, arguments.seeds)
    peers = pd.read_csv(arguments.peers) if arguments.peers else None
    made = figures(runs, peers)
    if not arguments.only and arguments.seeds == SEEDS:
        keep("adbench", made)
    print("\n".join(json.dumps(asdict(one)) for one in made) if arguments.json else table(made))


if __name__ == "__main__":
    main()
