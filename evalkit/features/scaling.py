"""Numbers of any unit and tail on one scale."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CHANGED = 4.0
"""Where a value is placed that differs from a constant of the reference: as far as four standard deviations."""

_FARTHEST = 1e6
_SAME = 1e-12
_NARROWEST = 0.5
_NORMAL_QUARTILES = 1.349


@dataclass(frozen=True)
class Scale:
    """A number's robust scale.

    The distance from the median in robust standard deviations goes through arcsinh, linear near the bulk and logarithmic far out:
    one value of 1e300 neither hides the others nor is hidden, and the place between two heaps stays between them, as it would not
    with ranks. Beyond a million robust deviations all values are alike.

    Attributes:
        center: the median; NaN where the reference has no value.
        width: the interquartile range of a normal in standard deviations; where half of the values are equal, the median distance
            of the others; 0 where all are equal.
        spread: what makes the reference's standard deviation 1.
    """

    center: float
    width: float
    spread: float

    def points(self, values: Array) -> Array:
        """Finite numbers of the same shape; missing ones are at the median, 0."""
        missing = np.isnan(values) | np.isnan(self.center)
        filled = np.where(missing, 0.0 if np.isnan(self.center) else self.center, values)
        if self.width == 0.0:
            away = filled / 2 - np.where(missing, filled, self.center) / 2
            return CHANGED * np.sign(np.where(np.abs(away) <= _SAME * np.abs(filled / 2), 0.0, away))
        return np.where(missing, 0.0, np.arcsinh(_ratio(filled, self.center, self.width)) / self.spread)


def scale_of(values: Array) -> Scale:
    """The scale of a reference's values, (n,), NaN = missing.

    >>> scale = scale_of(np.array([1.0, 2.0, 3.0, 4.0, 1e300]))
    >>> scale.points(np.array([3.0, 4.0, 1e300, np.nan])).round(2).tolist()
    [0.0, 0.11, 2.44, 0.0]
    """
    seen = values[~np.isnan(values)]
    if not len(seen):
        return Scale(float("nan"), 0.0, 1.0)
    low, center, high = np.quantile(seen, [0.25, 0.5, 0.75], method="inverted_cdf")
    half = (high / 2 - low / 2) / _NORMAL_QUARTILES  # halves, since the whole may overflow
    if not half > 0:
        away = np.abs(seen / 2 - center / 2)
        others = away[away > _SAME * np.abs(center / 2)]
        half = np.quantile(others, 0.5, method="inverted_cdf") if len(others) else 0.0
    if not half > 0:
        return Scale(float(center), 0.0, 1.0)
    width = 2 * float(np.clip(half, np.finfo(np.float64).tiny, np.finfo(np.float64).max / 2))
    spread = float(np.arcsinh(_ratio(seen, float(center), width)).std())
    return Scale(float(center), width, max(spread, _NARROWEST))  # the floor: a rare value is no reason to stretch a column


def scales_to_array(scales: Iterable[Scale]) -> Array:
    """Scales as (n, 3): center, width and spread of each.

    >>> scales_from_array(scales_to_array([Scale(1.0, 2.0, 0.5)]), 1)
    (Scale(center=1.0, width=2.0, spread=0.5),)
    """
    return np.array([(scale.center, scale.width, scale.spread) for scale in scales], dtype=np.float64).reshape(-1, 3)


def scales_from_array(array: Array, n: int) -> tuple[Scale, ...]:
    """The way back from :func:`scales_to_array`.

    Raises:
        ValueError: they are not n scales: the array came from a file.
    """
    if array.shape != (n, 3) or np.isinf(array).any() or not (array[:, 1] >= 0).all() or not (array[:, 2] > 0).all():
        raise ValueError("these are no scales")
    return tuple(Scale(*row) for row in array.tolist())


def _ratio(values: Array, center: float, width: float) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(np.clip((values / 2 - center / 2) / width * 2, -_FARTHEST, _FARTHEST))
