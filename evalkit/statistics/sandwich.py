"""Standard errors that survive rows which are not independent: the sandwich, by groups one way or two."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from evalkit.core.errors import ShapeError

Array = NDArray[np.float64]
Groups = NDArray[np.int64]

# A sum of scores in which so large a share of the entries is not zero is faster as a plain array.
_DENSE = 0.02
_CELLS = 4_000_000


class Meat(NamedTuple):
    """The middle of a sandwich.

    Attributes:
        matrix: (p, p) how much the summed scores vary.
        degrees: of freedom for intervals by Student's t: equally large groups that would know as much, less one, and at
            least one; of two ways, the fewer.
    """

    matrix: Array
    degrees: float


def clustered_meat(scores: sparse.csr_array, groups: Groups, size: Array | None = None) -> Meat:
    """How much the sum of scores varies when what is independent is a group.

    A group pulls the estimate towards itself, so its score is too small; it is enlarged as if all rows told equally much, by
    1 / (1 - its share of the rows). For groups of one size this is the usual G / (G - 1). Intervals are rough below some ten
    groups, or where one group has most of the rows.

    Args:
        scores: (n, p) derivative of each row's log-likelihood at the estimate; they add up to about 0.
        groups: (n,) the group of each row, 0 … G - 1.
        size: (n,) how many rows each stands for; 1 if None.

    Raises:
        ShapeError: there are fewer than two groups.

    Source: Liang and Zeger, Biometrika 73 (1986); the enlargement after Bell and McCaffrey, Survey Methodology 28 (2002); the
    degrees of freedom after Carter, Schnepel and Steigerwald, Review of Economics and Statistics 99 (2017).

    >>> rows = sparse.csr_array(np.array([[1.0], [1.0], [-1.0], [-1.0]]))
    >>> clustered_meat(rows, np.array([0, 0, 1, 1]))
    Meat(matrix=array([[16.]]), degrees=1.0)
    """
    sizes = np.bincount(groups, weights=size)
    shares = sizes / max(float(sizes.sum()), 1e-300)
    if len(sizes) < 2 or shares.max() == 1:
        raise ShapeError(f"errors by groups need two groups or more, got {min(len(sizes), 1)}")
    enlarged = 1 / np.sqrt(1 - shares)
    of_group = sparse.csr_array((enlarged[groups], (groups, np.arange(len(groups)))), shape=(len(sizes), len(groups)))
    return Meat(_squares(sparse.csr_array(of_group @ scores)), max(1.0, float(1 / (shares @ shares)) - 1))


def two_way_meat(scores: sparse.csr_array, first: Groups, second: Groups, size: Array | None = None) -> Meat:
    """The same when rows of one group are dependent, whichever of two ways they are grouped: votes of one rater, votes on one item.

    The two one-way matrices less that of the groups' intersections. Where that is not positive (few groups), its negative
    eigenvalues are set to 0, which makes errors larger.

    Source: Cameron, Gelbach and Miller, Journal of Business & Economic Statistics 29 (2011).

    >>> rows = sparse.csr_array(np.array([[1.0], [1.0], [-1.0], [-1.0]]))
    >>> two_way_meat(rows, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])).degrees
    1.0
    """
    one, two = clustered_meat(scores, first, size), clustered_meat(scores, second, size)
    pairs = np.unique(first.astype(np.int64) * (int(second.max()) + 1) + second, return_inverse=True)[1]
    values, vectors = np.linalg.eigh(one.matrix + two.matrix - clustered_meat(scores, pairs, size).matrix)
    return Meat((vectors * np.maximum(values, 0.0)) @ vectors.T, min(one.degrees, two.degrees))


def sandwich(bread: Array, meat: Array) -> Array:
    """(p, p) covariance of the estimates.

    Args:
        bread: (p, p) inverse of the information, symmetric.
        meat: (p, p) how much the summed scores vary.

    >>> sandwich(np.array([[0.5]]), np.array([[4.0]])).tolist()
    [[1.0]]
    """
    half = bread @ meat
    covariance = half @ bread
    return np.asarray((covariance + covariance.T) / 2)


def groups_of(labels: Sequence[object] | NDArray[np.generic]) -> Groups:
    """Labels as group numbers 0 … G - 1, in the order of the sorted labels."""
    return np.asarray(np.unique(np.asarray(labels), return_inverse=True)[1], dtype=np.int64)


def _squares(sums: sparse.csr_array) -> Array:
    """(p, p) sum over the groups of each group's sum times itself."""
    g, p = sums.shape
    if sums.nnz < _DENSE * g * p:
        return np.asarray((sums.T @ sums).toarray())
    total, step = np.zeros((p, p)), max(1, _CELLS // p)
    for start in range(0, g, step):
        block = sums[start : start + step].toarray()
        total += block.T @ block
    return total
