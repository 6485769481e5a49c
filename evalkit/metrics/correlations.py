"""Pearson's correlations of columns with gaps, and what each row does to them."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# A variance below it is that of a constant.
_ROUNDING = 1e-12


def correlation(x: Array, y: Array) -> tuple[float, Array]:
    """Pearson's correlation of the complete rows, and every row's influence on it; all 0 where a column is constant.

    Args:
        x: (n,), NaN = missing.
        y: (n,) likewise.

    >>> round(correlation(np.array([0.0, 1.0, 2.0, 9.0]), np.array([1.0, 3.0, 5.0, np.nan]))[0], 6)
    1.0
    """
    influences = np.zeros(len(x))
    complete = ~(np.isnan(x) | np.isnan(y))
    standard = [_standardised(values[complete]) for values in (x, y)]
    if any(values is None for values in standard):
        return 0.0, influences
    first, second = (values for values in standard if values is not None)
    r = float(np.clip((first * second).mean(), -1, 1))
    influences[complete] = (first * second - r * (first**2 + second**2) / 2) * len(x) / complete.sum()
    return r, influences


def spread_out(values: Array) -> Array:
    """(n,) values with mean 0 and mean square 1; NaN stays, and what is constant becomes 0."""
    found, known = np.where(np.isnan(values), np.nan, 0.0), ~np.isnan(values)
    standard = _standardised(values[known])
    if standard is not None:
        found[known] = standard
    return found


def all_correlations(values: Array) -> Array:
    """Of all pairs of columns, each over its complete rows; 0 where one is constant, and on the diagonal.

    Args:
        values: (n, d), each column as :func:`spread_out` makes it.

    Returns:
        (d, d).
    """
    known = (~np.isnan(values)).astype(np.float64)
    filled = np.nan_to_num(values)
    count, sums, squares = known.T @ known, filled.T @ known, (filled**2).T @ known
    spread = squares * count - sums**2
    scale = np.sqrt(np.maximum(spread * spread.T, 0.0))
    varies = spread > _ROUNDING * count**2
    found = np.divide((filled.T @ filled) * count - sums * sums.T, scale, out=np.zeros_like(scale), where=varies & varies.T)
    np.fill_diagonal(found, 0.0)
    return found


def _standardised(values: Array) -> Array | None:
    """Mean 0 and mean square 1, or None for constants, which rounding must not turn into noise."""
    if len(values) < 2 or (values == values[0]).all():
        return None
    # Divided by the largest deviation first, so that squares neither overflow nor vanish.
    centred = values - values.mean()
    centred = centred / np.abs(centred).max()
    return np.asarray(centred / np.sqrt((centred**2).mean()), dtype=np.float64)
