"""Figures of the PyPI package prdc, which tests compare ours with.

Run with prdc 0.2 (NumPy 2.4.6, scikit-learn 1.9.1) installed: ``python tests/golden/make_prdc_v1.py``. The data are drawn again by
the tests, from the same seeds.
"""

import json
from pathlib import Path

import numpy as np

CASES = [
    {"seed": 0, "n": 200, "m": 200, "d": 2, "shift": 0.0, "scale": 1.0, "offset": 0.0},
    {"seed": 1, "n": 300, "m": 150, "d": 8, "shift": 0.5, "scale": 1.0, "offset": 0.0},
    {"seed": 2, "n": 120, "m": 240, "d": 64, "shift": 0.0, "scale": 0.8, "offset": 0.0},
    {"seed": 3, "n": 200, "m": 200, "d": 96, "shift": 0.2, "scale": 1.1, "offset": 1000.0},
]


def main() -> None:
    """Write prdc_v1.json beside this file."""
    from prdc import compute_prdc

    cases = []
    for case in CASES:
        draw = np.random.default_rng(case["seed"])
        reference = case["offset"] + draw.normal(size=(case["n"], case["d"]))
        generated = case["offset"] + case["shift"] + case["scale"] * draw.normal(size=(case["m"], case["d"]))
        found = compute_prdc(real_features=reference, fake_features=generated, nearest_k=5)
        cases.append({**case, **{name: float(value) for name, value in found.items()}})
    text = json.dumps({"origin": "prdc 0.2 from PyPI, nearest_k=5; made by make_prdc_v1.py", "cases": cases}, indent=1)
    Path(__file__).with_name("prdc_v1.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
