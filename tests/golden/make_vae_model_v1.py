"""Writes vae_model_v1/ and vae_model_v1.json, once: later versions must still load the folder and give the recorded figures.

Run from the repository root: python -m tests.golden.make_vae_model_v1. Running it again with another torch or evalkit gives other
bytes; the committed ones are the point.
"""

import json
import math
from pathlib import Path

from evalkit.backbones.checkpoint import save_state
from evalkit.backbones.vae import VAE
from tests.backbones.mixed_rows import mixed_rows

HERE = Path(__file__).parent


def main() -> None:
    vae = VAE(steps=200, width=16, latent_size=3, draws=4, random_state=1).fit_rows(mixed_rows(200))
    save_state(HERE / "vae_model_v1", "vae", vae.to_state())
    probe = mixed_rows(12, seed=5)
    figures = {
        "rows": [[None if math.isnan(value) else value for value in row] for row in probe.values.tolist()],
        "scores": vae.score_rows(probe).tolist(),
        "terms": vae.terms_rows(probe).tolist(),
        "reconstructed": vae.reconstruct_rows(probe).values.tolist(),
    }
    (HERE / "vae_model_v1.json").write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
