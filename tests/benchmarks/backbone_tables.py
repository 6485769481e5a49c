"""Tables: how like the real rows are drawn rows? Each family of evalkit beside ctgan's TVAE and CTGAN, judged by the same code.

One run: a data set's rows are shuffled by (data set, seed) and halved. A generator is fitted to half A and draws as many rows as
half B has; these are compared with half B, which no generator has seen. "real" hands in half A itself: what a perfect generator
would reach that knows more rows than these, and what copying looks like. "again" draws as many rows from half A with replacement:
what knowing half A by heart comes to, and nothing beyond it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.backbones import BACKBONES
from evalkit.statistics import mean_interval
from tests.benchmarks.figures import Figure, held
from tests.benchmarks.runs import Key, Run, timed

# Beside the two that scikit-learn ships (small, continuous, correlated, with a label): fetal heart traces, of which most columns
# are whole numbers with long tails and many zeros; and cell gradings, where all nine columns are grades from 1 to 10 and half of
# the rows are copies of another.
ADBENCH = ("7_Cardiotocography", "4_breastw")
DATASETS = ("breast_cancer", "wine", *ADBENCH)
PEERS = {"tvae": "ctgan TVAE", "ctgan": "ctgan CTGAN"}
REAL, AGAIN = "real", "again"
SPLITS = 5
QUALITY = {"breast_cancer": 0.905, "wine": 0.845}
AUC = {"breast_cancer": 0.75, "wine": 0.62}
TITLES = {
    "quality": "SDMetrics quality",
    "auc": "AUC of boosted trees, real against drawn",
    "nearer_to_training": "share of drawn rows closer to the fitted half",
    "fit_seconds": "CPU seconds to fit",
}


def families() -> list[str]:
    """The catalogue's families that take tables."""
    return [spec.name for spec in BACKBONES.values() if "table" in spec.modalities]


def tasks(arguments: argparse.Namespace) -> dict[Key, tuple[Any, ...]]:
    """What :func:`measure` is asked for, by data set, generator and seed."""
    generators = arguments.family or [REAL, AGAIN, *PEERS, *families()]
    names = [name for name in DATASETS if not arguments.only or any(part in name for part in arguments.only)]
    wanted = [(name, generator, seed) for seed in range(arguments.seeds) for generator in generators for name in names]
    return {key: (*key, arguments.data, arguments.peers_python) for key in wanted}


def told(run: Run) -> str:
    """A finished run in a line."""
    name = f"{run['generator']} {run['dataset']} {run['seed']}"
    return f"{name} quality {run['quality']:.4f} AUC {run['auc']:.4f} nearer {run['nearer_to_training']:.2f}"


def load(dataset: str, data: Path | None) -> pd.DataFrame:
    """The rows of a data set, as they would stand in a file: whole numbers as such, labels and two-valued columns as text."""
    if dataset in ADBENCH:
        if data is None:
            raise SystemExit(f"{dataset} needs --data DIR with DIR/adbench/Classical/{dataset}.npz")
        return _adbench(data / "adbench" / "Classical" / f"{dataset}.npz")
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{dataset}")(as_frame=True)
    return bunch.data.assign(target=bunch.target_names[bunch.target].astype(object))


def _adbench(path: Path) -> pd.DataFrame:
    with np.load(path, allow_pickle=False) as arrays:
        rows = arrays["X"][arrays["y"].ravel() == 0]
    frame = pd.DataFrame(rows.astype(np.float64), columns=[f"v{i + 1}" for i in range(rows.shape[1])])
    frame = frame.loc[:, frame.nunique() > 1]
    whole = frame.columns[(frame == frame.round()).all()]
    frame = frame.astype(dict.fromkeys(whole, "int64"))
    two_valued = frame.columns[frame.nunique() == 2]
    return frame.assign(**{name: _labels(frame[name]) for name in two_valued})


def halves(dataset: str, frame: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Half A to fit to, and half B to compare with."""
    order = np.random.default_rng([zlib.crc32(dataset.encode()), seed]).permutation(len(frame))
    middle = (len(frame) + 1) // 2
    return frame.iloc[order[:middle]].reset_index(drop=True), frame.iloc[order[middle:]].reset_index(drop=True)


def metadata(frame: pd.DataFrame) -> dict[str, Any]:
    """SDMetrics' metadata: text is a category, all else a number."""
    kinds = {name: "numerical" if pd.api.types.is_numeric_dtype(frame[name]) else "categorical" for name in frame}
    return {"columns": {name: {"sdtype": kind} for name, kind in kinds.items()}}


def judge(real_b: pd.DataFrame, synthetic: pd.DataFrame, train: pd.DataFrame, peers_python: str | None = None) -> dict[str, float]:
    """How like the held-out rows the synthetic ones are.

    Args:
        real_b: half B.
        synthetic: as many rows, with the same columns.
        train: half A.
        peers_python: the interpreter of the peers' environment; None: the environment variable EVALKIT_PEERS.

    Returns:
        ``quality`` with its halves ``shapes`` and ``pair_trends`` (SDMetrics, 1 is best); ``auc`` of a boosted-tree classifier that
        tells the two apart (0.5 is best); ``nearer_to_training``: the share of synthetic rows that lie closer to a row of half A
        than to any of half B (0.5 is best, 1 means copies).
    """
    synthetic = conformed(synthetic, real_b)
    return {
        **quality(real_b, synthetic, peers_python),
        "auc": two_sample_auc(real_b, synthetic),
        "nearer_to_training": nearer_to_training(synthetic, train, real_b),
    }


def conformed(synthetic: pd.DataFrame, real: pd.DataFrame) -> pd.DataFrame:
    """The synthetic rows with the real ones' columns and types: labels as text."""
    kinds = metadata(real)["columns"]
    columns = {name: synthetic[name] if kinds[name]["sdtype"] == "numerical" else _labels(synthetic[name]) for name in kinds}
    return pd.DataFrame(columns).astype({name: float for name in kinds if kinds[name]["sdtype"] == "numerical"})


def _labels(values: pd.Series) -> pd.Series:
    """Values as text; 1.0, True and "1" are the same label."""
    numeric = pd.to_numeric(values, errors="coerce")
    return numeric.map("{:g}".format).where(numeric.notna(), values.astype(str)).astype(object)


def quality(real: pd.DataFrame, synthetic: pd.DataFrame, peers_python: str | None = None) -> dict[str, float]:
    """SDMetrics' QualityReport."""
    with tempfile.TemporaryDirectory() as name:
        paths = {part: Path(name) / part for part in ("real", "synthetic", "metadata")}
        real.to_csv(paths["real"], index=False)
        synthetic.to_csv(paths["synthetic"], index=False)
        paths["metadata"].write_text(json.dumps(metadata(real)))
        return peers(peers_python, "quality", **paths)


def two_sample_auc(real: pd.DataFrame, synthetic: pd.DataFrame) -> float:
    """The ROC-AUC with which boosted trees tell real from synthetic rows they were not fitted to.

    The mean over five random splits into halves, each fitted to one half and scored on the other, both ways.
    """
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score

    X = _codes(pd.concat([real, synthetic], ignore_index=True))
    y = np.repeat([0, 1], [len(real), len(synthetic)])
    splits = RepeatedStratifiedKFold(n_splits=2, n_repeats=SPLITS, random_state=0)
    return float(cross_val_score(GradientBoostingClassifier(random_state=0), X, y, cv=splits, scoring="roc_auc").mean())


def nearer_to_training(synthetic: pd.DataFrame, train: pd.DataFrame, held_out: pd.DataFrame) -> float:
    """The share of synthetic rows closer to half A than to half B, ties counted half; numbers by their spread, labels 0 or 1."""
    from evalkit.kernels.neighbours import nearest

    held_out = held_out.sample(min(len(held_out), len(train)), random_state=0)
    train = train.sample(len(held_out), random_state=0)
    place = _coordinates(pd.concat([train, held_out, synthetic], ignore_index=True), len(train) + len(held_out))
    ours, theirs, drawn = np.split(place, [len(train), len(train) + len(held_out)])
    to_train, to_held_out = (nearest(rows, drawn, 1).distances[:, 0] for rows in (ours, theirs))
    return float(np.mean(to_train < to_held_out) + np.mean(to_train == to_held_out) / 2)


def _codes(frame: pd.DataFrame) -> np.ndarray:
    numeric = frame.select_dtypes("number").columns
    return np.column_stack([frame[name] if name in numeric else pd.factorize(frame[name], sort=True)[0] for name in frame])


def _coordinates(frame: pd.DataFrame, n_real: int) -> np.ndarray:
    spread = frame.iloc[:n_real].std(numeric_only=True).replace(0.0, 1.0)
    parts = [frame[name] / spread[name] if name in spread else pd.get_dummies(frame[name]) / np.sqrt(2.0) for name in frame]
    return pd.concat(parts, axis=1).to_numpy(np.float64)


def measure(dataset: str, generator: str, seed: int, data: Path | None, peers_python: str | None) -> dict[str, Any]:
    """One run: fit, draw, judge."""
    train, held_out = halves(dataset, load(dataset, data), seed)
    synthetic, seconds = draw(generator, train, len(held_out), seed, peers_python)
    judged = judge(held_out, synthetic, train, peers_python)
    return {"dataset": dataset, "generator": generator, "seed": seed, "n": len(held_out)} | judged | seconds


def title_of(generator: str) -> str:
    """The name that figures have for a generator."""
    if generator in PEERS or generator == REAL:
        return PEERS.get(generator, "real rows")
    if generator == AGAIN:
        return "fitted rows again, with replacement"
    return generator.partition(":")[2] or BACKBONES[generator].class_name


def draw(generator: str, train: pd.DataFrame, n: int, seed: int, peers_python: str | None) -> tuple[pd.DataFrame, dict[str, float]]:
    """n rows of a generator that was fitted to the training rows, and the CPU seconds of both."""
    if generator == REAL:
        return train.iloc[:n], {"fit_seconds": 0.0, "sample_seconds": 0.0}
    if generator == AGAIN:
        chosen = np.random.default_rng(seed).integers(0, len(train), n)
        return train.iloc[chosen].reset_index(drop=True), {"fit_seconds": 0.0, "sample_seconds": 0.0}
    if generator in PEERS:
        return _drawn_by_peer(generator, train, n, seed, peers_python)
    family = backbone(generator)
    model, fit_seconds = timed(lambda: family(random_state=seed).fit(train))
    drawn, sample_seconds = timed(lambda: model.sample(n, random_state=seed))
    return drawn.frame, {"fit_seconds": fit_seconds, "sample_seconds": sample_seconds}


def backbone(name: str) -> Any:
    """A family of the catalogue, or one that is not in it yet as "module:Class"."""
    module, _, class_name = name.partition(":")
    return getattr(import_module(module), class_name) if class_name else BACKBONES[name].load()


def _drawn_by_peer(
    family: str, train: pd.DataFrame, n: int, seed: int, peers_python: str | None
) -> tuple[pd.DataFrame, dict[str, float]]:
    with tempfile.TemporaryDirectory() as name:
        paths = {part: Path(name) / part for part in ("train", "metadata", "out")}
        train.to_csv(paths["train"], index=False)
        paths["metadata"].write_text(json.dumps(metadata(train)))
        seconds = peers(peers_python, "fit", family=family, n=n, seed=seed, **paths)
        return pd.read_csv(paths["out"], float_precision="round_trip"), seconds


def peers(python: str | None, command: str, **options: Any) -> dict[str, float]:
    """Run a command of ``peers.py`` in the peers' environment, on one thread, and read its line of JSON."""
    python = python or os.environ.get("EVALKIT_PEERS")
    if not python:
        raise SystemExit(
            "the peers' environment is needed: --peers-python PATH or EVALKIT_PEERS=PATH, see tests/benchmarks/backbones.py"
        )
    script = Path(__file__).with_name("peers.py")
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([python, str(script), command, *words], capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise SystemExit(f"the peers' {command} ended with status {done.returncode}")
    outcome: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return outcome


def figures(runs: pd.DataFrame) -> Iterator[Figure]:
    """Means over seeds with Student-t intervals, each generator's own, then what the bars ask."""
    for dataset, part in runs.groupby("dataset", sort=False):
        for generator, its in part.groupby("generator", sort=False):
            for column, title in TITLES.items():
                if generator not in (REAL, AGAIN) or column in ("quality", "auc"):
                    yield _figure(f"{dataset}, {title_of(generator)}: {title}", its[column], its)
        yield from _best(dataset, part[part["generator"].isin(families())])
        yield from _gain(dataset, part, "vae", "tvae", 0.0)
        yield from _gain(dataset, part, "gan", "ctgan", 0.1)


def _best(dataset: str, ours: pd.DataFrame) -> Iterator[Figure]:
    """Both bars are held against one family: the one whose quality less AUC is highest."""
    if dataset not in QUALITY or ours.empty:
        return
    means = ours.groupby("generator")[["quality", "auc"]].mean()
    best = str((means["quality"] - means["auc"]).idxmax())
    its = ours[ours["generator"] == best]
    yield _figure(f"{dataset}, best of ours: {TITLES['quality']}", its["quality"], its, least=QUALITY[dataset])
    yield _figure(f"{dataset}, best of ours: {TITLES['auc']}", its["auc"], its, most=AUC[dataset])


def _gain(dataset: str, part: pd.DataFrame, ours: str, peer: str, least: float) -> Iterator[Figure]:
    by_seed = part.pivot(index="seed", columns="generator", values="quality")
    if {ours, peer} <= set(by_seed.columns):
        gains = (by_seed[ours] - by_seed[peer]).dropna()
        behind = part[part["generator"].isin([ours, peer])]
        yield _figure(f"{dataset}: {TITLES['quality']}, {title_of(ours)} less {title_of(peer)}", gains, behind, least=least)


def _figure(title: str, values: pd.Series, runs: pd.DataFrame, **bar: float) -> Figure:
    interval = mean_interval(values.to_numpy(np.float64)) if len(values) > 1 else [float(values.iloc[0])] * 3
    seconds = float((runs["fit_seconds"] + runs["sample_seconds"]).sum())
    return held("backbones", title, interval, n=len(values), seconds_cpu=seconds, seeds=len(values), **bar)
