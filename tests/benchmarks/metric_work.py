"""One piece of work by one package in a process of its own: what it gave, its CPU seconds, and the memory it took beside its input.

    PYTHON tests/benchmarks/metric_work.py WORK PACKAGE --rows N --features D

It runs in evalkit's environment and in the peers', and so imports each package only where it is measured. The rows are drawn from
one seed and are the same for every package. Memory is the peak of the resident set during the work less the resident set before
it, both as Linux counts them.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np

Work = Callable[[], Any]
NEIGHBOURS = 5


def features(rows: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Reference and generated features, float32, of unequal variances that depend on each other; the generated ones are shifted."""
    draw = np.random.default_rng(0)
    mixing = (draw.normal(size=(width, width)) * (1 + np.arange(width)) ** -0.5 / width**0.5).astype(np.float32)
    sides = [draw.normal(size=(rows, width)).astype(np.float32) @ mixing for _ in range(2)]
    return sides[0], sides[1] + np.float32(0.02)


def records(rows: int, width: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Columns of two tables: numbers, and every fourth a category."""
    draw = np.random.default_rng(0)

    def column(place: int) -> np.ndarray:
        return draw.choice(list("abcd"), rows).astype(object) if place % 4 == 3 else draw.normal(size=rows)

    ours, theirs = ({f"c{place}": column(place) for place in range(width)} for _ in range(2))
    return ours, theirs


def frechet_evalkit(rows: int, width: int) -> Work:
    from evalkit.metrics.frechet import frechet_distance
    from evalkit.metrics.moments import Moments

    ours, theirs = (Moments.of(side) for side in features(rows, width))
    return lambda: frechet_distance(ours, theirs)


def frechet_evalkit_root_kept(rows: int, width: int) -> Work:
    from evalkit.metrics.frechet import covariance_root, frechet_distance
    from evalkit.metrics.moments import Moments

    ours, theirs = (Moments.of(side) for side in features(rows, width))
    root = covariance_root(ours)
    return lambda: frechet_distance(ours, theirs, reference_root=root)


def statistics(rows: int, width: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Mean and covariance of each side, float64."""
    sides = [side.astype(np.float64) for side in features(rows, width)]
    return [(side.mean(axis=0), np.cov(side, rowvar=False)) for side in sides]


def without_torchvision() -> None:
    """A stand-in for torchvision: torch-fidelity and torchmetrics import it, and nothing measured here uses it."""
    for name in ("", ".transforms", ".transforms.functional", ".datasets", ".models"):
        sys.modules[f"torchvision{name}"] = MagicMock()


def frechet_torch_fidelity(rows: int, width: int) -> Work:
    without_torchvision()
    from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_statistics_to_metric

    ours, theirs = ({"mu": mean, "sigma": covariance} for mean, covariance in statistics(rows, width))
    return lambda: fid_statistics_to_metric(ours, theirs, verbose=False)[KEY_METRIC_FID]


def frechet_torchmetrics(rows: int, width: int) -> Work:
    without_torchvision()
    import torch
    from torchmetrics.image.fid import _compute_fid

    (mean, covariance), (other, theirs) = ([torch.from_numpy(part) for part in side] for side in statistics(rows, width))
    return lambda: float(_compute_fid(mean, covariance, other, theirs))


def frechet_scipy(rows: int, width: int) -> Work:
    from scipy.linalg import sqrtm

    (mean, covariance), (other, theirs) = statistics(rows, width)

    def work() -> float:
        shared = np.trace(sqrtm(covariance @ theirs).real)
        return float((mean - other) @ (mean - other) + np.trace(covariance) + np.trace(theirs) - 2 * shared)

    return work


def prdc_evalkit(rows: int, width: int) -> Work:
    from evalkit.metrics.precision_recall import precision_recall

    ours, theirs = features(rows, width)
    return lambda: list(precision_recall(ours, theirs, k=NEIGHBOURS, closed=False))


def prdc_prdc(rows: int, width: int) -> Work:
    from prdc import compute_prdc

    ours, theirs = features(rows, width)

    def work() -> list[float]:
        found = compute_prdc(ours, theirs, nearest_k=NEIGHBOURS)
        return [float(found[name]) for name in ("precision", "recall", "density", "coverage")]

    return work


def kid_evalkit(rows: int, width: int) -> Work:
    from evalkit.metrics.mmd import KernelDistance

    ours, theirs = features(rows, width)
    return lambda: KernelDistance().estimates(ours, theirs, seed=0)["kid"].value


def kid_torch_fidelity(rows: int, width: int) -> Work:
    return _kid_torch_fidelity(features(rows, width), min(1000, rows))


def _kid_torch_fidelity(sides: tuple[np.ndarray, np.ndarray], size: int) -> Work:
    without_torchvision()
    import torch
    from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric

    ours, theirs = (torch.from_numpy(side) for side in sides)
    settings = {"kid_subsets": 100, "kid_subset_size": size, "rng_seed": 2020, "verbose": False}
    return lambda: kid_features_to_metric(ours, theirs, **settings)[KEY_METRIC_KID_MEAN]


def kid_subsets_evalkit(rows: int, width: int) -> Work:
    from evalkit.metrics.mmd import kid_subsets

    ours, theirs = features(rows, width)
    return lambda: kid_subsets(ours, theirs, subset_size=min(1000, rows // 2))[0]


def kid_subsets_torch_fidelity(rows: int, width: int) -> Work:
    # It computes in the precision of its input.
    ours, theirs = (side.astype(np.float64) for side in features(rows, width))
    return _kid_torch_fidelity((ours, theirs), min(1000, rows // 2))


def closest_record_evalkit(rows: int, width: int) -> Work:
    import pandas as pd

    from evalkit.data import load
    from evalkit.metrics.copies import distance_to_closest_record

    ours, theirs = (pd.DataFrame(side) for side in records(rows, width))
    reference = load(ours)
    generated = load(theirs, schema=reference.schema)
    return lambda: float(distance_to_closest_record(reference, generated).mean())


def closest_record_sdmetrics(rows: int, width: int) -> Work:
    import pandas as pd
    from sdmetrics.single_table.privacy.dcr_utils import calculate_dcr

    ours, theirs = (pd.DataFrame(side) for side in records(rows, width))
    kinds = {name: {"sdtype": "categorical" if ours[name].dtype == object else "numerical"} for name in ours}
    return lambda: float(calculate_dcr(theirs, ours, {"columns": kinds}).mean())


def vendi_evalkit(rows: int, width: int) -> Work:
    from evalkit.metrics.vendi import vendi_score

    generated = features(rows, width)[1]
    return lambda: vendi_score(generated)


def vendi_vendi_score(rows: int, width: int) -> Work:
    from vendi_score import vendi

    generated = features(rows, width)[1].astype(np.float64)
    return lambda: float(vendi.score_dual(generated, normalize=True))


FRECHET, PRDC, KID, SUBSETS = "Fréchet from statistics", "precision, recall, density, coverage", "KID", "KID of the same subsets"
RECORDS, VENDI = "distance to closest record", "Vendi"
WORK: dict[tuple[str, str], Callable[[int, int], Work]] = {
    (FRECHET, "evalkit"): frechet_evalkit,
    (FRECHET, "evalkit, reference's root kept"): frechet_evalkit_root_kept,
    (FRECHET, "torch-fidelity"): frechet_torch_fidelity,
    (FRECHET, "torchmetrics"): frechet_torchmetrics,
    (FRECHET, "scipy sqrtm"): frechet_scipy,
    (PRDC, "evalkit"): prdc_evalkit,
    (PRDC, "prdc"): prdc_prdc,
    (KID, "evalkit"): kid_evalkit,
    (KID, "torch-fidelity"): kid_torch_fidelity,
    (SUBSETS, "evalkit"): kid_subsets_evalkit,
    (SUBSETS, "torch-fidelity"): kid_subsets_torch_fidelity,
    (RECORDS, "evalkit"): closest_record_evalkit,
    (RECORDS, "SDMetrics"): closest_record_sdmetrics,
    (VENDI, "evalkit"): vendi_evalkit,
    (VENDI, "vendi-score"): vendi_vendi_score,
}


def measure(prepared: Work) -> dict[str, Any]:
    """Do the work once."""
    before = _resident("VmRSS")
    # Linux: the peak of the resident set counts anew from here.
    Path("/proc/self/clear_refs").write_text("5")
    started = time.process_time()
    value = prepared()
    seconds = time.process_time() - started
    return {
        "value": value,
        "cpu_seconds": seconds,
        "extra_mb": max(_resident("VmHWM") - before, 0.0),
        "peak_mb": _resident("VmHWM"),
    }


def _resident(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work")
    parser.add_argument("package")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--features", type=int, required=True)
    arguments = parser.parse_args()
    prepared = WORK[arguments.work, arguments.package](arguments.rows, arguments.features)
    print(json.dumps(measure(prepared)))


if __name__ == "__main__":
    main()
