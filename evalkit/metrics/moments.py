"""Mean and covariance of features, gathered in parts and put together exactly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import InputError, ShapeError

Array = NDArray[np.float64]

_BLOCK_ROWS = 65_536


@dataclass(frozen=True, eq=False)
class Moments:
    """Number, mean and scatter of rows: all that a Fréchet distance needs, of any number of rows, in d (d + 1) numbers.

    Parts that were gathered apart (batches, shards, machines) merge in any order and grouping, up to rounding. The rows are centred
    before they are squared, so a mean far above the spread costs no digits.

    Attributes:
        n: rows, >= 0.
        mean: (d,) float64; zeros where there is no row.
        scatter: (d, d) float64, the sum over rows of the squared deviations from the mean.

    Source: Chan, Golub and LeVeque, "Algorithms for Computing the Sample Variance", The American Statistician 37 (1983).

    >>> first, second = Moments.of([[0.0, 1.0], [2.0, 1.0]]), Moments.of([[4.0, 4.0]])
    >>> both = first.merge(second)
    >>> both.n, both.mean.tolist(), both.covariance.tolist()
    (3, [2.0, 2.0], [[4.0, 3.0], [3.0, 3.0]])
    """

    n: int
    mean: Array
    scatter: Array

    @classmethod
    def empty(cls, width: int) -> Moments:
        """Of no rows with ``width`` features: where gathering starts."""
        return cls(0, np.zeros(width), np.zeros((width, width)))

    @classmethod
    def of(cls, rows: ArrayLike) -> Moments:
        """Of rows, (n, d) finite numbers of any type; float64 copies are made of 65,536 rows at a time.

        Raises:
            ShapeError: ``rows`` is not a matrix with a feature or more.
            InputError: a value is missing, infinite, or too large to be squared.
        """
        table = np.asarray(rows)
        if table.ndim != 2 or table.shape[1] == 0:
            raise ShapeError(f"moments need rows of shape (rows, features), got {table.shape}")
        blocks = (table[start : start + _BLOCK_ROWS] for start in range(0, len(table), _BLOCK_ROWS))
        return reduce(cls.merge, map(_of_block, blocks), cls.empty(table.shape[1]))

    def merge(self, other: Moments) -> Moments:
        """Of both parts' rows together.

        Raises:
            ShapeError: the parts have different numbers of features.
        """
        if self.mean.shape != other.mean.shape:
            raise ShapeError(f"moments to be merged need equally many features, got {len(self.mean)} and {len(other.mean)}")
        n = self.n + other.n
        if n == 0:
            return self
        step = other.mean - self.mean
        mean = self.mean + step * (other.n / n)
        scatter = self.scatter + other.scatter + np.outer(step, step * (self.n * other.n / n))
        return Moments(n, mean, scatter)

    @property
    def covariance(self) -> Array:
        """(d, d), the scatter over n - 1.

        Raises:
            ShapeError: there are fewer than two rows.
        """
        if self.n < 2:
            raise ShapeError(f"a covariance needs two rows or more, got {self.n}: draw more")
        return self.scatter / (self.n - 1)


def _of_block(rows: NDArray[np.generic]) -> Moments:
    values = rows.astype(np.float64)
    rough = values.mean(axis=0)
    values -= rough
    # What the first mean lost to rounding is found in the centred rows, and taken out of both.
    rest = values.mean(axis=0)
    values -= rest
    scatter = values.T @ values
    if not np.isfinite(np.trace(scatter)):
        raise InputError("moments need finite features that can be squared, found missing, infinite or huge values: remove them")
    return Moments(len(values), rough + rest, scatter)
