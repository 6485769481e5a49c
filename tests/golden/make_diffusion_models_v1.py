"""Writes diffusion_models_v1/: a model of each modality and its figures, once; later versions must load it and give these figures.

Run from the repository root: python -m tests.golden.make_diffusion_models_v1. Running it again with another torch or evalkit gives
other bytes; the committed ones are the point.
"""

import json
from pathlib import Path
from typing import Any

from evalkit.backbones.checkpoint import save_state
from evalkit.backbones.diffusion import Diffusion
from evalkit.core.schema import Modality
from evalkit.data.encoded import Encoded
from evalkit.data.pixels import Pixels
from tests.backbones.drawn_images import drawn_images
from tests.backbones.mixed_rows import mixed_rows
from tests.backbones.waves import waves
from tests.golden.make_vae_models_v2 import plain

HERE = Path(__file__).parent / "diffusion_models_v1"


def captioned_images(n: int, seed: int = 0) -> Pixels:
    """Small images, every other one with a caption."""
    return Pixels(drawn_images(n, seed, height=9, width=8).values, ("a spot", "") * (n // 2))


def short_waves(n: int, seed: int = 0) -> Encoded:
    """Windows of four steps."""
    return waves(n, seed, length=4)


MAKE = {"table": mixed_rows, "images": captioned_images, "series": short_waves}
SIZES: dict[Modality, dict[str, int]] = {
    "table": {"steps": 100, "width": 12, "depth": 1},
    "images": {"steps": 40, "width": 4, "depth": 1, "sampling_steps": 4},
    "series": {"steps": 100, "width": 12, "depth": 1},
}


def figures(diffusion: Diffusion, probe: Encoded) -> dict[str, Any]:
    """What a loaded model must give."""
    return {
        "scores": diffusion.score_rows(probe).tolist(),
        "terms": diffusion.terms_rows(probe)[:2].tolist(),
        "reconstructed": plain(diffusion.reconstruct_rows(probe.take(slice(0, 2)))),
        "drawn": plain(diffusion.sample_rows(3)),
    }


def main() -> None:
    for modality, make in MAKE.items():
        diffusion = Diffusion(**SIZES[modality], draws=4, random_state=1).fit_rows(make(200))
        save_state(HERE / modality, "diffusion", diffusion.to_state())
        (HERE / f"{modality}.json").write_text(json.dumps(figures(diffusion, make(6, seed=5))))


if __name__ == "__main__":
    main()
