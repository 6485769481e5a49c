"""``sample``, ``reconstruct``, ``interpolate``: what a saved backbone draws, and what it makes of given rows."""

from pathlib import Path

import numpy as np

from evalkit.backbones.base import Backbone
from evalkit.core.errors import InputError
from evalkit.data import Data, load
from evalkit.run.models import load_backbone
from evalkit.run.outputs import check_output, write_sample


def sample(model: str | Path, n: int, out: Path, *, condition: str | None = None, seed: int = 0) -> int:
    """Draw ``n`` rows from a saved backbone and write them. Row number i is the same for every n.

    Returns:
        How many rows were written.
    """
    backbone = _for(model, out)
    write_sample(backbone.sample(n, random_state=seed, condition=condition), out)
    return n


def reconstruct(model: str | Path, data: Data, out: Path) -> int:
    """Write what a saved backbone makes of the given rows: close for rows like those it was fitted on, off for others.

    Returns:
        How many rows were written.
    """
    seen = _for(model, out).reconstruct(data)
    write_sample(seen, out)
    return len(seen)


def interpolate(model: str | Path, data: Data, first: int, last: int, out: Path, *, steps: int = 5) -> int:
    """Write the rows met on the way from one row to another through the latent space.

    Returns:
        How many rows were written.
    """
    backbone = _for(model, out)
    rows = load(data, schema=backbone.schema_)
    for row in (first, last):
        if not 0 <= row < len(rows):
            raise InputError(f"there is no row {row}: the data have rows 0 to {len(rows) - 1}")
    between = backbone.interpolate(rows.take(np.array([first])), rows.take(np.array([last])), steps=steps)
    write_sample(between, out)
    return len(between)


def _for(model: str | Path, out: Path) -> Backbone:
    """The model, unless what it makes could not be written."""
    backbone = load_backbone(model)
    check_output(out, backbone.layout_.modality)
    return backbone
