"""Figures of two samples, with each row's influence: one idea behind intervals, paired comparisons and galleries."""

import math
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evalkit.core.errors import InputError, ShapeError
from evalkit.statistics.gaps import AbsoluteGap, variance_of_gap_difference
from evalkit.statistics.intervals import Interval, absolute_interval, positive_interval, proportion_interval
from evalkit.statistics.parts import Parts
from evalkit.statistics.shared_reference import SharedReference, variance_of_difference
from evalkit.statistics.squared import SquaredDistance

Array = NDArray[np.float64]

# Two figures that are equal but for this share are equal.
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Estimate:
    """A figure that compares a generated sample with a reference, and how far each row moves it.

    To first order the figure's error is the mean influence of the reference rows plus that of the generated rows. So its variance
    is the variance of the influences over the number of rows, sample by sample; two generators that were held against the same
    reference rows share that sample's part, and their difference is compared row by row.

    Attributes:
        value: the figure, with its bias taken out where ``method`` says so.
        direction: which way is better.
        method: how figure and interval were found, in words.
        reference: (n,) influence of each reference row, mean 0; all 0 where the reference is taken as given.
        generated: (m,) influence of each generated row, mean 0.
        further_variance: what the influences do not explain, for example of second order; >= 0.
        range: smallest and largest value that the figure can take; the interval is cut there.
        squared: how a figure errs that is a squared distance: its interval follows from that, and not from the normal law.
        share_of: of a figure that is a share of so many independent rows: its interval is Clopper and Pearson's.
        pair: of a figure that differs from another generator's by what they share of the reference: what that difference needs.
        gap: of a figure that is an absolute difference: what it is made of, for its interval and differences between generators.
        short_of: of a figure of which this is the best, and that errs in proportion to what lacks to it: the interval is of the
            logarithm of what lacks.
        parts: of a figure that rows move together, not one by one: its values in parts of them, for differences between generators.
    """

    value: float
    direction: Literal["higher", "lower", "neither"]
    method: str
    reference: Array
    generated: Array
    further_variance: float = 0.0
    range: tuple[float, float] = (-math.inf, math.inf)
    squared: SquaredDistance | None = None
    share_of: float | None = None
    gap: AbsoluteGap | None = None
    parts: Parts | None = None
    pair: SharedReference | None = None
    short_of: float | None = None

    @classmethod
    def of_gap(cls, gap: AbsoluteGap, method: str, range: tuple[float, float]) -> "Estimate":
        """The mean of absolute differences as a figure, the lower the better; its interval is of the differences' expectations."""
        return cls(gap.value, "lower", method, *gap.influences(), gap.besides / len(gap.signed), range, gap=gap)

    def __post_init__(self) -> None:
        if not math.isfinite(self.value) or not 0 <= self.further_variance < math.inf:
            raise InputError("a figure needs a finite value and a finite variance: look for huge or constant values in the data")
        for rows in (self.reference, self.generated):
            if rows.ndim != 1 or len(rows) < 2 or not np.isfinite(rows).all():
                raise ShapeError(f"influences need shape (rows,) with two rows or more, all finite, got shape {rows.shape}")

    @property
    def variance(self) -> float:
        """Squared standard error."""
        return _share(self.reference) + _share(self.generated) + self.further_variance

    def grouped(self, reference: NDArray[np.int64], generated: NDArray[np.int64]) -> "Estimate":
        """The same figure with one influence a group of rows, for rows that are not independent within a group.

        Windows of one series overlap, answers to one prompt resemble each other: what varies from draw to draw is the group. The
        variance then rests on as many groups as there are, and is itself rough below some thirty. A share is then one of as many
        independent rows as have that variance.

        Args:
            reference: (n,) the group of each reference row.
            generated: (m,) the group of each generated row.

        Raises:
            ShapeError: a sample is of one group only, or there are not as many groups as rows.

        Source: Liang and Zeger, Biometrika 73 (1986); for shares Korn and Graubard, Survey Methodology 24 (1998).

        >>> rows = np.repeat([-1.0, 1.0], 50)
        >>> alone, pairs = Estimate(0.5, "lower", "demo", rows, rows), np.repeat(np.arange(50), 2)
        >>> round(alone.grouped(pairs, pairs).variance / alone.variance, 2)
        2.02
        """
        grouped = replace(self, reference=_by_group(self.reference, reference), generated=_by_group(self.generated, generated))
        if self.share_of is not None:
            return replace(grouped, share_of=self._independent_rows(grouped))
        if self.gap is not None:
            sides = ((self.gap.reference, reference), (self.gap.generated, generated))
            return replace(grouped, gap=self.gap.of_rows(*(np.stack([_by_group(one, of) for one in side]) for side, of in sides)))
        alone, together = (_share(each.reference) + _share(each.generated) for each in (self, grouped))
        if not alone > 0 < together:
            return replace(grouped, squared=None, parts=None, pair=None)
        ratio = together / alone
        return replace(
            grouped,
            squared=self.squared and self.squared.grouped(ratio),
            parts=self.parts and self.parts.times(math.sqrt(ratio)),
            pair=self.pair and self.pair.grouped(ratio),
        )

    def _independent_rows(self, grouped: "Estimate") -> float:
        """So many independent rows have the variance of the groups."""
        variance, rows = _share(grouped.generated), float(len(self.generated))
        if variance == 0:
            return float(len(grouped.generated))
        return min(max(self.value * (1 - self.value) / variance, 1.0), rows)

    def interval(self, *, level: float = 0.95) -> Interval:
        """The figure with its interval, cut to the figure's range; it always holds the figure and a value of that range.

        It assumes independent rows. That of a share is exact. Others are normal, and where the figure lies at the end of its range
        a guide; those of a squared distance (:class:`~evalkit.statistics.squared.SquaredDistance`), of a single
        absolute difference (:func:`~evalkit.statistics.intervals.absolute_interval`) and of what lacks to the best
        (:func:`~evalkit.statistics.intervals.positive_interval`) are as good there; those of a mean of several absolute differences
        are wide enough for signs that are in doubt (:meth:`~evalkit.statistics.gaps.AbsoluteGap.largest_error`).

        >>> rows = np.array([-1.0, 1.0] * 50)
        >>> [round(end, 2) for end in Estimate(0.5, "lower", "demo", 0 * rows, rows).interval()]
        [0.5, 0.3, 0.7]
        """
        if self.share_of is not None:
            return proportion_interval(self.value * self.share_of, self.share_of, level=level)._replace(value=self.value)
        low, high = (min(max(end, self.range[0]), self.range[1]) for end in self._ends(level))
        return Interval(self.value, min(self.value, low), max(self.value, high))

    def _ends(self, level: float) -> tuple[float, float]:
        if self.squared is not None:
            return self.squared.interval(self.value, level=level)
        error = math.sqrt(self.variance) if self.gap is None else self.gap.largest_error(_width(level))
        if self.gap is not None and len(self.gap.signed) == 1 and error > 0:
            return absolute_interval(self.value, error, level=level)[1:]
        if self.short_of is not None:
            _, low, high = positive_interval(max(self.short_of - self.value, 0.0), error, level=level)
            return self.short_of - high, self.short_of - low
        return self.value - _width(level) * error, self.value + _width(level) * error


class Difference(NamedTuple):
    """How far one figure lies above another.

    Attributes:
        value: first minus second.
        low, high: the interval's ends.
        p_value: two-sided, of no difference.
        standard_error: of the difference.
    """

    value: float
    low: float
    high: float
    p_value: float
    standard_error: float


def difference(first: Estimate, second: Estimate, *, paired: bool = False, level: float = 0.95) -> Difference:
    """One generator's figure less another's, where both were held against the same reference rows in the same order.

    By the normal law. The variance is that of the influences; for squared distances see
    :func:`~evalkit.statistics.shared_reference.variance_of_difference`, for gaps
    :func:`~evalkit.statistics.gaps.variance_of_gap_difference`, for figures in parts :class:`~evalkit.statistics.parts.Parts`.

    Args:
        first: of one generator.
        second: of the other.
        paired: row i of one generated sample belongs to row i of the other (the same prompt, the same noise).
        level: confidence, 0 < level < 1.

    Raises:
        ShapeError: the reference rows are not the same number, or ``paired`` and the generated rows are not.

    >>> reference, rows = np.array([-1.0, 1.0] * 50), np.array([-0.5, 0.5] * 50)
    >>> near, far = (Estimate(value, "lower", "demo", reference, rows) for value in (0.1, 0.4))
    >>> [round(figure, 4) for figure in difference(near, far)]
    [-0.3, -0.4393, -0.1607, 0.0, 0.0711]
    """
    if len(first.reference) != len(second.reference) or (paired and len(first.generated) != len(second.generated)):
        raise ShapeError("a difference needs figures that were held against the same rows: measure both in one run")
    value, error = first.value - second.value, math.sqrt(_variance(first, second, paired))
    if abs(value) <= _ROUNDING * max(abs(first.value), abs(second.value)):
        value = 0.0
    p_value = 2 * float(stats.norm.sf(abs(value) / error)) if error > 0 else float(value == 0)
    return Difference(value, value - _width(level) * error, value + _width(level) * error, p_value, error)


def _variance(first: Estimate, second: Estimate, paired: bool) -> float:
    if first.pair and second.pair and not paired:
        pairs = (first.reference, first.generated), (second.reference, second.generated)
        return variance_of_difference(*pairs, first.pair, second.pair)
    if first.gap and second.gap and not paired:
        return variance_of_gap_difference(first.gap, second.gap)
    if first.parts and second.parts and first.parts.fits(second.parts) and not paired:
        shown = float(first.parts.less(second.parts).usual_variance)
        # Where a share is 0 or 1 in every part, another sample need not be.
        return max(shown, first.further_variance + second.further_variance)
    of_generated = _share(first.generated - second.generated) if paired else _share(first.generated) + _share(second.generated)
    return _share(first.reference - second.reference) + of_generated + first.further_variance + second.further_variance


def _by_group(influences: Array, groups: NDArray[np.int64]) -> Array:
    """Sums within a group, scaled so that their mean is the influences' mean."""
    if len(groups) != len(influences):
        raise ShapeError(f"grouping needs a group a row, got {len(groups)} for {len(influences)} rows")
    _, places = np.unique(groups, return_inverse=True)
    sums = np.bincount(places, weights=influences)
    if len(sums) < 2:
        raise ShapeError("an interval needs two independent groups or more on each side, got one: give more of them")
    return np.asarray(sums * (len(sums) / len(influences)), dtype=np.float64)


def _share(influences: Array) -> float:
    return float(influences.var(ddof=1)) / len(influences)


def _width(level: float) -> float:
    if not 0 < level < 1:
        raise InputError(f"the level must lie between 0 and 1, got {level}")
    return float(stats.norm.ppf((1 + level) / 2))
