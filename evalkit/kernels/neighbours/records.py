"""The nearest record of mixed columns: numbers by their range, labels equal or not, missing values by themselves."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

_BLOCK_DISTANCES = 2**20


def nearest_record(numbers: tuple[Array, Array], labels: tuple[Codes, Codes], ranges: Array) -> Array:
    """The mean difference of each query to the reference row where it is least.

    A difference of numbers is a share of the column's range, at most 1; where the range is 0, any difference is 1. Labels differ
    by 0 or 1. A missing value differs by 1 from any other and by 0 from a missing one.

    Args:
        numbers: of the reference, (n, p), and of the queries, (m, p); NaN is missing.
        labels: likewise (n, q) and (m, q); -1 is missing.
        ranges: (p,) >= 0.

    Returns:
        (m,) between 0 and 1.

    >>> none = np.zeros((2, 0), dtype=np.intp), np.zeros((1, 0), dtype=np.intp)
    >>> nearest_record((np.array([[0.0], [10.0]]), np.array([[3.0]])), none, np.array([10.0])).tolist()
    [0.3]
    """
    (reference, queries), (reference_labels, query_labels) = numbers, labels
    found = np.empty(len(queries))
    # Numbers that are all there and within one range differ by less than the range: their differences add up as they are.
    ours, theirs = _shares(reference, reference, ranges), _shares(reference, queries, ranges)
    plain = np.logical_and.reduce(_between_0_and_1(ours), axis=0)
    ordinary = np.logical_and.reduce(_between_0_and_1(theirs[:, plain]), axis=1)
    step = max(1, _BLOCK_DISTANCES // len(reference))
    for start in range(0, len(queries), step):
        rows = slice(start, start + step)
        kept = ordinary[rows]
        total = np.zeros((len(kept), len(reference)))
        if reference_labels.shape[1]:
            total += cdist(query_labels[rows], reference_labels, "hamming") * reference_labels.shape[1]
        if plain.any():
            total[kept] += cdist(theirs[rows][kept][:, plain], ours[:, plain], "cityblock")
        for column, width in enumerate(ranges):
            others = ~kept if plain[column] else np.ones_like(kept)
            total[others] += _apart(queries[rows][others, column, None], reference[None, :, column], float(width))
        found[rows] = total.min(axis=1)
    found /= reference.shape[1] + reference_labels.shape[1]
    return found


def _shares(reference: Array, rows: Array, ranges: Array) -> Array:
    """Numbers as shares of their column's range, 0 the least; not a number where one is missing or there is no range."""
    least = np.fmin.reduce(reference, axis=0, initial=np.inf)
    return np.asarray((rows - least) / np.where(ranges > 0, ranges, np.nan), dtype=np.float64)


def _between_0_and_1(shares: Array) -> NDArray[np.bool_]:
    return np.asarray((shares >= 0) & (shares <= 1), dtype=np.bool_)


def _apart(queries: Array, reference: Array, width: float) -> Array:
    difference = np.abs(queries - reference)
    scaled = np.minimum(difference / width, 1.0) if width > 0 else np.asarray(difference > 0, dtype=np.float64)
    missing, also = np.isnan(queries), np.isnan(reference)
    return np.asarray(np.where(missing ^ also, 1.0, np.where(missing & also, 0.0, scaled)), dtype=np.float64)
