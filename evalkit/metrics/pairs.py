"""Two feature arrays that fit each other."""

from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import InputError, ShapeError

Array = NDArray[np.float64]
Rows = TypeVar("Rows", bound=NDArray[np.floating[Any]])


# Squares of a kernel of third degree, summed over many rows, must not overflow.
_LARGEST, _LEAST_SPREAD = 1e20, 1e-100


def checked_pair(
    reference: ArrayLike, generated: ArrayLike, *, what: str, fewest: int, by_distance: bool = True
) -> tuple[Array, Array]:
    """Both arrays as float64 matrices; see :func:`checked_matrices`."""
    ours, theirs = checked_rows(reference, generated, what=what, fewest=fewest, by_distance=by_distance)
    return ours.astype(np.float64, copy=False), theirs.astype(np.float64, copy=False)


def checked_rows(
    reference: ArrayLike, generated: ArrayLike, *, what: str, fewest: int, by_distance: bool = True
) -> tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]:
    """Both arrays as matrices, float32 as it is and anything else as float64; see :func:`checked_matrices`."""
    return checked_matrices(_real(reference, what), _real(generated, what), what=what, fewest=fewest, by_distance=by_distance)


def checked_matrices(ours: Rows, theirs: Rows, *, what: str, fewest: int, by_distance: bool = True) -> tuple[Rows, Rows]:
    """Both arrays as they are, without a copy, if a figure can be computed from them.

    Args:
        ours: (n, d), the reference.
        theirs: (m, d), the generated rows.
        what: the figure that needs them, as its message begins.
        fewest: rows that each must have.
        by_distance: whether the figure goes by differences between rows, whose squares must not be lost to rounding.

    Raises:
        ShapeError: not two matrices with equally many features, one or more, or too few rows.
        InputError: a value is missing, infinite or beyond 1e20, or the rows differ, by less than 1e-100 in every feature.

    >>> checked_matrices(np.zeros((1, 2)), np.ones((1, 2)), what="MMD", fewest=2)
    Traceback (most recent call last):
    evalkit.core.errors.ShapeError: MMD needs 2 rows a side, got 1 and 1: draw more
    """
    if ours.ndim != 2 or theirs.ndim != 2 or ours.shape[1] != theirs.shape[1] or ours.shape[1] == 0:
        raise ShapeError(f"{what} needs two arrays (rows, features) with the same features, got {ours.shape} and {theirs.shape}")
    if min(len(ours), len(theirs)) < fewest:
        raise ShapeError(f"{what} needs {fewest} row{'s' * (fewest > 1)} a side, got {len(ours)} and {len(theirs)}: draw more")
    for name, rows in (("reference", ours), ("generated", theirs)):
        # A comparison with NaN is false.
        if len(rows) and not -_LARGEST <= float(rows.min()) <= float(rows.max()) <= _LARGEST:
            raise InputError(f"{what} needs finite features of a sensible size, found others in the {name} rows: remove those rows")
    if by_distance and 0 < _spread(ours, theirs) < _LEAST_SPREAD:
        raise InputError(
            f"{what} needs features of a sensible size, and rows differ by less than 1e-100: multiply all by one factor"
        )
    return ours, theirs


def _real(rows: ArrayLike, what: str) -> NDArray[np.floating[Any]]:
    array = np.asarray(rows)
    if np.iscomplexobj(array) or np.ma.is_masked(rows):
        raise InputError(f"{what} needs real numbers, none of them masked: give the parts as features, and drop rows that lack one")
    return array if array.dtype == np.float32 else np.asarray(array, dtype=np.float64)


def _spread(ours: Rows, theirs: Rows) -> float:
    """The largest range of a feature over both sides."""
    highest = np.maximum(ours.max(axis=0, initial=-np.inf), theirs.max(axis=0, initial=-np.inf))
    lowest = np.minimum(ours.min(axis=0, initial=np.inf), theirs.min(axis=0, initial=np.inf))
    return float((highest - lowest).max())


def shuffled(rows: Rows, draw: np.random.Generator) -> Rows:
    """The rows in a random order that follows their values, not the order in which they came: order never moves a figure.

    >>> rows = np.arange(12.0).reshape(6, 2)
    >>> bool((shuffled(rows, np.random.default_rng(0)) == shuffled(rows[::-1], np.random.default_rng(0))).all())
    True
    """
    along = rows @ draw.normal(size=rows.shape[1])
    return cast(Rows, rows[np.argsort(along, kind="stable")[draw.permutation(len(rows))]])
