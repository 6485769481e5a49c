"""Writes language_models_v1/, once: later versions must still load its models and give the recorded figures.

Run from the repository root: python -m tests.golden.make_language_models_v1. Running it again with another torch or evalkit gives
other bytes; the committed ones are the point.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from evalkit.backbones import BACKBONES
from evalkit.backbones.checkpoint import save_state
from evalkit.core.schema import Modality
from evalkit.data.encoded import Encoded
from tests.backbones.drawn_images import drawn_images
from tests.backbones.mixed_rows import mixed_rows
from tests.backbones.waves import waves
from tests.backbones.written_texts import written_texts

HERE = Path(__file__).parent / "language_models_v1"
FAMILIES: dict[tuple[str, Modality], dict[str, Any]] = {
    ("recurrent_lm", "texts"): {"kind": "gru", "layers": 2, "context": 16},
    ("recurrent_lm", "series"): {},
    ("transformer_lm", "texts"): {"layers": 1, "heads": 2, "context": 16},
    ("transformer_lm", "series"): {"layers": 1, "heads": 2},
    ("transformer_lm", "table"): {"layers": 1, "heads": 2},
    ("transformer_lm", "images"): {"layers": 1, "heads": 2},
}


def rows_of(modality: Modality, n: int, seed: int) -> Encoded:
    """Rows of the modality."""
    if modality == "images":
        return drawn_images(n, seed, height=5, width=4)
    return {"table": mixed_rows, "texts": written_texts, "series": waves}[modality](n, seed)


def figures(model: Any, modality: Modality) -> dict[str, list[float]]:
    """What a model makes of six rows."""
    rows = rows_of(modality, 6, 5)
    terms = model.terms_rows(rows)
    return {"scores": model.score_rows(rows).tolist(), "terms": np.nan_to_num(terms).ravel().tolist()}


def main() -> None:
    for (name, modality), settings in FAMILIES.items():
        model = BACKBONES[name].load()(**{"steps": 60, "width": 8, "random_state": 1, **settings})
        model.fit_rows(rows_of(modality, 100, 0))
        folder = HERE / f"{name}_{modality}"
        save_state(folder, name, model.to_state())
        folder.with_suffix(".json").write_text(json.dumps(figures(model, modality)))


if __name__ == "__main__":
    main()
