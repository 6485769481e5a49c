"""Figures of other packages on small inputs, which tests compare ours with, right ones and wrong ones.

Run where vendi_score 0.0.3, mauve-text 0.4.0 (faiss 1.15.1), SDMetrics 0.32.0, torchmetrics 1.9.0,
torch-fidelity 0.4.0 and prdc 0.2 are installed: ``python tests/golden/make_peer_figures_v1.py``. The tests draw the rows again, by
NumPy's old generator, whose numbers are promised to stay.
"""

import json
import sys
from importlib import metadata
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pandas as pd

FILE = Path(__file__).with_name("peer_figures_v1.json")
PACKAGES = ("vendi_score", "mauve-text", "faiss-cpu", "sdmetrics", "torchmetrics", "torch_fidelity", "prdc", "numpy", "scipy")
WIDTHS = {64: (400, 300), 2048: (48, 40)}
OFFSETS = (0.0, 100.0)
SHIFTS = (0.0, 0.5, 2.0)
HOLES = ((False, False), (True, True), (False, True), (True, False))


def vendi_rows(n: int, d: int) -> np.ndarray:
    return np.random.RandomState(3).randn(n, d) + 0.3


def wide_rows(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Correlated features, more of them than rows at 2048."""
    draw = np.random.RandomState(2024)
    mix = draw.randn(16, width) / 4
    n, m = WIDTHS[width]
    return draw.randn(n, 16) @ mix + 0.5 * draw.randn(n, width), 1.1 * draw.randn(m, 16) @ mix + 0.5 * draw.randn(m, width) + 0.1


def mode_rows(shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Six modes, of which the second sample has the last four more often, shifted."""
    draw = np.random.RandomState(11)
    centres = 3 * draw.randn(6, 5)
    first, second = draw.randint(0, 6, 300), np.maximum(draw.randint(0, 6, 260), draw.randint(0, 6, 260))
    return centres[first] + draw.randn(300, 5), centres[second] + draw.randn(260, 5) + shift


def offset_rows(offset: float) -> tuple[np.ndarray, np.ndarray]:
    """Features with a deviation of 1/32, in steps that float32 holds with the offset."""
    draw = np.random.RandomState(5)
    rows = np.round(64 * draw.randn(600, 16)) / 2048
    return rows[:300] + offset, rows[300:] + offset


def duplicated_rows() -> np.ndarray:
    rows = np.random.RandomState(0).randn(200, 4)
    rows[:100] = rows[0]
    return rows


def vendi() -> list[dict[str, float]]:
    import scipy.sparse
    from vendi_score import vendi as peer

    if not hasattr(scipy.sparse, "csr"):  # it asks for a name that SciPy has no more
        scipy.sparse.csr = scipy.sparse
    found = []
    for n, d in ((60, 5), (12, 30), (200, 20)):
        rows = vendi_rows(n, d)
        units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        figures: dict[str, float] = {"n": n, "d": d}
        for q in (1, 2, "inf"):
            figures |= {
                f"score_X, q={q}": float(peer.score_X(rows, q=q)),
                f"score_dual, q={q}": float(peer.score_dual(rows, q=q)),
                f"score_K, q={q}": float(peer.score_K(units @ units.T, q=q)),
            }
        found.append(figures)
    return found


def mauve() -> list[dict[str, Any]]:
    from mauve import compute_mauve

    found = []
    for shift in SHIFTS:
        reference, generated = mode_rows(shift)
        result = compute_mauve(p_features=reference, q_features=generated, verbose=False)
        runs = [
            float(compute_mauve(p_features=reference, q_features=generated, seed=seed, verbose=False).mauve) for seed in range(20)
        ]
        found.append(
            {
                "shift": shift,
                "mauve": float(result.mauve),
                "mauve_star": float(result.mauve_star),
                "buckets": int(result.num_buckets),
                "reference": [float(share) for share in result.p_hist],
                "generated": [float(share) for share in result.q_hist],
                "20 seeds": runs,
            }
        )
    return found


def adherence() -> list[dict[str, Any]]:
    from make_sdmetrics_v1 import KINDS, ORDERED, dated, holes, table
    from sdmetrics.single_column import BoundaryAdherence, CategoryAdherence

    found = []
    for of_reference, of_generated in HOLES:
        sides = [table(0, 90, 0.0), table(1, 70, 0.4)]
        first, second = (holes(side) if hole else side for side, hole in zip(sides, (of_reference, of_generated), strict=True))
        figures = {
            name: float(
                (BoundaryAdherence if name in ORDERED else CategoryAdherence).compute(dated(first)[name], dated(second)[name])
            )
            for name in KINDS
        }
        found.append({"holes": [of_reference, of_generated], "figures": figures})
    return found


def quality() -> dict[str, Any]:
    from make_sdmetrics_v1 import KINDS, dated, table
    from sdmetrics.reports.single_table import QualityReport

    kinds = {"number": "numerical", "count": "numerical", "datetime": "datetime", "category": "categorical", "boolean": "boolean"}
    columns: dict[str, Any] = {name: {"sdtype": kinds[kind]} for name, kind in KINDS.items()}
    report = QualityReport()
    sides = (dated(side).astype({"member": bool}) for side in (table(0, 90, 0.0), table(1, 70, 0.4)))
    report.generate(*sides, {"columns": columns}, verbose=False)
    properties = report.get_properties().set_index("Property")["Score"]
    pairs = report.get_details("Column Pair Trends").set_index(["Column 1", "Column 2"])["Score"].dropna()
    return {
        "score": float(report.get_score()),
        **{str(name): float(score) for name, score in properties.items()},
        "pairs": [[*names, float(score)] for names, score in pairs.items()],
    }


def closest_record() -> list[float]:
    from sdmetrics.single_table.privacy.dcr_utils import calculate_dcr

    rows, reference = pd.DataFrame({"x": [3.0, 5.0]}), pd.DataFrame({"x": [0.0, 5.0, 8.0, 9.0, 10.0]})
    return [float(value) for value in calculate_dcr(rows, reference, {"columns": {"x": {"sdtype": "numerical"}}})]


def stand_in_for_torchvision() -> None:
    """The functions asked here use nothing of it, and it may not load."""
    for name in ("", ".transforms", ".transforms.functional", ".datasets", ".models"):
        sys.modules[f"torchvision{name}"] = MagicMock()


def frechet() -> list[dict[str, float]]:
    import torch
    from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric
    from torchmetrics.image.fid import FrechetInceptionDistance

    found = []
    for width in WIDTHS:
        sides = [torch.tensor(side) for side in wide_rows(width)]
        identity = torch.nn.Identity()
        identity.num_features = width
        metric = FrechetInceptionDistance(feature=identity).set_dtype(torch.float64)
        for side, real in zip(sides, (True, False), strict=True):
            metric.update(side, real=real)
        statistics = [fid_features_to_statistics(side) for side in sides]
        figures = {
            "width": width,
            "torchmetrics": float(metric.compute()),
            "torch_fidelity": float(fid_statistics_to_metric(*statistics, verbose=False)[KEY_METRIC_FID]),
        }
        found.append(figures)
    return found


def precision_and_recall() -> list[dict[str, float]]:
    import torch
    from torch_fidelity.metric_prc import KEY_METRIC_PRECISION, KEY_METRIC_RECALL, prc_features_to_metric

    found = []
    for offset in OFFSETS:
        reference, generated = (torch.tensor(side, dtype=torch.float32) for side in offset_rows(offset))
        said = prc_features_to_metric(generated, reference, prc_neighborhood=3, verbose=False)
        found.append({"offset": offset, "precision": said[KEY_METRIC_PRECISION], "recall": said[KEY_METRIC_RECALL]})
    return found


def prdc() -> dict[str, dict[str, float]]:
    from prdc import compute_prdc

    cases = {"constant": np.full((50, 3), 0.1), "duplicates": duplicated_rows()}
    found = {name: compute_prdc(real_features=rows, fake_features=rows, nearest_k=5) for name, rows in cases.items()}
    return {name: {figure: float(value) for figure, value in figures.items()} for name, figures in found.items()}


def kid_over_subsets() -> list[dict[str, float]]:
    """Of the first rows of one sample: the deviation that is printed, with ever more rows."""
    import torch
    from torch_fidelity.metric_kid import KEY_METRIC_KID_STD, kid_features_to_metric

    found = []
    for n in (200, 800, 3200):
        draw = np.random.RandomState(7)
        sides = [torch.tensor(draw.randn(n, 8)) for _ in range(2)]
        said = kid_features_to_metric(*sides, kid_subsets=100, kid_subset_size=100, rng_seed=2020, verbose=False)
        found.append({"n": n, "std": said[KEY_METRIC_KID_STD]})
    return found


def main() -> None:
    """Write peer_figures_v1.json beside this file."""
    stand_in_for_torchvision()
    makers = (vendi, mauve, adherence, quality, closest_record, frechet, precision_and_recall, prdc, kid_over_subsets)
    origin = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    figures = {maker.__name__: maker() for maker in makers}
    FILE.write_text(json.dumps({"origin": f"{origin}; made by make_peer_figures_v1.py"} | figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
