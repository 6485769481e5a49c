"""From scores to surprise: minus the log of the chance that a normal row scores as high."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.core.state import ReadState, State

_START, _EDGE = 0.8, 0.98
_STRAIGHT = 5.0


@dataclass(frozen=True, eq=False)
class Surprise:
    """How rare a score is among the scores of reference rows, in nats.

    Up to the edge, above which the highest fiftieth of the reference lies, it is minus the log of the share of reference rows that
    score as high, joined by straight lines. Beyond, it grows with the distance in units of the tail's mean excess below the edge,
    as an exponential tail would: a handful of anomalies among the reference cannot hide each other by taking the highest ranks.
    After five units it grows with the logarithm: the row farther out stays the odder one, and one member cannot drown the others.

    Attributes:
        scores: the distinct reference scores up to the edge, ascending.
        at_least: how many reference scores are as high as each.
        unit: of the distance beyond the edge.
    """

    scores: NDArray[np.float64]
    at_least: NDArray[np.float64]
    unit: float

    @classmethod
    def fit(cls, scores: NDArray[np.float64], *, least_unit: float = 0.0) -> Self:
        """From the out-of-sample scores of the reference rows, (n,), n >= 1.

        Args:
            scores: of the reference rows.
            least_unit: smallest distance that means something, in the scores' unit.
        """
        ordered = np.sort(scores)
        n = len(ordered)
        edge, low = ordered[max(int(np.ceil(_EDGE * n)) - 1, 0)], ordered[int(_START * n)]
        inside = int(((ordered > low) & (ordered < edge)).sum())
        unit = float((np.minimum(ordered[ordered >= low], edge) - low).sum()) / max(inside, 1)
        distinct, first = np.unique(ordered[ordered <= edge], return_index=True)
        return cls(distinct, (n - first).astype(np.float64), max(unit, least_unit, 1e-6 * abs(float(edge)) + 1e-12))

    def of_new(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Surprise of rows that are not in the reference, (m,) nats >= 0."""
        return self._nats(scores, (self.at_least + 1) / (self.at_least[0] + 1))

    def of_own(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Surprise of the reference rows themselves, each among the others, so that it is like a new row's."""
        return self._nats(scores, self.at_least / self.at_least[0])

    def _nats(self, scores: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
        beyond = np.maximum(scores - self.scores[-1], 0.0) / self.unit
        growth = np.minimum(beyond, _STRAIGHT) + np.log1p(np.maximum(beyond - _STRAIGHT, 0.0))
        return np.asarray(np.interp(scores, self.scores, -np.log(shares)) + growth)

    def to_state(self) -> State:
        """Plain values and arrays."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """The inverse of :meth:`to_state`."""
        return cls(state["scores"], state["at_least"], float(state["unit"]))


def soft_maximum(surprises: NDArray[np.float64], sharpness: float) -> NDArray[np.float64]:
    """(n,) ``log(mean(exp(sharpness · surprise))) / sharpness`` over the second axis of (n, m).

    Between the mean (sharpness 0) and the maximum (infinity). With 1 it is minus the log of the harmonic mean of m tail
    probabilities: one voice alone counts at most m times less than it says, agreeing voices count as one.

    Source: Wilson, PNAS 116 (2019), for the harmonic mean.

    >>> soft_maximum(np.array([[2.0, 2.0], [8.0, 0.0]]), 1.0).round(2).tolist()
    [2.0, 7.31]
    """
    top = surprises.max(axis=1, keepdims=True)
    return np.asarray(top[:, 0] + np.log(np.exp(sharpness * (surprises - top)).mean(axis=1)) / sharpness)
