"""Writes gan_models_v2/: as make_gan_models_v1.py, models whose generators decide levels, booleans and flags.

Run from the repository root: python -m tests.golden.make_gan_models_v2. Running it again with another torch or evalkit gives
other bytes; the committed ones are the point.
"""

import json
from pathlib import Path

from evalkit.backbones.checkpoint import save_state
from evalkit.backbones.gan import GAN
from tests.golden.make_gan_models_v1 import MAKE, figures

HERE = Path(__file__).parent / "gan_models_v2"
DECIDING = ("table", "series")


def main() -> None:
    for modality in DECIDING:
        gan = GAN(steps=40, width=4, latent_size=8, random_state=1).fit_rows(MAKE[modality](200))
        save_state(HERE / modality, "gan", gan.to_state())
        (HERE / f"{modality}.json").write_text(json.dumps(figures(gan, MAKE[modality](6, seed=5))))


if __name__ == "__main__":
    main()
