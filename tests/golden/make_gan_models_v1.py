"""Writes gan_models_v1/: a model of each modality and its figures, once; later versions must load it and give these figures.

Run from the repository root: python -m tests.golden.make_gan_models_v1. Running it again with another torch or evalkit gives
other bytes; the committed ones are the point.
"""

import json
from pathlib import Path
from typing import Any

from evalkit.backbones.checkpoint import save_state
from evalkit.backbones.gan import GAN
from evalkit.data.encoded import Encoded
from tests.backbones.drawn_images import drawn_images
from tests.backbones.mixed_rows import mixed_rows
from tests.golden.make_diffusion_models_v1 import short_waves
from tests.golden.make_vae_models_v2 import plain

HERE = Path(__file__).parent / "gan_models_v1"


def small_images(n: int, seed: int = 0) -> Encoded:
    """A light spot somewhere."""
    return drawn_images(n, seed, height=9, width=8)


MAKE = {"table": mixed_rows, "images": small_images, "series": short_waves}


def figures(gan: GAN, probe: Encoded) -> dict[str, Any]:
    """What a loaded model must give."""
    return {
        "scores": gan.score_rows(probe).tolist(),
        "terms": gan.terms_rows(probe)[:2].tolist(),
        "drawn": plain(gan.sample_rows(3)),
    }


def main() -> None:
    for modality, make in MAKE.items():
        gan = GAN(steps=40, width=4, latent_size=8, random_state=1).fit_rows(make(200))
        save_state(HERE / modality, "gan", gan.to_state())
        (HERE / f"{modality}.json").write_text(json.dumps(figures(gan, make(6, seed=5))))


if __name__ == "__main__":
    main()
