"""Vendi score: how many wholly different rows a sample is as varied as."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.seeds import generator
from evalkit.metrics.coupling import positive, positive_values
from evalkit.metrics.pairs import checked_pair
from evalkit.statistics.gaps import AbsoluteGap
from evalkit.statistics.influence import Estimate

Array = NDArray[np.float64]

_DRAWS = 5
_GROUPS = 20
# The noise of the influences is a mean over pairs of rows: of so many at least, and of more where few directions make them cheap.
_PAIRED_ROWS, _PAIRED_PARTS = 256, 2**15
# Eigenvalues that differ by less are as good as equal; weights of a smaller share of the largest change no reported digit.
_EQUAL, _SPECTRUM = 1e-5, 1e-6
_FEWEST = 8
# Rounding makes eigenvalues of a positive semidefinite matrix no more negative than this.
_NEGATIVE = 1e-8
_ERROR = (
    "delta method, widened where leaving out groups of rows moves it more, less its noise; the interval is of the expectation with "
    "{rows} rows"
)
_OWN = "order {q:g}, cosine kernel, {real:.4g} in the reference; " + _ERROR
_GAP = "absolute log ratio of the scores, order {q:g}, cosine kernel; " + _ERROR + " a side"


def vendi_score(rows: ArrayLike, q: float = 1) -> float:
    """How many wholly different rows a sample is as varied as: 1 for rows of one direction, n for n orthogonal rows.

    The exponential of the entropy of order q of the eigenvalues of the rows' cosines, over n. The larger q is, the less rare kinds
    of rows count; at infinity only the commonest does. The score says nothing about whether the rows are real, and it grows with
    the number of rows: compare equal numbers. Cosines are taken about the origin: features that lie far from it are all alike.

    Args:
        rows: (n, d) finite. Rows of zeros have no direction; they count as alike, and as unlike all others.
        q: order, > 0, infinity included.

    Returns:
        The score, 1 to n.

    Raises:
        ShapeError: no matrix, or no rows.
        InputError: a value is missing, infinite or huge, or the order is not positive.

    Source: Friedman and Dieng, TMLR 2023; Pasarkar and Dieng, AISTATS 2024 (orders).

    >>> [round(vendi_score([[1, 0], [1, 0], [0, 1]], q), 4) for q in (1, 2, math.inf)]
    [1.8899, 1.8, 1.5]
    """
    values, _ = checked_pair(rows, rows, what="a Vendi score", fewest=1, by_distance=False)
    return _score(_eigenvalues(_units(values)), _checked(q))


def vendi_score_of_kernel(kernel: ArrayLike, q: float = 1) -> float:
    """The same from the similarities of all pairs of rows, whatever the rows are.

    Args:
        kernel: (n, n) symmetric, positive semidefinite, 1 on the diagonal.
        q: order, > 0, infinity included.

    Raises:
        ShapeError: the matrix is not square, or empty.
        InputError: it is no such kernel, or the order is not positive.

    >>> round(vendi_score_of_kernel([[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1]]), 4)
    2.1573
    """
    values = np.asarray(kernel, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != values.shape[1] or len(values) == 0:
        raise ShapeError(f"a Vendi score needs the similarities of all pairs, (rows, rows), got {values.shape}")
    if not (np.allclose(np.diag(values), 1) and np.allclose(values, values.T)):
        raise InputError("a Vendi score needs symmetric similarities with 1 on the diagonal: divide by the root of the diagonal")
    eigenvalues = np.linalg.eigvalsh(values) / len(values)
    if eigenvalues[0] < -_NEGATIVE:
        raise InputError("a Vendi score needs positive semidefinite similarities: take a kernel, such as the cosine")
    return _score(eigenvalues[eigenvalues > 0], _checked(q))


@dataclass(frozen=True)
class Vendi:
    """How varied generated rows are, and how far that is from the reference's variety; see :func:`vendi_score`.

    ``vendi`` is of the generated rows and has no better end. ``vendi_gap`` is the absolute difference of its logarithm from the
    reference's at equal numbers of rows: 0 for equal variety, 0.69 for twice or half of it. Where the samples are not of one size,
    the larger one's is the mean over five draws of as many rows. Equal variety of other rows is a gap of 0 too.

    Scores of finite samples are too small, the less so the fewer features weigh. In the gap that bias largely cancels where the
    laws are alike. Intervals are of the expectations at these sizes. With more features than rows they are a little too narrow;
    of order infinity, for rows that lie alike in all directions, wider than they have to be.

    Attributes:
        q: order, > 0, infinity included.

    >>> draw = np.random.default_rng(0)
    >>> real, dull = draw.normal(size=(300, 5)), draw.normal(size=(300, 5)) * [3, 1, 1, 1, 1]
    >>> {name: round(found.value, 2) for name, found in Vendi().estimates(real, dull, seed=0).items()}
    {'vendi': 3.49, 'vendi_gap': 0.35}
    """

    q: float = 1

    def __post_init__(self) -> None:
        _checked(self.q)

    def estimates(self, reference: Array, generated: Array, *, seed: int) -> Mapping[str, Estimate]:
        """``vendi`` and ``vendi_gap``.

        Raises:
            ShapeError: fewer than 8 rows a side, or other features than the reference's.
            InputError: a feature is missing, infinite or huge.
        """
        pair = checked_pair(reference, generated, what="a Vendi score with an interval", fewest=_FEWEST, by_distance=False)
        sides = _units(pair[0]), _units(pair[1])
        real, made = (_widened(side, self.q, seed) for side in sides)
        score, size = math.exp(made.log_score), min(map(len, sides))
        method = _OWN.format(q=self.q, real=math.exp(real.log_score), rows=len(generated))
        nothing = np.zeros(len(reference))
        own = Estimate(score, "neither", method, nothing, score * made.influences, range=(1.0, float(len(generated))))
        ours, theirs = (self._of_size(*side, size, seed) for side in zip(sides, (real, made), strict=True))
        apart = np.array([theirs[0] - ours[0]])
        gap = AbsoluteGap(apart, -real.influences[None], made.influences[None], ours[1] + theirs[1])
        return {"vendi": own, "vendi_gap": Estimate.of_gap(gap, _GAP.format(rows=size, q=self.q), (0.0, math.inf))}

    def _of_size(self, units: Array, whole: "_Variety", size: int, seed: int) -> tuple[float, float]:
        """The logarithm of the score of so many rows, and the variance of its draws."""
        if len(units) == size:
            return whole.log_score, 0.0
        draws = generator(seed, "vendi", "rows")
        found = [_log_score(units[draws.choice(len(units), size, replace=False)], self.q) for _ in range(_DRAWS)]
        return float(np.mean(found)), float(np.var(found, ddof=1)) / _DRAWS


class _Variety(NamedTuple):
    """The logarithm of a score, how far each row moves it, (n,), mean 0, and what the variance of their mean owes to noise."""

    log_score: float
    influences: Array
    noise: float


def _widened(units: Array, q: float, seed: int) -> _Variety:
    """With influences of the variance that the score has.

    Few rows for the features move more than the first order says: by how much more, leaving out groups of them tells. And
    influences hold noise of the rows that they were computed from, of which the score has half, however few the rows are; where
    rows lie alike in all directions, so that hardly a score could be larger, it is all that there is.
    """
    n, whole = len(units), _variety(units, q, seed)
    groups = np.array_split(generator(seed, "vendi", "groups").permutation(n), min(_GROUPS, n))
    without = _log_scores_without(groups, units, q)
    moved = np.array([(n / len(group) - 1) * (whole.log_score - score) for group, score in zip(groups, without, strict=True)])
    foretold = np.array([whole.influences[group].mean() for group in groups])
    # Both are of the same groups, so that most of the chance of their choice cancels.
    seen, known = float(moved.var()), float(foretold.var())
    if not known > 0:
        return whole
    of_noise = min(max(whole.noise * n / float(whole.influences.var(ddof=1)), 0.0), 1.0)
    factor = math.sqrt(of_noise / 2 + (1 - of_noise) * max(seen / known, 1.0))
    return whole._replace(influences=factor * whole.influences)


def _variety(units: Array, q: float, seed: int) -> _Variety:
    """An eigenvalue moves with a row as the row's squared part along its direction does, less the mean such part: itself."""
    n, d = units.shape
    if d < n:
        values, vectors = positive(units.T @ units / n)
        parts = units @ (vectors / np.sqrt(values))
    else:
        values, vectors = positive(units @ units.T / n)
        parts = math.sqrt(n) * vectors
    influences = parts**2 @ (values * _slopes(values, q))
    influences -= influences.mean()
    chosen = generator(seed, "vendi", "pairs").permutation(n)[: max(_PAIRED_ROWS, _PAIRED_PARTS // len(values))]
    squares = _products(parts[chosen], values, influences[chosen], q) ** 2
    noise = float(squares.sum() - np.trace(squares)) / (len(chosen) * (len(chosen) - 1)) / n**2
    return _Variety(math.log(_score(values, q)), influences, noise)


def _products(parts: Array, values: Array, influences: Array, q: float) -> Array:
    """What each pair of rows adds to the logarithm of the score, to second order; nothing where one eigenvalue is all that counts.

    Args:
        parts: (k, r) rows along the eigenvectors, each of mean square 1 over all rows.
        values: (r,) eigenvalues.
        influences: (k,) of these rows.
        q: order.
    """
    if q == math.inf:
        return np.zeros((len(parts), len(parts)))
    weights = values[:, None] * values * _bends(values, q)
    sizes, directions = np.linalg.eigh(weights)
    kept = np.abs(sizes) > _SPECTRUM * np.abs(sizes).max()
    found = np.zeros((len(parts), len(parts)))
    for size, direction in zip(sizes[kept], directions.T[kept], strict=True):
        found += size * ((parts * direction) @ parts.T) ** 2
    alone = np.diag(weights)
    found -= (along := parts**2 @ alone)[:, None] + along - alone.sum()
    return np.asarray(found - (1 - q) * np.outer(influences, influences), dtype=np.float64)


def _bends(eigenvalues: Array, q: float) -> Array:
    """How the slopes change from eigenvalue to eigenvalue, (r, r): their divided differences."""
    apart, middle = eigenvalues[:, None] - eigenvalues, (eigenvalues[:, None] + eigenvalues) / 2
    slopes, equal = _slopes(eigenvalues, q), np.abs(apart) <= _EQUAL * middle
    change = -q * middle ** (q - 2) / float((eigenvalues**q).sum())
    return np.where(equal, change, (slopes[:, None] - slopes) / np.where(equal, 1.0, apart))


def _log_scores_without(groups: list[NDArray[np.int64]], units: Array, q: float) -> list[float]:
    """The logarithm of the score without each group of rows."""
    n, d = units.shape
    if d >= n:
        return [_log_score(np.delete(units, group, axis=0), q) for group in groups]
    products = units.T @ units
    rest = ((products - units[group].T @ units[group]) / (n - len(group)) for group in groups)
    return [math.log(_score(positive_values(each), q)) for each in rest]


def _log_score(units: Array, q: float) -> float:
    return math.log(_score(_eigenvalues(units), q))


def _eigenvalues(units: Array) -> Array:
    n, d = units.shape
    return positive_values((units.T @ units if d < n else units @ units.T) / n)


def _score(eigenvalues: Array, q: float) -> float:
    shares = eigenvalues / eigenvalues.sum()
    if q == 1:
        return math.exp(-float(shares @ np.log(shares)))
    if q == math.inf:
        return 1 / float(shares.max())
    return math.pow(float((shares**q).sum()), 1 / (1 - q))


def _slopes(eigenvalues: Array, q: float) -> Array:
    """Of the logarithm of the score, by each eigenvalue, but for a constant."""
    if q == 1:
        return -np.log(eigenvalues)
    if q == math.inf:
        return np.where(np.arange(len(eigenvalues)) == eigenvalues.argmax(), -1 / eigenvalues.max(), 0.0)
    return np.asarray(q / (1 - q) * eigenvalues ** (q - 1) / (eigenvalues**q).sum())


def _units(rows: Array) -> Array:
    """Rows of length 1, with one feature more that is 1 for rows of zeros."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    zero = largest == 0
    # Divided in two steps, as squares of tiny values would be 0.
    rows = rows / np.where(zero, 1.0, largest)
    rows = rows / np.where(zero, 1.0, np.sqrt((rows**2).sum(axis=1, keepdims=True)))
    return np.column_stack([rows, zero]) if zero.any() else rows


def _checked(q: float) -> float:
    if not q > 0:
        raise InputError(f"a Vendi score needs an order q above 0, got {q}")
    return q
