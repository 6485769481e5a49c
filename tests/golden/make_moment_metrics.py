"""Writes moment_metrics.json, once: Fréchet distances and KID as torch-fidelity computes them on features.

Run from the repository root where torch-fidelity 0.4.0 is installed: python -m tests.golden.make_moment_metrics. It imports
torchvision, which these functions do not use; a stand-in takes its place where it is absent.
"""

import importlib.util
import json
import sys
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np

FILE = Path(__file__).with_name("moment_metrics.json")


def frechet_rows(rows: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """As torch-fidelity's tests/torch_pure/misc/test_fid_stats_fn.py draws them."""
    draw = np.random.RandomState(2023)
    return draw.randn(rows, width), draw.randn(rows, width)


def kernel_rows() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.RandomState(7)
    return draw.gamma(2.0, 0.4, size=(500, 12)), draw.gamma(2.2, 0.4, size=(450, 12))


def main() -> None:
    if importlib.util.find_spec("torchvision") is None:
        for name in ("", ".transforms", ".transforms.functional", ".datasets", ".models"):
            sys.modules[f"torchvision{name}"] = MagicMock()
    import torch
    import torch_fidelity
    from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, KEY_METRIC_KID_STD, kid_features_to_metric

    golden = {"torch_fidelity": torch_fidelity.__version__, "numpy": np.__version__, "frechet": []}
    for rows in (4, 64, 1024):
        for width in (2, 16, 128):
            both = [fid_features_to_statistics(torch.tensor(one)) for one in frechet_rows(rows, width)]
            value = fid_statistics_to_metric(*both, verbose=False)[KEY_METRIC_FID]
            golden["frechet"].append({"rows": rows, "width": width, "value": value})
    ours, theirs = (torch.tensor(one) for one in kernel_rows())
    settings = {"kid_subsets": 20, "kid_subset_size": 200, "rng_seed": 2020, "verbose": False}
    found = kid_features_to_metric(ours, theirs, **settings)
    golden["kid"] = {"subsets": 20, "subset_size": 200, "mean": found[KEY_METRIC_KID_MEAN], "std": found[KEY_METRIC_KID_STD]}
    FILE.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
