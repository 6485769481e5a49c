"""From a member's scores to surprise: minus the log of the chance that a normal row scores as high."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.core.state import ReadState, State

_TAIL = 0.9


@dataclass(frozen=True, eq=False)
class Surprise:
    """How rare a score is among the scores of reference rows, in nats.

    Up to the largest reference score it is minus the log of the share of reference rows that score as high, joined by straight lines. Beyond,
    the distance in units of the tail's mean excess adds ``log(1 + distance)``: a row twice as far out stays the odder one, yet one
    member alone cannot drown the others, as it would with the straight line of an exponential tail.

    Attributes:
        scores: the distinct reference scores, ascending.
        at_least: how many reference scores are as high as each.
        unit: mean excess of the highest tenth over its lower end.
    """

    scores: NDArray[np.float64]
    at_least: NDArray[np.float64]
    unit: float

    @classmethod
    def fit(cls, scores: NDArray[np.float64]) -> Self:
        """From the out-of-sample scores of the reference rows, (n,), n >= 1."""
        ordered = np.sort(scores)
        distinct, first = np.unique(ordered, return_index=True)
        edge = np.quantile(ordered, _TAIL)
        unit = float((ordered[ordered >= edge] - edge).mean())
        fallback = max(abs(float(ordered[-1])), 1.0) * 1e-6
        return cls(distinct, (len(ordered) - first).astype(np.float64), max(unit, fallback))

    def of_new(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Surprise of rows that are not in the reference, (m,) nats >= 0."""
        levels = np.log((self.at_least[0] + 1) / (self.at_least + 1))
        return np.interp(scores, self.scores, levels) + self._beyond(scores - self.scores[-1])

    def of_own(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Surprise of the reference rows themselves, each among the others, so that it is like a new row's."""
        levels = np.log(self.at_least[0] / self.at_least)
        alone = self.at_least[-1] == 1 and len(self.scores) > 1
        highest = self.scores[-2] if alone else self.scores[-1]
        return np.interp(scores, self.scores, levels) + self._beyond(scores - highest)

    def _beyond(self, excess: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.log1p(np.maximum(excess, 0.0) / self.unit)

    def to_state(self) -> State:
        """Plain values and arrays."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """The inverse of :meth:`to_state`."""
        return cls(state["scores"], state["at_least"], float(state["unit"]))
