"""Kernels of rows, as blocks of values, and what settles them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import InputError
from evalkit.core.seeds import generator
from evalkit.kernels.cubic_kernel import cubic_kernel_with
from evalkit.kernels.neighbours import distances

Array = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]

_MEDIAN_ROWS = 1000
# Its third power is a number.
_LARGEST = 1e100


@dataclass(frozen=True)
class Kernel:
    """A symmetric, positive semidefinite kernel.

    Attributes:
        of: from rows to a function that gives their kernel values with others, (n, m), in the rows' own precision; its memory is
            used anew at the next call. Rows are centred at the reference's mean.
        unit: what one of these values stands for.
    """

    of: Callable[[Rows], Callable[[Rows], Rows]]
    unit: float = 1.0

    def __call__(self, first: Rows, second: Rows) -> Array:
        """Kernel values, (n, m) float64."""
        return self.of(first)(second).astype(np.float64) * self.unit


def power_of_two(size: float) -> float:
    """The smallest above a size, 1 for 0."""
    return math.ldexp(1.0, math.frexp(size)[1])


def polynomial_about(centre: Array, unit: float = 1.0) -> Kernel:
    """k(x, y) - k(x, c) - k(c, y) + k(c, c) for KID's kernel k, of rows given as (x - c) / unit.

    A squared MMD and its influences are the same with it as with k. But k itself holds x.y, which features far from 0 make so large
    that what differs between rows is lost to rounding. Here it is expanded, so that the large terms cancel on paper.
    """
    width = len(centre)
    base = float(centre @ centre) / width + 1
    size = power_of_two(float(abs(centre).max()))
    # All terms are of third degree in these: divided by the largest they fit any precision.
    most = max(base, unit**2, unit * size)
    per_product, per_offset, ground = unit**2 / width / most, unit * size / width / most, base / most

    def of(first: Rows) -> Callable[[Rows], Rows]:
        near = (centre / size * per_offset).astype(first.dtype)
        return cubic_kernel_with(first, near, ground=ground, factor=per_product)

    return Kernel(of, most**3 if most < _LARGEST else math.inf)


def gaussian(bandwidth: float) -> Kernel:
    """exp(-|x - y|² / (2 bandwidth²)) from products of centred rows.

    Raises:
        InputError: the bandwidth is not a positive number.
    """
    if not 0 < bandwidth < math.inf:
        raise InputError(f"a kernel's bandwidth must be a positive number, got {bandwidth}")

    def of(first: Rows) -> Callable[[Rows], Rows]:
        ours = first / bandwidth
        halves = (ours**2).sum(axis=1)[:, None] / 2

        def kernel(second: Rows) -> Rows:
            theirs = second / bandwidth
            exponent: Rows = ours @ theirs.T
            exponent -= halves
            exponent -= (theirs**2).sum(axis=1) / 2
            np.exp(np.minimum(exponent, 0.0, out=exponent), out=exponent)
            return exponent

        return kernel

    return Kernel(of)


def median_bandwidth(reference: ArrayLike, *, seed: int = 0) -> float:
    """The median distance between two reference rows, of 1,000 random ones at most; the mean where the median is 0.

    Raises:
        InputError: all rows are equal, so that no length is given.

    >>> median_bandwidth([[0.0], [1.0], [3.0]])
    2.0
    """
    rows = np.asarray(reference, dtype=np.float64)
    if len(rows) > _MEDIAN_ROWS:
        rows = rows[generator(seed, "mmd", "bandwidth").choice(len(rows), _MEDIAN_ROWS, replace=False)]
    apart = np.sqrt(distances(rows, rows)[np.triu_indices(len(rows), 1)])
    found = float(np.median(apart)) or float(apart.mean())
    if not found > 0:
        raise InputError("a kernel's bandwidth needs reference rows that differ, all that were looked at are equal: give others")
    return found
