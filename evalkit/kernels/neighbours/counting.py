"""Which rows lie within a given distance of which others: the plain implementation, and what both implementations count."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Array = NDArray[np.float64]
Features = NDArray[np.floating[Any]]
Rows = NDArray[np.intp]

# 2²⁰ distances are 8 MB: a block fits the last-level cache of common machines together with its rows.
BLOCK_DISTANCES = 2**20


@dataclass(frozen=True, eq=False)
class Within:
    """How many pairs lie within a limit, counted from both sides.

    Attributes:
        of_first: (n,) how many rows of the second array each row of the first has within the limit.
        of_second: (m,) the other way round.
        only_second: (n,) the one row of the second array within the limit, where there is exactly one, else -1.
        only_first: (m,) the other way round.
    """

    of_first: Rows
    of_second: Rows
    only_second: Rows
    only_first: Rows


class Tally:
    """Counts pairs that come block by block, each pair once.

    >>> tally = Tally(2, 1)
    >>> tally.add(np.array([1]), np.array([0]))
    >>> found = tally.found()
    >>> found.of_first.tolist(), found.only_second.tolist(), found.only_first.tolist()
    ([0, 1], [-1, 0], [1])
    """

    def __init__(self, n: int, m: int) -> None:
        self.of_first, self.of_second = np.zeros(n, dtype=np.intp), np.zeros(m, dtype=np.intp)
        self.last_second, self.last_first = np.full(n, -1, dtype=np.intp), np.full(m, -1, dtype=np.intp)

    def add(self, first: Rows, second: Rows) -> None:
        """Count pairs (first[i], second[i])."""
        self.of_first += np.bincount(first, minlength=len(self.of_first))
        self.of_second += np.bincount(second, minlength=len(self.of_second))
        self.last_second[first], self.last_first[second] = second, first

    def found(self) -> Within:
        """The counts so far."""
        only_second = np.where(self.of_first == 1, self.last_second, -1)
        only_first = np.where(self.of_second == 1, self.last_first, -1)
        return Within(self.of_first, self.of_second, only_second, only_first)


def blocked_within(first: Features, second: Features, limits: Sequence[Array], *, closed: bool) -> list[Within]:
    """See :func:`evalkit.kernels.neighbours.within`; here the arguments are taken as checked."""
    compare: Callable[[Array, Array], NDArray[np.bool_]] = np.less_equal if closed else np.less
    first, second = (rows.astype(np.float64, copy=False) for rows in (first, second))
    tallies = [Tally(len(first), len(second)) for _ in limits]
    for rows in row_blocks(len(first), len(second)):
        distances = cdist(first[rows], second, "sqeuclidean")
        for limit, tally in zip(limits, tallies, strict=True):
            inside = np.nonzero(compare(distances, part(limit, rows)))
            tally.add(inside[0] + rows.start, inside[1])
    return [tally.found() for tally in tallies]


def row_blocks(n: int, m: int) -> Iterator[slice]:
    """Blocks of n rows of m numbers, for example their distances to m others, that fit the block size."""
    step = max(1, BLOCK_DISTANCES // max(m, 1))
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))


def tiles(n: int) -> Iterator[slice]:
    """Blocks of n rows such that the distances between two of them fit the block size.

    >>> list(tiles(1500))
    [slice(0, 1024, None), slice(1024, 1500, None)]
    """
    step = math.isqrt(BLOCK_DISTANCES)
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))


def part(limit: Array, rows: slice) -> Array:
    """The limits of a block of rows of the first array; those of the second array's rows, shape (1, m), stay whole."""
    return limit if limit.shape[0] == 1 else limit[rows]
