"""Modelled tails: how rare a score is among rows of which most, but not all, are normal.

Ranks within one table are uniform whatever it holds, so they never raise an alarm. Here the bulk of the scores says how their
upper tail would go on if every row were normal, and a row is judged against that.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError, ShapeError

TIE_TOLERANCE = 1e-9
_FEWEST = 20


@dataclass(frozen=True, eq=False)
class BulkTail:
    """The law of scores of normal rows: ranks up to the upper edge of the bulk, an exponential tail beyond.

    The tail's rate is fitted to the scores between ``start`` and ``edge`` only, as if all beyond were cut off, so that anomalies
    beyond the edge cannot stretch it.

    Attributes:
        bulk: the scores below ``edge``, ascending.
        n: all scores, those beyond the edge included.
        edge: score above which the tail is modelled.
        rate: of the exponential tail, per unit of score.
    """

    bulk: NDArray[np.float64]
    n: int
    edge: float
    rate: float

    @classmethod
    def fit(cls, scores: NDArray[np.float64], *, start: float = 0.5, edge: float = 0.9) -> Self:
        """Fit the tail to the scores between two quantiles.

        Args:
            scores: (n,) scores of all rows, normal and not, n >= 20, finite.
            start: share of the scores below which the tail's form does not yet hold.
            edge: share of the scores that are taken to be normal.

        Raises:
            ShapeError: fewer than 20 scores.
            InputError: a score is NaN or infinite.

        >>> draws = np.random.default_rng(0).exponential(size=2000)
        >>> round(BulkTail.fit(draws).rate, 1)
        1.0
        """
        ordered = np.sort(np.asarray(scores, dtype=np.float64))
        if len(ordered) < _FEWEST:
            raise ShapeError(f"a tail needs at least {_FEWEST} scores, got {len(ordered)}")
        if not np.isfinite(ordered).all():
            raise InputError("a tail needs finite scores, got NaN or infinity")
        low, high = np.quantile(ordered, [start, edge], method="inverted_cdf")
        above = ordered[ordered >= low] - low
        exposure = float(np.minimum(above, high - low).sum())
        events = int((above < high - low).sum())
        rate = max(events, 1) / exposure if exposure > 0 else 1 / max(abs(float(high)) * 1e-6, 1e-12)
        return cls(ordered[ordered < high], len(ordered), float(high), rate)

    def p_values(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """(m,) chance that a normal row scores as high, 0 < p <= 1. Scores within a relative 1e-9 count as tied."""
        scores = np.asarray(scores, dtype=np.float64)
        lowered = scores - TIE_TOLERANCE * np.abs(scores)
        at_least = self.n - np.searchsorted(self.bulk, lowered, side="left")
        ranks = (1 + at_least) / (self.n + 1)
        beyond = (self.n - len(self.bulk) + 1) / (self.n + 1) * np.exp(-self.rate * np.maximum(scores - self.edge, 0.0))
        return np.where(scores > self.edge, np.maximum(beyond, np.finfo(np.float64).tiny), ranks)

    def score_at(self, p: float) -> float:
        """The score whose p-value is ``p``, 0 < p <= 1."""
        share_beyond = (self.n - len(self.bulk) + 1) / (self.n + 1)
        if p < share_beyond:
            return self.edge + float(np.log(share_beyond / p)) / self.rate
        position = int(np.clip(self.n - np.floor(p * (self.n + 1)), 0, max(len(self.bulk) - 1, 0)))
        return float(self.bulk[position]) if len(self.bulk) else self.edge
