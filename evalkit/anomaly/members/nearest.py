"""The distance to the nearest reference row."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from evalkit.anomaly.members.base import Reference, Training, once_for_rows
from evalkit.anomaly.spaces import SpaceName, Spaces
from evalkit.core.state import ReadState, State
from evalkit.data.rows import Rows
from evalkit.kernels.neighbours import Metric, Neighbours, faster, nearest


@dataclass(frozen=True, eq=False)
class Nearest:
    """How far away the nearest reference row is: sees rows where there is no other, blind to dependencies of many columns.

    The strongest single member on 30 public data sets (mean ROC-AUC 0.849), and the one to beat.
    """

    space: ClassVar[SpaceName] = "standard"
    metric: ClassVar[Metric] = "squared_euclidean"

    spaces: Spaces
    points: NDArray[np.float64]

    @classmethod
    def fit(cls, training: Training) -> Self:
        """Keep the reference."""
        return cls.from_state({}, training)

    def score(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """The distance, in (squared) standard deviations."""
        return self._nearest(rows, own).distances[:, 0]

    def contributions(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """The distance is a sum over columns."""
        points = self.spaces.transform(rows, self.space)
        apart = np.abs(points - self.points[self._nearest(rows, own).indices[:, 0]])
        return self.spaces.by_column(apart**2 if self.metric == "squared_euclidean" else apart)

    @once_for_rows
    def _nearest(self, rows: Rows, own: bool) -> Neighbours:
        points = self.points if own else self.spaces.transform(rows, self.space)
        impl = faster(points.shape[1]) if self.metric == "squared_euclidean" else None
        return nearest(self.points, points, 1, metric=self.metric, leave_one_out=own, impl=impl)

    def to_state(self) -> State:
        """Nothing but the reference."""
        return {}

    @classmethod
    def from_state(cls, state: ReadState, reference: Reference) -> Self:
        """The inverse of :meth:`to_state`."""
        return cls(reference.spaces, reference.spaces.transform(reference.rows, cls.space))


class NearestManhattan(Nearest):
    """As :class:`Nearest`, adding up differences instead of squares after taming heavy tails: many small oddities count."""

    space = "robust"
    metric = "manhattan"
