"""How much emptier a row's surroundings are than its neighbours' surroundings."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.anomaly.members.base import Reference, Training, once_for_rows
from evalkit.anomaly.spaces import Spaces
from evalkit.core.state import ReadState, State
from evalkit.data.rows import Rows
from evalkit.kernels.neighbours import nearest

_NEIGHBOURS = 5
_SAME = 1e-18


@dataclass(frozen=True, eq=False)
class LocalOutlier:
    """The log of the local outlier factor: sees rows between dense groups that are near in absolute terms.

    Copies of a reference row count once, and a row is compared with the *other* places where reference rows lie. Without that,
    a handful of copies has infinite density and every row beside them an infinite score.

    Source: Breunig et al., SIGMOD 2000.
    """

    spaces: Spaces
    points: NDArray[np.float64]
    reach: NDArray[np.float64]
    density: NDArray[np.float64]

    @classmethod
    def fit(cls, training: Training) -> Self:
        """Densities of the distinct reference rows."""
        return cls.from_state({}, training)

    def score(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """The log of the ratio of densities, about 0 inside a group. Reference rows leave themselves out in any case."""
        distances, indices = self._neighbours(rows, own)
        return np.asarray(np.log(self.density[indices].mean(axis=1) / _density(distances, self.reach[indices])))

    def contributions(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """The mean squared distance to the neighbours is a sum over columns."""
        points = self.spaces.transform(rows, "standard")
        _, indices = self._neighbours(rows, own)
        return self.spaces.by_column(((points[:, None] - self.points[indices]) ** 2).mean(axis=1))

    @once_for_rows
    def _neighbours(self, rows: Rows, own: bool) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        return _others(self.points, self.spaces.transform(rows, "standard"))

    def to_state(self) -> State:
        """Nothing but the reference."""
        return {}

    @classmethod
    def from_state(cls, state: ReadState, reference: Reference) -> Self:
        """The inverse of :meth:`to_state`."""
        points = np.unique(reference.spaces.transform(reference.rows, "standard"), axis=0)
        distances, indices = _others(points, points)
        reach = distances[:, -1]
        return cls(reference.spaces, points, reach, _density(distances, reach[indices]))


def _others(points: NDArray[np.float64], queries: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Distances to and positions of the nearest points that are not where the query itself is."""
    found = nearest(points, queries, min(_NEIGHBOURS + 1, len(points)))
    if len(points) == 1:
        return np.sqrt(found.distances), found.indices
    here = (found.distances[:, :1] <= _SAME).astype(np.intp)
    others = here + np.arange(found.indices.shape[1] - 1)
    return np.sqrt(np.take_along_axis(found.distances, others, axis=1)), np.take_along_axis(found.indices, others, axis=1)


def _density(distances: NDArray[np.float64], reach: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (np.maximum(distances, reach).mean(axis=1) + 1e-12))
