"""Which generated row may be a copy of which real one: the pairs to look at."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import ShapeError
from evalkit.kernels.neighbours import faster, nearest
from evalkit.metrics.pairs import checked_rows

Array = NDArray[np.float64]


class CopiedPairs(NamedTuple):
    """Generated rows beside the reference rows that they may be copies of, the likeliest first.

    Attributes:
        generated: (k,) positions.
        reference: (k,) positions of the nearest reference rows.
        distances: (k,) between their features; 0: equal.
        usual: (k,) from that reference row to the reference row nearest to it.
        n_equal: how many of all generated rows equal a reference row.
        n_twins: how many reference rows equal another reference row: what rows of few possible values do by chance.
    """

    generated: NDArray[np.intp]
    reference: NDArray[np.intp]
    distances: Array
    usual: Array
    n_equal: int
    n_twins: int


def copied_pairs(reference: ArrayLike, generated: ArrayLike, *, most: int) -> CopiedPairs:
    """The generated rows that lie nearest to a reference row, for how near that row's own nearest reference row lies.

    Only rows that lie nearer than reference rows do to each other are given. About half of new real rows do so too: a pair is a
    place to look at, not a proof. Equal rows come first, and of them those whose reference row has no twin in the reference, since
    rows of few possible values are equal by chance.

    Args:
        reference: (n, d) finite, n >= 2.
        generated: (m, d) finite.
        most: pairs at most, >= 0.

    Raises:
        ShapeError: fewer than two reference rows, no generated ones, or other features.
        InputError: a feature is missing, infinite or huge.

    >>> found = copied_pairs(np.array([[0.0], [1.0], [5.0]]), np.array([[0.1], [5.0], [9.5]]), most=2)
    >>> found.generated.tolist(), found.reference.tolist(), found.n_equal
    ([1, 0], [2, 0], 1)
    """
    reference, generated = checked_rows(reference, generated, what="a search for copies", fewest=1)
    if len(reference) < 2:
        raise ShapeError(f"copies are looked for beside two reference rows or more, got {len(reference)}: give more")
    impl = faster(reference.shape[1])
    found = nearest(reference, generated, 1, impl=impl)
    distances, rows = (np.sqrt(found.distances[:, 0]), found.indices[:, 0])
    looked_at, places = np.unique(rows, return_inverse=True)
    # The two nearest of a row among all: itself, or a twin of it, and the nearest other.
    usual = np.sqrt(nearest(reference, reference[looked_at], 2, impl=impl).distances[:, 1])[places]
    closer = np.flatnonzero((distances < usual) | (distances == 0))
    ratio = distances[closer] / np.where(usual[closer] > 0, usual[closer], 1.0)
    order = closer[np.lexsort((-usual[closer], ratio))][:most]
    n_equal = int((distances == 0).sum())
    return CopiedPairs(order, rows[order], distances[order], usual[order], n_equal, _with_a_twin(reference))


def _with_a_twin(rows: NDArray[np.floating[Any]]) -> int:
    _, times = np.unique(rows, axis=0, return_counts=True)
    return int(times[times > 1].sum())
