"""Writes vae_models_v2/: a model of each modality and its figures, once; later versions must load it and give these figures.

Run from the repository root: python -m tests.golden.make_vae_models_v2. Running it again with another torch or evalkit gives other
bytes; the committed ones are the point.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from evalkit.backbones.checkpoint import save_state
from evalkit.backbones.vae import VAE
from evalkit.core.schema import Modality
from evalkit.data.encoded import Encoded
from evalkit.data.pixels import Pixels
from evalkit.data.rows import Rows
from evalkit.data.tokens import Tokens
from evalkit.data.windows import Windows
from tests.backbones.drawn_images import drawn_images
from tests.backbones.mixed_rows import FEATURES, mixed_rows
from tests.backbones.waves import waves
from tests.backbones.written_texts import VOCABULARY, written_texts

HERE = Path(__file__).parent / "vae_models_v2"
SIZES: dict[Modality, dict[str, int]] = {
    "table": {"steps": 200, "width": 12, "latent_size": 3},
    "images": {"steps": 60, "width": 8, "latent_size": 3},
    "series": {"steps": 100, "width": 12, "latent_size": 3},
    "texts": {"steps": 60, "width": 12, "latent_size": 3},
}
MAKE = {"table": mixed_rows, "images": drawn_images, "series": waves, "texts": written_texts}


def plain(rows: Encoded) -> Any:
    """The rows' values as nested lists, None = missing."""
    if isinstance(rows, Tokens):
        return [rows.row(i)[:-1].tolist() for i in range(len(rows))]
    return np.where(np.isnan(rows.values), None, rows.values.astype(np.float64)).tolist()


def encoded(modality: Modality, values: Any) -> Encoded:
    """The way back from :func:`plain`."""
    if modality == "texts":
        return Tokens.of(values, VOCABULARY)
    array = np.array(values, dtype=np.float64)
    if modality == "images":
        return Pixels(array.astype(np.float32))
    if modality == "series":
        places = np.zeros(len(array), dtype=np.int64)
        return Windows(array, ("wave", "echo", "switch"), entities=places, starts=places)
    return Rows(array, FEATURES)


def figures(vae: VAE, probe: Encoded) -> dict[str, Any]:
    """What a loaded model must give."""
    return {
        "scores": vae.score_rows(probe).tolist(),
        "terms": np.nan_to_num(vae.terms_rows(probe)[:2]).tolist(),
        "codes": vae.latent_rows(probe).tolist(),
        "reconstructed": plain(vae.reconstruct_rows(probe.take(slice(0, 2)))),
        "drawn": plain(vae.sample_rows(3)),
    }


def main() -> None:
    for modality, make in MAKE.items():
        vae = VAE(**SIZES[modality], draws=4, random_state=1).fit_rows(make(200))
        save_state(HERE / modality, "vae", vae.to_state())
        probe = make(6, seed=5)
        (HERE / f"{modality}.json").write_text(json.dumps({"rows": plain(probe), **figures(vae, probe)}))


if __name__ == "__main__":
    main()
