"""Small encoded rows of each modality, and settings with which every family is fitted to them within a second or two."""

from pathlib import Path
from typing import Any

import numpy as np

from evalkit.backbones import BACKBONES, training
from evalkit.backbones.base import Backbone
from evalkit.backbones.checkpoint import save_state
from evalkit.core.schema import Modality
from evalkit.core.seeds import generator
from evalkit.data.encoded import Encoded
from evalkit.data.rows import Feature, Rows
from tests.backbones.drawn_images import drawn_images, odd_images
from tests.backbones.mixed_rows import mixed_rows
from tests.backbones.waves import flat_lines, waves
from tests.backbones.written_texts import odd_texts, written_texts

CASES = [(name, modality) for name, spec in BACKBONES.items() for modality in spec.modalities]
"""Every family with every modality that it can be fitted to."""

SETTINGS: dict[tuple[str, Modality], dict[str, Any]] = {
    ("vae", "table"): {"steps": 60, "width": 16},
    ("gan", "table"): {"steps": 60, "width": 16},
    ("gan", "series"): {"steps": 60, "width": 16},
    ("gan", "images"): {"steps": 30, "width": 4, "latent_size": 8},
    ("diffusion", "table"): {"steps": 60, "width": 16, "sampling_steps": 5},
    ("diffusion", "images"): {"steps": 60, "width": 8, "depth": 1, "sampling_steps": 4},
    ("diffusion", "series"): {"steps": 60, "width": 16, "sampling_steps": 5},
    ("vae", "images"): {"steps": 60, "width": 8, "latent_size": 4},
    ("vae", "series"): {"steps": 60, "width": 16},
    ("vae", "texts"): {"steps": 60, "width": 16, "latent_size": 4},
    ("recurrent_lm", "texts"): {"steps": 60, "layers": 1, "width": 16, "context": 16},
    ("recurrent_lm", "series"): {"steps": 60, "width": 16},
    ("transformer_lm", "images"): {"steps": 60, "layers": 1, "heads": 2, "width": 16},
    ("transformer_lm", "series"): {"steps": 60, "layers": 1, "heads": 2, "width": 16},
    ("transformer_lm", "table"): {"steps": 60, "layers": 1, "heads": 2, "width": 16},
    ("transformer_lm", "texts"): {"steps": 60, "layers": 1, "heads": 2, "width": 16, "context": 16},
}
"""A small network and a short training each."""


def backbone(name: str, modality: Modality, **settings: Any) -> Backbone:
    """A small one, not yet fitted."""
    family: Any = BACKBONES[name].load()
    made: Backbone = family(**{**SETTINGS[name, modality], **settings})
    return made


def fit_and_save(name: str, modality: Modality, folder: Path, out: Path, resume: bool) -> None:
    """Fit one with a checkpoint at every step, and save it: for processes that are killed meanwhile."""
    training._SAVE_SECONDS = 0.0
    fitted = backbone(name, modality).fit_rows(contract_rows(modality), folder=folder, resume=resume)
    save_state(out, name, fitted.to_state())


def contract_rows(modality: Modality, n: int = 120) -> Encoded:
    """Rows with some structure in them."""
    return {"table": mixed_rows, "texts": written_texts, "images": drawn_images, "series": waves}[modality](n)


def odd_rows(modality: Modality) -> Encoded:
    """Rows from which there is next to nothing to learn: a constant, an all-missing column, empty texts, a black pixel."""
    return {"table": _odd_table, "texts": odd_texts, "images": odd_images, "series": flat_lines}[modality]()


def _odd_table() -> Rows:
    features = (Feature(column="a", name="a", kind="number"), Feature(column="b", name="b", kind="number"))
    values = np.column_stack([np.full(30, 7.0), np.full(30, np.nan)])
    varying = Feature(column="c", name="c", kind="number")
    noise = generator(0, "odd").normal(size=(30, 1))
    return Rows(np.hstack([values, noise]), (*features, varying))
