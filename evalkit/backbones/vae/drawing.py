"""What a table's drawn rows need beyond the bound: dependence that the code leaves over, and values that many rows share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf_shrinkage
from torch import Tensor

from evalkit.backbones.heads.knots import Knots
from evalkit.core.errors import ShapeError
from evalkit.core.state import State

_MOST_FACTORS = 64
_NO_SPREAD = 1e-9
_SHARED = 0.1


def loadings_of(residuals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Loadings of the features' residuals on common factors, (f, factors); of residuals that are 0 throughout, 0.

    A decoder predicts numbers one by one, as if nothing but the code tied them together. What still does shows in the correlation
    of their residuals, which is shrunk by Ledoit and Wolf's rule as little as the number of rows allows.

    Args:
        residuals: (n, f) in sigmas.
    """
    spread = residuals.std(axis=0)
    there = spread > _NO_SPREAD
    loadings = np.zeros((residuals.shape[1], min(int(there.sum()), _MOST_FACTORS)))
    if there.any():
        scores = (residuals[:, there] - residuals[:, there].mean(axis=0)) / spread[there]
        keep = 1 - ledoit_wolf_shrinkage(scores, assume_centered=True)
        _, lengths, directions = np.linalg.svd(scores / np.sqrt(len(scores)), full_matrices=False)
        found = np.sqrt(keep) * directions.T * lengths
        loadings[there, : found.shape[1]] = found[:, : loadings.shape[1]]
    return loadings


def joined(noise: Tensor, loadings: Tensor) -> Tensor:
    """Standard normal noise, (n, factors + f), with the factors' correlations, (n, f), each still standard normal."""
    n_factors = loadings.shape[1]
    own = (1 - loadings.square().sum(dim=1)).clamp(min=0.0).sqrt()
    return noise[:, :n_factors] @ loadings.T + own * noise[:, n_factors:]


@dataclass(frozen=True, eq=False)
class SharedValues:
    """The distributions of features in which rows share values: grades, scales, amounts that are often zero.

    No smooth likelihood has such a feature's steps, so drawn values are moved, by their rank, to those of the training rows.

    Attributes:
        features: which ones.
        drawn: of values as the model draws them.
        wanted: of the training rows.
    """

    features: tuple[int, ...]
    drawn: Knots
    wanted: Knots

    def __post_init__(self) -> None:
        if not len(self.features) == len(self.drawn.counts) == len(self.wanted.counts):
            raise ShapeError(f"shared values of {len(self.features)} features need as many distributions twice")

    @classmethod
    def fit(cls, drawn: NDArray[np.float64], wanted: NDArray[np.float64], numeric: Sequence[int]) -> Self | None:
        """Compare drawn rows (m, f) with training rows (n, f) in ``numeric`` features whose rows share values; None if none do.

        >>> grades = np.repeat([1.0, 2.0, 3.0], [60, 30, 10])[:, None]
        >>> shared = SharedValues.fit(np.linspace(0, 4, 500)[:, None], grades, [0])
        >>> shared.moved(np.array([[1.0], [3.0], [3.9]]), np.full((3, 1), 0.5)).tolist()
        [[1.0], [2.0], [3.0]]
        """
        features = [i for i in numeric if _shares_values(wanted[:, i])]
        return cls(tuple(features), Knots.fit(drawn[:, features]), Knots.fit(wanted[:, features])) if features else None

    def moved(self, values: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Drawn rows, (n, f), with their values moved; missing ones stay missing. Ties are broken by ``uniform``, (n, f)."""
        result = values.copy()
        single = range(len(self.features))
        for i, drawn, wanted in zip(self.features, self.drawn.of(single), self.wanted.of(single), strict=True):
            rank = _rank(values[:, i], uniform[:, i], drawn)
            place = np.searchsorted(wanted.above, np.nan_to_num(rank)).clip(max=len(wanted.values) - 1)
            result[:, i] = np.where(np.isnan(values[:, i]), np.nan, wanted.values[place])
        return result

    def to_state(self) -> State:
        """Positions and knots."""
        return {"features": list(self.features), "drawn": self.drawn.to_state(), "wanted": self.wanted.to_state()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """What :meth:`to_state` gave."""
        return cls(tuple(state["features"]), Knots.from_state(state["drawn"]), Knots.from_state(state["wanted"]))


def _shares_values(values: NDArray[np.float64]) -> bool:
    """Whether ten rows go to a value, or one in ten has the same."""
    _, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    return len(counts) > 0 and bool(counts.mean() >= 1 / _SHARED or counts.max() >= _SHARED * counts.sum())


def _rank(values: NDArray[np.float64], uniform: NDArray[np.float64], knots: Knots) -> NDArray[np.float64]:
    """The share of the knots' rows below each value, (n,); anywhere in the share of those that are equal."""
    at = np.searchsorted(knots.values, values).clip(max=len(knots.values) - 1)
    within = knots.below[at] + uniform * (knots.above[at] - knots.below[at])
    between = np.interp(values, knots.values, (knots.below + knots.above) / 2)
    return np.where(knots.values[at] == values, within, between)
