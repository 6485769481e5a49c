"""Spaces: the numeric pictures of a table in which members look for distance and density, fitted on the reference once."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from evalkit.core.state import ReadState, State
from evalkit.data.rows import Feature, Rows, add_by_column

SpaceName = Literal["standard", "robust", "rank"]

UNSEEN = 4.0
"""Where a value of a sort that the reference never had is placed: a missing value, a new level, a change of a constant. It is as
far away as four standard deviations."""
_FARTHEST = 1e6
_RANK_EDGE = 3.5
_KNOTS = 1000
_MISMATCH = np.sqrt(0.5)


@dataclass(frozen=True, eq=False)
class Scale:
    """How one numeric feature enters the spaces; see :meth:`Spaces.transform`."""

    center: float
    width: float
    median: float
    spread: float
    robust_width: float
    rank_width: float
    knots: NDArray[np.float64]
    cumulative: NDArray[np.float64]
    has_missing: bool


class Spaces:
    """Numbers, categories and missing values of a table as points in three spaces.

    * ``standard``: numbers in standard deviations from the mean. Features with two values span 0 … 1.
    * ``robust``: numbers in robust standard deviations from the median, through arcsinh: linear near the bulk, logarithmic far
      out, so that one heavy tail does not drown the other features.
    * ``rank``: numbers by their normal score among the reference, within ±3.5: only the shape of dependencies is left.

    Two different levels of a category are at squared distance 1, as are the two values of a yes-or-no feature. Where the
    reference has missing values, missing is one more such yes-or-no feature.

    Args:
        rows: the reference.
    """

    def __init__(self, rows: Rows) -> None:
        self.features = rows.features
        self.scales = [None if f.kind == "category" else _scale(rows.values[:, i]) for i, f in enumerate(rows.features)]

    @cached_property
    def feature_of_dimension(self) -> NDArray[np.intp]:
        """For every dimension of the spaces, the position of its feature."""
        owners: list[int] = []
        for i, (feature, scale) in enumerate(zip(self.features, self.scales, strict=True)):
            owners += [i] * (len(feature.levels) + 2 if scale is None else 1 + scale.has_missing)
        return np.array(owners, dtype=np.intp)

    def n_labels(self, feature: int) -> int:
        """How many labels a category, a yes-or-no feature or a number with at most two values has; 0 for other numbers."""
        scale = self.scales[feature]
        if scale is None:
            return len(self.features[feature].levels)
        return len(scale.knots) if len(scale.knots) <= 2 else 0

    def labels(self, values: NDArray[np.float64], feature: int) -> NDArray[np.intp]:
        """The label of each value, 0 … n_labels - 1, then one for missing and one for what the reference did not have."""
        scale, n_labels = self.scales[feature], self.n_labels(feature)
        known = np.arange(n_labels, dtype=np.float64) if scale is None else scale.knots
        found = np.searchsorted(known, values)
        seen = np.isin(values, known)
        return np.where(np.isnan(values), n_labels, np.where(seen, found, n_labels + 1)).astype(np.intp)

    def transform(self, rows: Rows, space: SpaceName) -> NDArray[np.float64]:
        """The rows as points, (n, dimensions), finite whatever the values."""
        points = np.empty((len(rows), len(self.feature_of_dimension)))
        at = 0
        for i, (feature, scale) in enumerate(zip(self.features, self.scales, strict=True)):
            values = rows.values[:, i]
            block = _levels(values, feature) if scale is None else _number(values, scale, space)
            points[:, at : at + block.shape[1]] = block
            at += block.shape[1]
        return points

    def by_column(self, terms: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up terms a dimension, (n, dimensions), into terms a source column, (n, columns)."""
        by_feature = np.zeros((len(self.features), len(terms)))
        np.add.at(by_feature, self.feature_of_dimension, terms.T)
        return add_by_column(by_feature.T, self.features)

    def to_state(self) -> State:
        """Plain values and arrays, without the features."""
        return {"scales": [None if scale is None else dict(vars(scale)) for scale in self.scales]}

    @classmethod
    def from_state(cls, state: ReadState, features: tuple[Feature, ...]) -> Self:
        """The inverse of :meth:`to_state`."""
        spaces = cls.__new__(cls)
        spaces.features = features
        spaces.scales = [None if scale is None else Scale(**scale) for scale in state["scales"]]
        return spaces


def _scale(values: NDArray[np.float64]) -> Scale:
    seen = np.sort(values[~np.isnan(values)])
    has_missing = len(seen) < len(values)
    levels = np.unique(seen)
    if len(levels) <= 2:
        first, width = (float(levels[0]), _difference(levels[0], levels[-1]) or 1.0) if len(levels) else (0.0, 1.0)
        return Scale(first, width, first, width, 1.0, 1.0, levels, np.linspace(0, 1, len(levels)), has_missing)
    knots = np.unique(np.quantile(seen, np.linspace(0, 1, _KNOTS), method="inverted_cdf")) if len(levels) > _KNOTS else levels
    below, upto = np.searchsorted(seen, knots, "left"), np.searchsorted(seen, knots, "right")
    cumulative = (below + upto) / (2 * len(seen))
    cumulative[0], cumulative[-1] = 0.0, 1.0
    center, width = _moments(seen)
    low, median, high = np.quantile(seen, [0.25, 0.5, 0.75], method="inverted_cdf")
    spread = _difference(low, high) / 1.349 or width
    robust_width = float(np.arcsinh(_ratio(seen, median, spread)).std())
    rank_width = float(_normal_scores(seen, knots, cumulative).std())
    return Scale(center, width, float(median), spread, robust_width or 1.0, rank_width or 1.0, knots, cumulative, has_missing)


def _moments(values: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard deviation, without overflow for values near the largest float."""
    largest = float(np.abs(values).max())
    shrunk = values / largest
    return float(shrunk.mean() * largest), max(float(shrunk.std() * largest), np.finfo(np.float64).tiny)


def _difference(low: float, high: float) -> float:
    return float(min(high / 2 - low / 2, np.finfo(np.float64).max / 2) * 2)


def _ratio(values: NDArray[np.float64], center: float, width: float) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return np.clip((values / 2 - center / 2) / width * 2, -_FARTHEST, _FARTHEST)


def _normal_scores(values: NDArray[np.float64], knots: NDArray[np.float64], cumulative: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.clip(ndtri(np.interp(values, knots, cumulative)), -_RANK_EDGE, _RANK_EDGE))


def _number(values: NDArray[np.float64], scale: Scale, space: SpaceName) -> NDArray[np.float64]:
    missing = np.isnan(values)
    filled = np.where(missing, scale.center, values)
    if len(scale.knots) < 2:
        points = np.where(np.isin(filled, scale.knots), 0.0, UNSEEN)
    elif space == "standard" or len(scale.knots) == 2:
        points = _ratio(filled, scale.center, scale.width)
    elif space == "robust":
        points = np.arcsinh(_ratio(filled, scale.median, scale.spread)) / scale.robust_width
    else:
        points = _normal_scores(filled, scale.knots, scale.cumulative) / scale.rank_width
    points = np.where(missing, 0.0 if scale.has_missing else UNSEEN, points)
    return np.column_stack([points, missing]) if scale.has_missing else points[:, None]


def _levels(values: NDArray[np.float64], feature: Feature) -> NDArray[np.float64]:
    """One dimension a level, one for levels the reference did not have, one for missing."""
    n_levels = len(feature.levels)
    codes = np.where(np.isnan(values), n_levels + 1, values).astype(np.intp)
    points = np.zeros((len(values), n_levels + 2))
    points[np.arange(len(values)), codes] = np.where(codes == n_levels, UNSEEN, _MISMATCH)
    return points
