"""Krippendorff's alpha: any number of raters, missing labels, four scales."""

from abc import ABC, abstractmethod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError, UndefinedError
from evalkit.core.seeds import generator
from evalkit.ratings.agreement.labels import Labels
from evalkit.statistics.intervals import Interval

Array = NDArray[np.float64]
Scale = Literal["nominal", "ordinal", "interval", "ratio"]

_ENTRIES = 4_000_000
# Products of two counts a unit are kept while there are so few.
_FEW_VALUES = 20
_MISSED = 0.05


def krippendorff_alpha(
    labels: Any, *, scale: Scale = "nominal", values: Any = None, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Interval:
    """1 - observed disagreement / disagreement by chance: 1 is perfect agreement, 0 what chance gives, below 0 systematic strife.

    Units with one label say nothing and are left out. Where one label is very frequent alpha is low even if raters rarely differ.
    The interval resamples units; it allows for units being a sample, not for raters being one. Where more than one resample in
    twenty has labels of one kind only, there are too few units to say anything and it is -1 … 1.

    Args:
        labels: see :meth:`Labels.of`.
        scale: what distance means. ``"nominal"``: different or not. ``"ordinal"``: how many labels lie in between.
            ``"interval"``: squared difference. ``"ratio"``: squared difference over squared sum, for numbers >= 0.
        values: all labels in order, for ordinal words.
        level: 0 < level < 1.
        resamples: of the units; 0 for no interval (both ends are then the value).
        seed: of the resamples.

    Raises:
        UndefinedError: fewer than two units have two labels, or all labels are the same.
        InputError: labels do not suit the scale.

    Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011); Content Analysis, 4th ed. (2018), chapter 12.

    >>> round(krippendorff_alpha([["a", "a"], ["b", "b"], ["a", "b"]], resamples=0).value, 4)
    0.4444
    """
    if not 0 < level < 1 or resamples < 0:
        raise InputError(f"the level must lie between 0 and 1 and resamples must be 0 or more, got {level} and {resamples}")
    read = Labels.of(labels, values=values)
    counts = read.counts()
    counts = counts[counts.sum(axis=1) >= 2]
    if len(counts) == 0:
        raise UndefinedError("alpha needs a unit with two labels or more: let several raters label the same units")
    at = _positions(read, scale)
    present = counts.any(axis=0)
    if present.sum() < 2:
        raise UndefinedError("alpha is undefined: all labels are the same, so that chance alone would agree as well")
    work = _Disagreement.of(scale, counts[:, present], at[present])
    value = float(work.alpha(np.ones((1, len(counts))))[0])
    if resamples == 0 or len(counts) < 2:
        return Interval(value, value, value)
    drawn = _resampled(work, len(counts), resamples, seed)
    there = drawn[np.isfinite(drawn)]
    enough = len(there) >= (1 - _MISSED) * resamples
    low, high = np.quantile(there, [(1 - level) / 2, (1 + level) / 2]) if enough else (-1.0, 1.0)
    return Interval(value, min(value, float(low)), max(value, float(high)))


def _positions(labels: Labels, scale: Scale) -> Array:
    if scale not in ("nominal", "ordinal", "interval", "ratio"):
        raise InputError(f"the scale must be nominal, ordinal, interval or ratio, got {scale!r}")
    if scale in ("nominal", "ordinal"):
        return np.arange(len(labels.values), dtype=np.float64)
    at = labels.numbers()
    if scale == "ratio" and (at < 0).any():
        raise InputError("a ratio scale needs labels of 0 or more")
    return at


def _resampled(work: "_Disagreement", n: int, resamples: int, seed: int) -> Array:
    """(resamples,) alphas, NaN where undefined."""
    source, step, found = generator(seed, "resampled units"), max(1, _ENTRIES // n), []
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        weights = np.empty((size, n))
        for i in range(size):
            weights[i] = np.bincount(source.integers(0, n, n, dtype=np.int32), minlength=n)
        found.append(work.alpha(weights))
    return np.concatenate(found)


class _Disagreement(ABC):
    """Alpha of weighted units: all that it needs is linear in their weights, so that a thousand resamples are one matrix product.

    A unit's disagreement is the sum of distances over its ordered pairs of labels, over one less than its labels. The disagreement
    by chance is that of all labels paired at random.
    """

    def __init__(self, counts: Array) -> None:
        self.counts = counts
        self.sizes = counts.sum(axis=1)

    @staticmethod
    def of(scale: Scale, counts: Array, at: Array) -> "_Disagreement":
        """That of a scale."""
        if scale == "ordinal":
            return _ByRank(counts) if counts.shape[1] <= _FEW_VALUES else _ByManyRanks(counts)
        return _Fixed(counts, scale, at)

    def alpha(self, weights: Array) -> Array:
        """(b,) alpha for (b, units) weights; NaN where it is undefined."""
        total = weights @ self.counts
        observed, expected = self.disagreements(weights, total)
        n = total.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(expected > 0, 1 - (n - 1) * observed / expected, np.nan))

    @abstractmethod
    def disagreements(self, weights: Array, total: Array) -> tuple[Array, Array]:
        """(b,) sums of distances within units and over all labels."""


class _Fixed(_Disagreement):
    """Scales whose distances do not depend on how frequent labels are."""

    def __init__(self, counts: Array, scale: Scale, at: Array) -> None:
        super().__init__(counts)
        self.scale, self.at = scale, at - at.mean() if scale == "interval" else at
        self.within = self._sums(counts, self.sizes) / (self.sizes - 1)

    def disagreements(self, weights: Array, total: Array) -> tuple[Array, Array]:
        return weights @ self.within, self._sums(total, total.sum(axis=1))

    def _sums(self, counts: Array, sizes: Array) -> Array:
        """(rows,) sum of distances over ordered pairs of a row's labels."""
        if self.scale == "nominal":
            return np.asarray(sizes**2 - (counts * counts).sum(axis=1))
        if self.scale == "interval":
            return np.asarray(2 * (sizes * (counts @ self.at**2) - (counts @ self.at) ** 2))
        return self._ratios(counts)

    def _ratios(self, counts: Array) -> Array:
        # Squared difference over squared sum has no short form: by blocks of values, never a matrix for each row.
        total, v = np.zeros(len(counts)), len(self.at)
        step = max(1, _ENTRIES // v)
        for start in range(0, v, step):
            part = self.at[start : start + step, None]
            sums = part + self.at
            distances = np.divide(part - self.at, sums, out=np.zeros_like(sums), where=sums > 0) ** 2
            total += np.einsum("rv,rv->r", counts[:, start : start + step], counts @ distances.T)
        return total


class _ByRank(_Disagreement):
    """Ordinal labels of few values: distance is the squared difference of mean ranks among all labels, and changes with them."""

    def __init__(self, counts: Array) -> None:
        super().__init__(counts)
        self.per_label = counts * (self.sizes / (self.sizes - 1))[:, None]
        self.one, self.two = np.triu_indices(counts.shape[1])
        self.pairs = counts[:, self.one] * counts[:, self.two] / (self.sizes - 1)[:, None]

    def disagreements(self, weights: Array, total: Array) -> tuple[Array, Array]:
        ranks = _ranks(total)
        twice = np.where(self.one == self.two, 1.0, 2.0)
        across = ((weights @ self.pairs) * twice * ranks[:, self.one] * ranks[:, self.two]).sum(axis=1)
        observed = 2 * ((weights @ self.per_label * ranks**2).sum(axis=1) - across)
        return np.maximum(observed, 0.0), _spread(total, ranks)


class _ByManyRanks(_Disagreement):
    """The same for many values: unit by unit, for a block of resamples at a time."""

    def disagreements(self, weights: Array, total: Array) -> tuple[Array, Array]:
        ranks = _ranks(total)
        sums, squares = self.counts @ ranks.T, self.counts @ (ranks**2).T
        each = 2 * (self.sizes[:, None] * squares - sums**2) / (self.sizes - 1)[:, None]
        return np.maximum((weights.T * each).sum(axis=0), 0.0), _spread(total, ranks)


def _ranks(total: Array) -> Array:
    """(b, values) mean rank of each value among all labels, about the middle."""
    before = np.cumsum(total, axis=1) - total / 2
    return np.asarray(before - total.sum(axis=1, keepdims=True) / 2)


def _spread(total: Array, ranks: Array) -> Array:
    """(b,) sum of squared differences over all ordered pairs of labels."""
    n = total.sum(axis=1)
    return np.asarray(2 * (n * (total * ranks**2).sum(axis=1) - (total * ranks).sum(axis=1) ** 2))
