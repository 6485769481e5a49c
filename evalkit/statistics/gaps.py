"""Absolute gaps between two samples' figures: how far two generators' gaps vary from each other, also where both are 0."""

from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import ShapeError
from evalkit.core.seeds import generator

Array = NDArray[np.float64]

_DRAWS = 4096


@dataclass(frozen=True, eq=False)
class AbsoluteGap:
    """The mean of k absolute differences, each of the generated sample's figure less the reference's.

    Far from 0 an absolute difference varies as the difference does; at 0 it varies less, for it is folded.

    Attributes:
        signed: (k,) the differences.
        reference: (k, n) influence of each reference row on them, mean 0 over the rows.
        generated: (k, m) of each generated row.
        besides: variance of each difference that the influences do not explain, >= 0.
    """

    signed: Array
    reference: Array
    generated: Array
    besides: float = 0.0

    def __post_init__(self) -> None:
        k = len(self.signed)
        if self.reference.shape[:1] != (k,) or self.generated.shape[:1] != (k,):
            raise ShapeError(f"gaps need influences of {k} differences, got {self.reference.shape} and {self.generated.shape}")

    @property
    def value(self) -> float:
        """The mean absolute difference."""
        return float(np.abs(self.signed).mean())

    def influences(self) -> tuple[Array, Array]:
        """(n,) and (m,): how far each row moves the value, to first order."""
        signs = np.where(self.signed >= 0, 1.0, -1.0)[:, None]
        return (signs * self.reference).mean(axis=0), (signs * self.generated).mean(axis=0)

    def largest_error(self, sure: float) -> float:
        """The value's standard error, with the signs of which that is largest for all differences that are not sure of theirs.

        Of several differences that vary together and lie near 0, chance may turn one. The first-order error then is that of
        differences that cancel, and an interval from it would be too narrow for most that are possible.

        Args:
            sure: from so many standard errors on a difference is sure of its sign, >= 0.

        >>> rows = np.array([[-1.0, 1.0] * 50] * 2)
        >>> [round(AbsoluteGap(np.array([gap, -gap]), 0 * rows, rows).largest_error(2.0), 4) for gap in (0.1, 0.3)]
        [0.1005, 0.0]
        """
        covariance = self._covariance()
        k, doubtful = len(self.signed), np.abs(self.signed) < sure * np.sqrt(np.diag(covariance))
        signs = np.tile(np.where(self.signed >= 0, 1.0, -1.0), (2 ** int(doubtful.sum()), 1))
        signs[:, doubtful] = list(product((-1.0, 1.0), repeat=int(doubtful.sum())))
        return float(np.sqrt(np.einsum("si,ij,sj->s", signs, covariance, signs).max())) / k

    def _covariance(self) -> Array:
        """Of the differences, (k, k)."""
        of_rows = _covariance(self.reference, self.reference) + _covariance(self.generated, self.generated)
        return of_rows + self.besides * np.eye(len(self.signed))

    def of_rows(self, reference: Array, generated: Array) -> "AbsoluteGap":
        """The same differences with other influences."""
        return replace(self, reference=reference, generated=generated)


def variance_of_gap_difference(first: AbsoluteGap, second: AbsoluteGap) -> float:
    """Variance of the difference of two generators' gaps, held against the same reference rows, where their gaps are equal.

    The differences are taken as normal, around a gap whose square is what both show together, less what chance shows of it: the
    larger it is, the nearer the variance is to that of the differences themselves, and at 0 it is that of folded ones. The square
    of a single difference counts only beyond twice what chance shows, that of one of k beyond 1 + 1 / k times as much, and then
    twice until it has caught up: counting it sooner would call too few equal generators different at 0, and later or by and by
    too many a little away from it.

    Raises:
        ShapeError: they are not of equally many differences, or not against equally many reference rows.

    >>> rows = np.array([[-1.0, 1.0] * 50])
    >>> near, far = (AbsoluteGap(np.array([gap]), 0 * rows, rows) for gap in (0.0, 3.0))
    >>> round(variance_of_gap_difference(near, near), 4), round(variance_of_gap_difference(far, far), 4)
    (0.0071, 0.0202)
    """
    k = len(first.signed)
    if len(second.signed) != k or first.reference.shape != second.reference.shape:
        raise ShapeError("a difference of gaps needs the same figures, held against the same rows")
    whole = np.zeros((2 * k, 2 * k))
    for place, gap in ((slice(0, k), first), (slice(k, None), second)):
        whole[place, place] = _covariance(gap.generated, gap.generated) + gap.besides * np.eye(k)
    together = np.concatenate([first.reference, second.reference])
    whole += _covariance(together, together)
    variances = np.diag(whole)
    seen, by_chance = (first.signed**2 + second.signed**2) / 2, (variances[:k] + variances[k:]) / 2
    size = np.sqrt(np.maximum(np.minimum(2 * (seen - (1 + 1 / k) * by_chance), seen - by_chance), 0.0))
    centre = np.concatenate([np.where(gap.signed >= 0, size, -size) for gap in (first, second)])
    values, vectors = np.linalg.eigh(whole)
    sample = np.abs(centre + _normal(2 * k) @ (vectors * np.sqrt(np.maximum(values, 0.0))).T)
    return float((sample[:, :k].mean(axis=1) - sample[:, k:].mean(axis=1)).var())


def _covariance(first: Array, second: Array) -> Array:
    """Of the means of paired rows' influences, (k, k)."""
    n = first.shape[1]
    return np.asarray(first @ second.T / (n * (n - 1)))


@cache
def _normal(width: int) -> Array:
    """Draws with mean 0 and variance 1 as they are: far from 0 the variance is then exact."""
    half = generator(0, "gaps").normal(size=(_DRAWS // 2, width))
    root = np.linalg.cholesky(half.T @ half / len(half))
    half = np.linalg.solve(root, half.T).T
    return np.concatenate([half, -half])
