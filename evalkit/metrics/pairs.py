"""Two feature arrays that fit each other."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import InputError, ShapeError

Array = NDArray[np.float64]


def checked_pair(reference: ArrayLike, generated: ArrayLike, *, what: str, fewest: int) -> tuple[Array, Array]:
    """Both arrays as float64 matrices.

    Args:
        reference: (n, d).
        generated: (m, d).
        what: the figure that needs them, as its message begins.
        fewest: rows that each must have.

    Raises:
        ShapeError: not two matrices with equally many features, one or more, or too few rows.
        InputError: a value is missing, infinite or beyond 1e100.

    >>> checked_pair([[0, 1]], [[2, 3]], what="MMD", fewest=2)
    Traceback (most recent call last):
    evalkit.core.errors.ShapeError: MMD needs 2 rows a side, got 1 and 1: draw more
    """
    ours, theirs = np.asarray(reference, dtype=np.float64), np.asarray(generated, dtype=np.float64)
    if ours.ndim != 2 or theirs.ndim != 2 or ours.shape[1] != theirs.shape[1] or ours.shape[1] == 0:
        raise ShapeError(f"{what} needs two arrays (rows, features) with the same features, got {ours.shape} and {theirs.shape}")
    if min(len(ours), len(theirs)) < fewest:
        raise ShapeError(f"{what} needs {fewest} rows a side, got {len(ours)} and {len(theirs)}: draw more")
    for name, rows in (("reference", ours), ("generated", theirs)):
        # A comparison with NaN is false.
        if not (np.abs(rows) <= 1e100).all():
            raise InputError(f"{what} needs finite features of a sensible size, found others in the {name} rows: remove those rows")
    return ours, theirs
