"""Two samples in coordinates in which both have one covariance: there the Fréchet distance errs as a squared distance does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Eigenvalues below this share of the largest, times their number, are rounding.
_ROUNDING = float(np.finfo(np.float64).eps)
# What is left out of the weights' spectrum changes no reported digit of a variance.
_SPECTRUM = 1e-6


@dataclass(frozen=True, eq=False)
class Side:
    """One sample.

    Attributes:
        mean: (d,).
        rows: (n, d), centred.
        shared: (n, r), the centred rows in the shared coordinates: their covariance is diagonal, the same on both sides.
    """

    mean: Array
    rows: Array
    shared: Array

    @property
    def spread(self) -> float:
        """Trace of the covariance."""
        return float((self.rows**2).sum()) / (len(self.rows) - 1)


@dataclass(frozen=True, eq=False)
class Coupling:
    """The Fréchet distance of two samples, and all that its error needs.

    The trace of (S1 S2)^1/2 stays when one covariance is stretched by B and the other by B's inverse transposed. One B makes both
    equal, diagonal with the entries ``scale``, whose sum is that trace. At equal covariances the distance is known to second order:
    with the two sides' errors d (of the mean) and D (of the covariance, in shared coordinates), it errs by its influences, plus
    |d1 - d2|² + sum over i, j of (D1 - D2)²_ij / (2 (scale_i + scale_j)). That is a squared distance between two means of rows, so
    its bias and its variance are those of a V-statistic. Nothing here assumes normal rows.

    Attributes:
        reference, generated: the sides.
        scale: (r,) > 0, descending or ascending; empty where one side is constant.
        shared: the trace of (S1 S2)^1/2: the sum of ``scale`` and of what is too small to have a direction of its own.
    """

    reference: Side
    generated: Side
    scale: Array
    shared: float

    @classmethod
    def of(cls, reference: Array, generated: Array) -> Coupling:
        """Of two feature arrays, two rows or more a side. Where rows are fewer than features, no (d, d) matrix is formed."""
        means = reference.mean(axis=0), generated.mean(axis=0)
        ours, theirs = reference - means[0], generated - means[1]
        means = means[0] + (more := ours.mean(axis=0)), means[1] + (yet := theirs.mean(axis=0))
        ours, theirs = ours - more, theirs - yet
        route = _by_rows if min(len(ours), len(theirs)) < ours.shape[1] else _by_covariances
        shared, scale, first, second = route(ours, theirs)
        return cls(Side(means[0], ours, first), Side(means[1], theirs, second), scale, shared)

    @property
    def distance(self) -> float:
        """The Fréchet distance of the two samples' normal laws, squared as is usual, >= 0."""
        step = self.reference.mean - self.generated.mean
        return max(float(step @ step) + self.reference.spread + self.generated.spread - 2 * self.shared, 0.0)

    @property
    def bias(self) -> float:
        """What the distance owes on average to the number of rows, to order 1/n."""
        return sum(self._bias(side) for side in (self.reference, self.generated))

    def influences(self, side: Side) -> Array:
        """How far each row of a side moves the distance, (n,), mean 0."""
        away = side.mean - (self.generated if side is self.reference else self.reference).mean
        moved = 2 * side.rows @ away + (side.rows**2).sum(axis=1) - (side.shared**2).sum(axis=1)
        centred: Array = moved - moved.mean()
        return centred

    def products(self, first: Side, second: Side, rows: NDArray[np.intp], others: NDArray[np.intp]) -> Array:
        """Products of rows as the second-order error sees them: of the rows themselves and of their squares' deviations."""
        found: Array = first.rows[rows] @ second.rows[others].T
        ours, theirs = first.shared[rows], second.shared[others]
        for size, direction in zip(*self._spectrum, strict=True):
            found += size * ((ours * direction) @ theirs.T) ** 2
        found -= ((ours**2).sum(axis=1)[:, None] + (theirs**2).sum(axis=1) - self.scale.sum()) / 4
        return found

    def _bias(self, side: Side) -> float:
        squares = side.shared**2
        fourth = float(((squares @ self._weights) * squares).sum()) / len(squares)
        return (side.spread + fourth - float(self.scale.sum()) / 4) / len(squares)

    @cached_property
    def _weights(self) -> Array:
        return 1 / (2 * (self.scale[:, None] + self.scale))

    @cached_property
    def _spectrum(self) -> tuple[Array, Array]:
        """The weights' eigenvalues and vectors. They fall off fast, so few are enough."""
        values, vectors = np.linalg.eigh(self._weights)
        kept = values > _SPECTRUM * values.max(initial=0)
        return values[kept], vectors.T[kept]


def root(covariance: Array) -> Array:
    """A (d, r) with A A' the covariance, of full column rank: triangular where the covariance is safely not singular.

    >>> root(np.diag([4.0, 0.0])).tolist()
    [[2.0], [0.0]]
    """
    try:
        half = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    except np.linalg.LinAlgError:  # how NumPy says "singular"; the eigenvalues tell which directions are
        half = np.zeros_like(covariance)
    if _more_than_rounding(np.diag(half) ** 2).all():
        return half
    values, vectors = positive(covariance)
    return np.asarray(vectors * np.sqrt(values), dtype=np.float64)


def root_trace(matrix: Array) -> float:
    """The trace of the square root of a positive semidefinite matrix. Small eigenvalues count: their roots are not small.

    >>> root_trace(np.diag([4.0, 9.0, 1e-16]))
    5.00000001
    """
    return float(np.sqrt(np.maximum(np.linalg.eigvalsh(matrix), 0.0)).sum())


def positive(matrix: Array) -> tuple[Array, Array]:
    """Eigenvalues of a positive semidefinite matrix that are more than rounding, ascending, and their vectors in columns."""
    values, vectors = np.linalg.eigh(matrix)
    kept = _more_than_rounding(values)
    return values[kept], vectors[:, kept]


def positive_values(matrix: Array) -> Array:
    """The same eigenvalues alone, at a fraction of the cost."""
    values = np.asarray(np.linalg.eigvalsh(matrix), dtype=np.float64)
    return values[_more_than_rounding(values)]


def _more_than_rounding(values: Array) -> NDArray[np.bool_]:
    kept: NDArray[np.bool_] = values > len(values) * _ROUNDING * values.max(initial=0)
    return kept


def _by_covariances(ours: Array, theirs: Array) -> tuple[float, Array, Array, Array]:
    values, vectors = positive(ours.T @ ours / (len(ours) - 1))
    half = vectors * np.sqrt(values)
    squares, turn = np.linalg.eigh(half.T @ (theirs.T @ (theirs @ half)) / (len(theirs) - 1))
    shared, kept = float(np.sqrt(np.maximum(squares, 0.0)).sum()), _more_than_rounding(squares)
    scale, turn = np.sqrt(squares[kept]), turn[:, kept]
    first = ours @ ((vectors / np.sqrt(values)) @ (turn * np.sqrt(scale)))
    return shared, scale, first, theirs @ (half @ (turn / np.sqrt(scale)))


def _by_rows(ours: Array, theirs: Array) -> tuple[float, Array, Array, Array]:
    n, m = len(ours) - 1, len(theirs) - 1
    left, sizes, right = np.linalg.svd(ours @ theirs.T, full_matrices=False)
    kept = sizes > max(n, m) * _ROUNDING * sizes.max(initial=0)
    scale = sizes[kept] / np.sqrt(n * m)
    return float(scale.sum()), scale, left[:, kept] * np.sqrt(n * scale), right[kept].T * np.sqrt(m * scale)
