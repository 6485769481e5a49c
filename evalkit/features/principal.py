"""Principal components of reference rows."""

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Array = NDArray[np.float64]

_LEAST_SHARE = 1e-10


def principal_components(rows: Array, most: int) -> tuple[Array, Array]:
    """Mean, (d,), and orthonormal directions of the largest variance, (k, d), k <= most.

    Directions with less than 1e-10 of the largest variance are rounding and left out; rows that are all equal have none. The sign
    is such that a direction's largest entry is positive.

    >>> mean, directions = principal_components(np.array([[0.0, 1.0], [3.0, 5.0], [6.0, 9.0]]), 2)
    >>> mean.tolist(), directions.round(3).tolist()
    ([3.0, 5.0], [[0.6, 0.8]])
    """
    mean = rows.mean(axis=0)
    centred = rows - mean
    wide = rows.shape[1] > len(rows)
    gram = centred @ centred.T if wide else centred.T @ centred
    first = max(len(gram) - most, 0)
    variances, vectors = linalg.eigh(gram, subset_by_index=(first, len(gram) - 1))
    # The sum of squares of rounding errors is no variance.
    rounding = (np.finfo(np.float64).eps * np.abs(rows).max(initial=0.0)) ** 2 * rows.size
    keep = np.flatnonzero((variances > _LEAST_SHARE * variances[-1]) & (variances > rounding))[::-1]
    directions = vectors[:, keep].T
    if wide:
        directions = directions @ centred / np.sqrt(variances[keep])[:, None]
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
    return mean, np.ascontiguousarray(directions * np.sign(largest))
