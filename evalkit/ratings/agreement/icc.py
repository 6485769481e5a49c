"""Intraclass correlation: how much of the variance of numeric ratings is between units."""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evalkit.core.errors import InputError, ShapeError, UndefinedError
from evalkit.ratings.agreement.labels import Labels
from evalkit.statistics.intervals import Interval

Form = Literal["ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"]
FORMS: tuple[Form, ...] = ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k")


class _Squares(NamedTuple):
    n: int
    k: int
    between: float
    within: float
    raters: float
    error: float


def icc(labels: Any, *, form: Form = "ICC2", level: float = 0.95) -> Interval:
    """Intraclass correlation of ratings of n units by k raters, each rater all units.

    ``ICC1``: other raters for each unit, one-way. ``ICC2``: raters are a sample, absolute agreement. ``ICC3``: these raters only,
    consistency: a rater who is always stricter costs nothing. With ``k``: of the mean of k raters. The forms answer different
    questions and differ widely: say which. It is low where units hardly differ, and assumes roughly normal ratings.

    Args:
        labels: numbers, units in rows and raters in columns, none missing; or long, see :meth:`Labels.of`.
        form: one of ``FORMS``.
        level: 0 < level < 1.

    Returns:
        The estimate with the interval from the F distribution; it may be negative.

    Raises:
        ShapeError: fewer than two units or raters, or ratings are missing.
        UndefinedError: all ratings are equal.

    Source: Shrout and Fleiss, Psychological Bulletin 86 (1979); McGraw and Wong, Psychological Methods 1 (1996).

    >>> round(icc([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], form="ICC2").value, 2)
    0.29
    """
    if form not in FORMS or not 0 < level < 1:
        raise InputError(f"the form must be one of {', '.join(FORMS)} and the level between 0 and 1, got {form!r} and {level}")
    squares = _squares(_complete(labels))
    low, high = _ends(squares, form[:4], (1 - level) / 2)
    single = Interval(_value(squares, form[:4]), low, high)
    if not form.endswith("k"):
        return single
    return Interval(*(_of_mean(each, squares.k) for each in single))


def _complete(labels: Any) -> NDArray[np.float64]:
    read = Labels.of(labels)
    table, numbers = read.table(), read.numbers()
    if (table < 0).any():
        raise ShapeError(
            "an intraclass correlation needs every rater's rating of every unit: leave incomplete ones out, or use alpha"
        )
    if min(table.shape) < 2:
        raise ShapeError(
            f"an intraclass correlation needs two units and two raters or more, got {table.shape[0]} and {table.shape[1]}"
        )
    return np.asarray(numbers[table])


def _squares(ratings: NDArray[np.float64]) -> _Squares:
    """Mean squares of the two-way table."""
    n, k = ratings.shape
    centred = ratings - ratings.mean()
    rows, columns = centred.mean(axis=1), centred.mean(axis=0)
    between, raters = k * float(rows @ rows) / (n - 1), n * float(columns @ columns) / (k - 1)
    error = float(((centred - rows[:, None] - columns) ** 2).sum()) / ((n - 1) * (k - 1))
    within = float(((centred - rows[:, None]) ** 2).sum()) / (n * (k - 1))
    if not centred.any():
        raise UndefinedError("all ratings are equal: there is no variance that units could account for")
    return _Squares(n, k, between, within, raters, error)


def _value(s: _Squares, form: str) -> float:
    if form == "ICC1":
        return (s.between - s.within) / (s.between + (s.k - 1) * s.within)
    common = s.k * (s.raters - s.error) / s.n if form == "ICC2" else 0.0
    whole = s.between + (s.k - 1) * s.error + common
    if whole <= 0 or s.between == s.error == 0:
        raise UndefinedError("units do not differ, and raters differ by a constant only: the correlation is undefined")
    return (s.between - s.error) / whole


def _ends(s: _Squares, form: str, tail: float) -> tuple[float, float]:
    n, k = s.n, s.k
    if form == "ICC2":
        return _ends_of_sampled_raters(s, tail)
    noise, degrees = (s.within, n * (k - 1)) if form == "ICC1" else (s.error, (n - 1) * (k - 1))
    if noise <= 0:
        return 1.0, 1.0
    ratio = s.between / noise
    low = ratio / stats.f.ppf(1 - tail, n - 1, degrees)
    high = ratio * stats.f.ppf(1 - tail, degrees, n - 1)
    return float((low - 1) / (low + k - 1)), float((high - 1) / (high + k - 1))


def _ends_of_sampled_raters(s: _Squares, tail: float) -> tuple[float, float]:
    """With the degrees of freedom of Satterthwaite for the mixture of variances."""
    n, k, value = s.n, s.k, _value(s, "ICC2")
    if value >= 1:
        return 1.0, 1.0
    a, b = k * value / (n * (1 - value)), 1 + k * value * (n - 1) / (n * (1 - value))
    mixed = a * s.raters + b * s.error
    spread = (a * s.raters) ** 2 / (k - 1) + (b * s.error) ** 2 / ((n - 1) * (k - 1))
    # Weights of either sign, where the value is negative, may leave less than one.
    degrees = max(1.0, mixed**2 / spread) if spread > 0 else 1.0
    above, below = stats.f.ppf(1 - tail, n - 1, degrees), stats.f.ppf(1 - tail, degrees, n - 1)
    low = n * (s.between - above * s.error) / (above * (k * s.raters + (k * n - k - n) * s.error) + n * s.between)
    high = n * (below * s.between - s.error) / (k * s.raters + (k * n - k - n) * s.error + n * below * s.between)
    return min(float(low), value), max(float(high), value)


def _of_mean(single: float, k: int) -> float:
    """Spearman and Brown: the reliability of a mean of k."""
    return k * single / (1 + (k - 1) * single)
