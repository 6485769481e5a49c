"""Feature likelihood divergence (FLD): how likely unseen real rows are under a density that generated rows span."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.seeds import generator
from evalkit.kernels.neighbours import distances
from evalkit.metrics.pairs import checked_pair
from evalkit.statistics.influence import Estimate
from evalkit.statistics.parts import Parts, Rows, in_parts
from evalkit.statistics.splitting import calibrated

Array = NDArray[np.float64]

_MOST_GENERATED = 10_000
_STEPS, _ENOUGH = 50, 1e-5
_LEAST_DISTANCE, _NARROWEST, _WIDEST = 1e-3, math.exp(-40), math.exp(20)
# The broad component about the mean, whose distances are shrunk so.
_BROAD = 0.9**2
_BLOCK = 512
# The smallest part of the rows that a variance is taken from has a half, which is halved again.
_FEWEST, _FEWEST_REAL = 8, 32
_SMALLEST_SUBSAMPLE, _LARGEST_SUBSAMPLE, _SPLITS = 100, 600, 30


def fitted_variances(fitted: Array, centres: Array) -> Array:
    """The variance of each centre's normal law under which rows are likeliest.

    The density is the mean of isotropic normal laws at the centres, and a broad one more at the rows' mean, so that a row far from
    all centres does not decide alone; by expectation and maximisation, at most 50 steps.

    Args:
        fitted: (n, d) rows that are to be likely.
        centres: (m, d).

    Returns:
        (m,) variances, from e^-40 to e^20. Small ones are of centres that nearly repeat a fitted row.

    >>> rows = np.random.default_rng(0).normal(size=(500, 3))
    >>> bool(0.8 < fitted_variances(rows, np.zeros((1, 3)))[0] < 1.2)
    True
    """
    d = fitted.shape[1]
    apart = distances(fitted, centres)
    broad = _BROAD * ((fitted - fitted.mean(axis=0)) ** 2).sum(axis=1)
    variances, of_broad, before = (apart.min(axis=0) + _LEAST_DISTANCE) / d, 1.0, -math.inf
    for _ in range(_STEPS):
        weights, moments, of_last, now = np.zeros(len(centres)), np.zeros(len(centres)), np.zeros(2), 0.0
        for start in range(0, len(fitted), _BLOCK):
            block, far = apart[start : start + _BLOCK], broad[start : start + _BLOCK]
            last = _log_normal(far, np.array(of_broad), d) + math.log(len(centres))
            total, shares, rest = _shared(_log_normal(block, variances, d), last)
            weights += shares.sum(axis=0)
            moments += np.einsum("ij,ij->j", shares, block)
            of_last += rest.sum(), rest @ far
            now += float(total.mean()) * len(block) / len(fitted) / d
        # A centre whose share of all rows is lost to rounding keeps the distance of its nearest row.
        variances = np.divide(moments, d * weights, out=variances, where=weights > 0).clip(_NARROWEST, _WIDEST)
        of_broad = float(np.clip(of_last[1] / (d * of_last[0]), _NARROWEST, _WIDEST)) if of_last[0] > 0 else of_broad
        if abs(now - before) < _ENOUGH:
            break
        before = now
    return np.asarray(variances, dtype=np.float64)


def _log_normal(squares: Array, variances: Array, d: int) -> Array:
    logs = squares * (-0.5 / variances)
    logs -= d / 2 * np.log(2 * math.pi * variances)
    return logs


def _shared(logs: Array, last: Array) -> tuple[Array, Array, Array]:
    """The logarithm of each row's sum, and the shares of its terms, (n, m), and of one more, (n,); the logarithms are lost."""
    most = np.maximum(logs.max(axis=1), last)
    logs -= most[:, None]
    shares, rest = np.exp(logs, out=logs), np.exp(last - most)
    sums = shares.sum(axis=1) + rest
    shares /= sums[:, None]
    return most + np.log(sums), shares, rest / sums


@dataclass(frozen=True, eq=False)
class LikelihoodDivergence:
    """A divergence with what its rows contribute.

    Attributes:
        rows: (t,) of each scored row; their mean is the divergence.
        generated: (m,) how far each generated row moves it while all variances stay, mean 0.
    """

    rows: Array
    generated: Array

    @property
    def value(self) -> float:
        """The divergence."""
        return float(self.rows.mean())


def feature_likelihood_divergence(fitted: ArrayLike, scored: ArrayLike, generated: ArrayLike) -> LikelihoodDivergence:
    """FLD: a hundred times the nats a feature by which generated rows foretell real rows worse than real rows do.

    Each generated row is the centre of an isotropic normal law, as wide as makes the fitted rows likeliest; then the scored rows,
    which played no part in that, are held against the density. From it the same is taken away for the first half of the fitted
    rows as centres and the second half as fitted. About 0: as good as so many real rows; below, better than these, since they are
    fewer. Rows that repeat fitted ones get narrow laws, which make scored rows unlikely: copying is punished, not only bad rows.

    It depends on the numbers of rows on all sides, and on the features: compare generators that were measured alike.

    Args:
        fitted: (n, d) real rows in an order that says nothing, n >= 4.
        scored: (t, d) other real rows, t >= 2; all rows are standardised by their means and standard deviations.
        generated: (m, d), of which 10,000 at most are centres, m >= 2.

    Raises:
        ShapeError: too few rows, or other features.
        InputError: a value is missing, infinite or huge.

    Source: Jiralerspong et al., NeurIPS 2023; conventions of the fld package, variances by expectation and maximisation there by
    gradient descent.

    >>> draw = np.random.default_rng(0)
    >>> fitted, scored, fresh = (draw.normal(size=(200, 4)) for _ in range(3))
    >>> worth = [feature_likelihood_divergence(fitted, scored, rows).value for rows in (fresh, fresh + 1, fitted + 1e-3)]
    >>> [bool(abs(worth[0]) < 10 < worth[i]) for i in (1, 2)]
    [True, True]
    """
    first, second = checked_pair(fitted, scored, what="a feature likelihood divergence", fewest=2)
    _, centres = checked_pair(scored, generated, what="a feature likelihood divergence", fewest=2)
    if len(first) < 4:
        raise ShapeError(f"a feature likelihood divergence needs 4 rows to fit to, got {len(first)}: give more")
    mean, spread = second.mean(axis=0), second.std(axis=0, ddof=1)
    # A constant feature keeps its unit; what is left of a constant is rounding.
    spread = np.where(spread > 1e-12 * np.abs(mean), spread, 1.0)
    first, second, centres = ((rows - mean) / spread for rows in (first, second, centres))
    half = min(len(first) // 2, len(centres))
    found, moved = _surprise(first, second, centres[:_MOST_GENERATED])
    usual, _ = _surprise(first[half:], second, first[:half])
    left = np.zeros(max(len(centres) - _MOST_GENERATED, 0))
    return LikelihoodDivergence(100 * (found - usual), 100 * np.concatenate([moved, left]))


def _surprise(fitted: Array, scored: Array, centres: Array) -> tuple[Array, Array]:
    """Nats a feature of each scored row, and how far each centre moves their mean."""
    d = scored.shape[1]
    variances = fitted_variances(fitted, centres)
    found, shares = np.empty(len(scored)), np.zeros(len(centres))
    for start in range(0, len(scored), _BLOCK):
        logs = _log_normal(distances(scored[start : start + _BLOCK], centres), variances, d)
        total, own, _ = _shared(logs, np.full(len(logs), -math.inf))
        found[start : start + _BLOCK] = (math.log(len(centres)) - total) / d
        shares += own.sum(axis=0)
    return found, (1 - len(centres) * shares / len(scored)) / d


@dataclass(frozen=True)
class FeatureLikelihood:
    """Feature likelihood divergence with an interval; see :func:`feature_likelihood_divergence`.

    The reference is split at random: one half is fitted to, the other scored. It sees copies of the fitted half only. The interval
    is of the expectation at these numbers of rows: scored rows by their own contributions, what is left of the variance that
    disjoint parts of the rows show by generated rows in proportion to how far each moves the figure.

    >>> draw = np.random.default_rng(0)
    >>> real, far = draw.normal(size=(200, 3)), draw.normal(1, 1, size=(200, 3))
    >>> FeatureLikelihood().estimates(real, far, seed=0)["feature_likelihood"].interval().low > 0
    True
    """

    def estimates(self, reference: Array, generated: Array, *, seed: int) -> Mapping[str, Estimate]:
        """The figure.

        Raises:
            ShapeError: fewer than 32 reference or 8 generated rows, or other features.
            InputError: a value is missing, infinite or huge, or half of the reference rows or more repeat others.
        """
        what = "a feature likelihood divergence with an interval"
        reference, generated = checked_pair(reference, generated, what=what, fewest=_FEWEST)
        if len(reference) < _FEWEST_REAL:
            raise ShapeError(f"{what} needs {_FEWEST_REAL} reference rows, got {len(reference)}: give more")
        if 1 < len(np.unique(reference, axis=0)) <= len(reference) / 2:
            # The laws of rows that repeat each other have no width, so that any other row is beyond belief.
            raise InputError(
                f"{what} needs reference rows that differ, and half or more repeat others: take features of finer steps"
            )
        ours, theirs = _drawn(reference, seed, "reference"), _drawn(generated, seed, "generated")
        n, half = len(reference), len(reference) // 2
        found = _halved(reference[ours], generated[theirs])
        own, moved = np.zeros(n), np.zeros(len(generated))
        own[ours[half:]] = (found.rows - found.value) * n / (n - half)
        moved[theirs] = found.generated - found.generated.mean()
        parts = _parts(reference[ours], generated[theirs], seed)
        # With more rows its variance falls faster than as one over their number, and the larger one would be too large.
        of_reference, of_generated, further = calibrated(own, moved, float(parts.usual_variance))
        method = (
            f"{half} reference rows fitted to, {n - half} scored, less the same of the fitted rows' own halves; variance from "
            f"disjoint parts; the interval is of the expectation with {n} reference and {len(generated)} generated rows"
        )
        estimate = Estimate(found.value, "lower", method, of_reference, of_generated, further, parts=parts)
        return {"feature_likelihood": estimate}


def _halved(reference: Array, generated: Array) -> LikelihoodDivergence:
    half = len(reference) // 2
    return feature_likelihood_divergence(reference[:half], reference[half:], generated)


def _parts(reference: Array, generated: Array, seed: int) -> Parts:
    """Of at most some hundred rows, which are in a random order already."""
    share = min(1.0, _LARGEST_SUBSAMPLE / max(len(reference), len(generated)))
    sizes = [max(round(share * len(rows)), min(len(rows), _SMALLEST_SUBSAMPLE)) for rows in (reference, generated)]

    def of_some(first: Rows, second: Rows) -> Array:
        return np.array([_halved(reference[first], generated[second]).value])

    scale = (1 / len(reference) + 1 / len(generated)) / (1 / sizes[0] + 1 / sizes[1])
    return in_parts(of_some, *sizes, seed=seed, splits=_SPLITS).of(0).times(math.sqrt(scale))


def _drawn(rows: Array, seed: int, side: str) -> Rows:
    """A random order that follows the values, not the rows' order, and is the reference's own for all generators."""
    return np.asarray(np.lexsort(rows.T)[generator(seed, "feature likelihood", side).permutation(len(rows))], dtype=np.intp)
