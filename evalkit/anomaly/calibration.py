"""From a detector's scores to p-values, by the scores of the reference rows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.core.state import ReadState, State
from evalkit.statistics.conformal import TIE_TOLERANCE, conformal_p_values
from evalkit.statistics.tails import BulkTail


@dataclass(frozen=True, eq=False)
class Calibration:
    """Scores of reference rows, each judged without its own help, and what they say about another row's score.

    Attributes:
        scores: (n,) of the reference rows.
        modelled: False: the reference is clean, p-values are conformal ranks. True: some of its rows are anomalies themselves, and
            the upper tail is modelled from the bulk.
    """

    scores: NDArray[np.float64]
    modelled: bool

    @cached_property
    def _tail(self) -> BulkTail:
        return BulkTail.fit(self.scores)

    def p_values(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """How often a normal row scores as high, (m,)."""
        return self._tail.p_values(scores) if self.modelled else conformal_p_values(self.scores, scores)

    def score_at(self, p: float) -> float:
        """The score above which p-values are at most ``p``; the largest reference score where no p-value is that small."""
        if self.modelled:
            return self._tail.score_at(p)
        higher = max(int(np.floor(p * (len(self.scores) + 1) + 1e-9)) - 1, 0)
        return float(np.sort(self.scores)[::-1][min(higher, len(self.scores) - 1)]) * (1 + 2 * TIE_TOLERANCE)

    def to_state(self) -> State:
        """Plain values and arrays."""
        return {"scores": self.scores, "modelled": self.modelled}

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """The inverse of :meth:`to_state`."""
        return cls(state["scores"], bool(state["modelled"]))
