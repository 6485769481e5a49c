"""``sample``, ``reconstruct``, ``interpolate``: what a saved backbone draws, and what it makes of given rows."""

from pathlib import Path

import numpy as np

from evalkit.core.errors import InputError
from evalkit.data import load
from evalkit.run.detect import Data
from evalkit.run.models import load_backbone
from evalkit.run.outputs import check_output, write_table


def sample(model: str | Path, n: int, out: Path, *, seed: int = 0) -> int:
    """Draw ``n`` rows from a saved backbone and write them. Row number i is the same for every n.

    Returns:
        How many rows were written.
    """
    check_output(out)
    write_table(load_backbone(model).sample(n, random_state=seed).frame, out)
    return n


def reconstruct(model: str | Path, data: Data, out: Path) -> int:
    """Write what a saved backbone makes of the given rows: close for rows like those it was fitted on, off for others.

    Returns:
        How many rows were written.
    """
    check_output(out)
    table = load_backbone(model).reconstruct(data)
    write_table(table.frame, out)
    return len(table)


def interpolate(model: str | Path, data: Data, first: int, last: int, out: Path, *, steps: int = 5) -> int:
    """Write the rows met on the way from one row to another through the latent space.

    Returns:
        How many rows were written.
    """
    check_output(out)
    rows = load(data)
    for row in (first, last):
        if not 0 <= row < len(rows):
            raise InputError(f"there is no row {row}: the data have rows 0 to {len(rows) - 1}")
    between = load_backbone(model).interpolate(rows.take(np.array([first])), rows.take(np.array([last])), steps=steps)
    write_table(between.frame, out)
    return steps
