"""Many tests at once: adjusted p-values whose comparison with a level controls the false alarms of the whole family.

An adjusted value is the smallest level at which its test would be rejected when all are tested together; it depends on the whole
family and must be computed once, over everything that was tested.
"""

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError

# m·p/rank of a p-value that sits exactly on the line must not end up one bit above it.
_ONE_BIT = 1 - 1e-12


def benjamini_hochberg(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjusted p-values that control the expected share of false rejections among the rejections.

    Valid for independent and for positively dependent tests, conformal p-values among them. The share is an expectation over
    repetitions: a single run's share may lie above it.

    Args:
        p_values: (m,), 0 <= p <= 1.

    Returns:
        (m,) adjusted values in the same order; reject where they are <= the accepted share.

    Raises:
        InputError: a p-value lies outside 0 … 1 or is NaN.

    Source: Benjamini and Hochberg, Journal of the Royal Statistical Society B 57 (1995).

    >>> (benjamini_hochberg(np.array([0.01, 0.5, 0.02])) <= 0.03).tolist()
    [True, False, True]
    """
    return _step_up(p_values, 1.0)


def benjamini_yekutieli(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """As :func:`benjamini_hochberg`, valid under any dependence; it needs p-values smaller by a factor of about log m.

    Source: Benjamini and Yekutieli, Annals of Statistics 29 (2001).

    >>> (benjamini_yekutieli(np.array([0.01, 0.5, 0.02])) <= 0.03).tolist()
    [False, False, False]
    """
    return _step_up(p_values, float((1 / np.arange(1, max(len(p_values), 1) + 1)).sum()))


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjusted p-values that control the chance of even one false rejection, under any dependence.

    Source: Holm, Scandinavian Journal of Statistics 6 (1979).

    >>> (holm(np.array([0.01, 0.5, 0.02])) <= 0.05).tolist()
    [True, False, True]
    """
    p_values = _checked(p_values)
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    return _in_order(stepped, order)


def _step_up(p_values: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    p_values = _checked(p_values)
    m = len(p_values)
    order = np.argsort(p_values, kind="stable")
    ratio = p_values[order] * (m * factor) / np.arange(1, m + 1)
    return _in_order(np.minimum.accumulate(ratio[::-1])[::-1], order)


def _in_order(stepped: NDArray[np.float64], order: NDArray[np.intp]) -> NDArray[np.float64]:
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(stepped * _ONE_BIT, 1.0)
    return adjusted


def _checked(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    p_values = np.asarray(p_values, dtype=np.float64)
    if not ((p_values >= 0) & (p_values <= 1)).all():
        raise InputError("p-values must lie between 0 and 1")
    return p_values
