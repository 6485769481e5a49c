"""What the training rows say about each feature before any network is trained: how it is modelled, and its units."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import ShapeError
from evalkit.core.state import State
from evalkit.data.rows import Feature, Rows

HeadKind = Literal["number", "count", "boolean", "category", "constant"]
_LINEAR = 3.0
FURTHEST = 1e100
_NARROWEST = 1e-200
_UNITS = ("center", "scale", "mean", "spread", "low", "high")
_NORMAL_IQR = 1.3489795


@dataclass(frozen=True, eq=False)
class Facts:
    """One entry a feature, each array (f,).

    A number or count is seen as ``arcsinh((value - center) / scale)``, then as ``(that - mean) / spread``: in units of the
    feature's own bulk, nearly as it is within three of them, drawn in beyond, finite for every finite value. Center and scale
    are the median and three times the (normal-consistent) interquartile range, which a few wild values do not move.

    Attributes:
        heads: the likelihood each feature gets. A number with exactly two values in the training rows is a ``boolean``; one with
            a single value is ``constant``.
        levels: known levels of a category, else 0.
        center, scale, mean, spread: see above; for a boolean, ``center`` is the value that counts as 0 and ``scale`` the
            distance to the one that counts as 1.
        low, high: the range of the training rows, in the feature's own units.
        missing: smoothed share of missing values, strictly between 0 and 1.
        can_miss: whether a value was missing in the training rows.
        unseen: probability kept for levels, and for values other than a constant's, that the training rows did not have; by
            Laplace's rule of succession.
    """

    heads: tuple[HeadKind, ...]
    levels: tuple[int, ...]
    center: NDArray[np.float64]
    scale: NDArray[np.float64]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    missing: NDArray[np.float64]
    can_miss: NDArray[np.bool_]
    unseen: float

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, field.name)) for field in fields(self) if field.name != "unseen"}
        if len(lengths) != 1 or not 0 < self.unseen < 1 or not set(self.heads) <= set(get_args(HeadKind)):
            raise ShapeError(f"facts need one entry a feature, got lengths {sorted(lengths)}")

    @classmethod
    def fit(cls, rows: Rows) -> Self:
        """Look at the training rows.

        >>> rows = Rows(np.array([[1.0], [2.0], [4.0]]), (Feature(column="a", name="a", kind="number"),))
        >>> Facts.fit(rows).center.tolist()
        [2.0]
        """
        one = [_of_feature(feature, rows.values[:, i]) for i, feature in enumerate(rows.features)]
        n_missing = np.isnan(rows.values).sum(axis=0)
        figures = np.array([figure for _, figure in one]).reshape(-1, 6)
        return cls(
            heads=tuple(head for head, _ in one),
            levels=tuple(len(feature.levels) for feature in rows.features),
            missing=(n_missing + 0.5) / (len(rows) + 1),
            can_miss=n_missing > 0,
            unseen=1 / (len(rows) + 2),
            **dict(zip(_UNITS, figures.T.copy(), strict=True)),
        )

    def repeated(self, times: int) -> Self:
        """The same for rows in which the features come several times, one time after the other."""
        arrays: dict[str, Any] = {
            name: np.tile(figures, times) for name, figures in self.to_state().items() if isinstance(figures, np.ndarray)
        }
        return replace(self, heads=self.heads * times, levels=self.levels * times, **arrays)

    def to_state(self) -> State:
        """Lists and arrays."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """What :meth:`to_state` gave."""
        return cls(**{**state, "heads": tuple(state["heads"]), "levels": tuple(state["levels"])})


def _of_feature(feature: Feature, values: NDArray[np.float64]) -> tuple[HeadKind, tuple[float, ...]]:
    """The feature's head and its center, scale, mean, spread, low and high."""
    known = values[~np.isnan(values)]
    if feature.kind == "category":
        return "category", (0.0, 1.0, 0.0, 1.0, 0.0, float(max(len(feature.levels) - 1, 0)))
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    if low == high:
        return "constant", (low, abs(low) or 1.0, 0.0, 1.0, low, high)
    if feature.kind == "boolean":
        return "boolean", (0.0, 1.0, 0.0, 1.0, 0.0, 1.0)
    if feature.kind == "number" and bool(np.all((known == low) | (known == high))):
        return "boolean", (low, high - low, 0.0, 1.0, low, high)
    center = float(np.median(known))
    scale = _LINEAR * _width(known, center)
    drawn_in = draw_in(known, center, scale)
    spread = float(drawn_in.std())
    return feature.kind, (center, scale, float(drawn_in.mean()), spread if spread > 0 else 1.0, low, high)


def _width(known: NDArray[np.float64], center: float) -> float:
    """The width of the bulk, or of the rest where more than half the values are equal."""
    with np.errstate(over="ignore"):
        quarters = np.percentile(known, [25, 75])
        away = np.abs(known - center)
        rest = float(np.median(away[away > 0]))
        candidates = (float(quarters[1] - quarters[0]) / _NORMAL_IQR, rest, 1.0)
    return next(width for width in candidates if np.isfinite(width) and width > _NARROWEST)


def draw_in(values: NDArray[np.float64], center: float, scale: float) -> NDArray[np.float64]:
    """``arcsinh((values - center) / scale)``, finite for all finite values.

    >>> draw_in(np.array([0.0, 1e308]), -1e308, 1.0).round(1).tolist()
    [231.0, 231.0]
    """
    with np.errstate(over="ignore"):
        return np.arcsinh(np.clip((values - center) / scale, -FURTHEST, FURTHEST))
