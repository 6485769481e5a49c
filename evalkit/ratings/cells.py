"""Votes counted: one line for each pair of sides that was shown, however often."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.ratings.comparisons import LEFT, RIGHT, TIE, Comparisons

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

# So many pairs are found by counting, more by sorting.
_TABLE = 16_000_000


@dataclass(frozen=True, eq=False)
class Cells:
    """Votes that the model cannot tell apart, counted.

    Attributes:
        left, right: (c,) generators of a cell.
        effects: (c, m) what else speaks for the left: 1 for its place, covariates.
        names: m names of the effects.
        counts: (3, c) weight of the votes for left, right and tie.
        n_generators: how many there are.
        cell: (n,) the cell of each vote.
        outcome: (n,) of each vote, as its cell sees it.
        weight: (n,) of each vote.
    """

    left: Codes
    right: Codes
    effects: Array
    names: tuple[str, ...]
    counts: Array
    n_generators: int
    cell: Codes
    outcome: NDArray[np.int8]
    weight: Array

    @classmethod
    def of(cls, votes: Comparisons, chosen: NDArray[np.bool_], weight: Array, *, position: bool) -> "Cells":
        """Count the chosen votes. Without an effect of position, a pair is one cell whichever side was which.

        Args:
            votes: all votes.
            chosen: (n,) those that count; others than wins and ties count as ties.
            weight: (n,) of all votes.
            position: the left may have an advantage.
        """
        left, right, outcome, covariates = votes.left, votes.right, votes.outcome, votes.covariates
        if not chosen.all():
            left, right, outcome, covariates, weight = (
                left[chosen],
                right[chosen],
                outcome[chosen],
                covariates[chosen],
                weight[chosen],
            )
        outcome = np.minimum(outcome, TIE).astype(np.int8)
        if not position and not covariates.shape[1]:
            turned = left > right
            left, right = np.minimum(left, right), np.maximum(left, right)
            outcome = np.where(turned & (outcome <= RIGHT), RIGHT - outcome, outcome).astype(np.int8)
        k = len(votes.generators)
        if covariates.shape[1]:
            cell, pairs = np.arange(len(left)), left * k + right
        else:
            cell, pairs = _distinct(left * k + right, k * k)
        place = np.ones((len(pairs), 1)) if position else np.zeros((len(pairs), 0))
        effects = np.hstack([place, covariates]) if covariates.shape[1] else place
        names = (("left side",) if position else ()) + votes.covariate_names
        counts = _counted(cell, outcome, weight, len(pairs))
        return cls(pairs // k, pairs % k, effects, names, counts, k, cell, outcome, weight)

    def recounted(self, weight: Array) -> Array:
        """(3, c) counts when votes have other weights, (n,)."""
        return _counted(self.cell, self.outcome, weight, len(self.left))

    def beats(self) -> tuple[Codes, Codes]:
        """Who did not lose to whom, as two arrays of generators: a tie is said of both."""
        won, lost = self.counts[LEFT] + self.counts[TIE] > 0, self.counts[RIGHT] + self.counts[TIE] > 0
        return np.concatenate([self.left[won], self.right[lost]]), np.concatenate([self.right[won], self.left[lost]])


def _counted(cell: Codes, outcome: NDArray[np.int8], weight: Array, c: int) -> Array:
    counts = np.bincount(outcome * np.int64(c) + cell, weights=weight, minlength=3 * c)
    return np.asarray(counts.reshape(3, c), dtype=np.float64)


def _distinct(keys: Codes, size: int) -> tuple[Codes, Codes]:
    """The number of each key among the distinct ones, and these."""
    if size > _TABLE:
        pairs, cell = np.unique(keys, return_inverse=True)
        return cell, pairs
    there = np.zeros(size, dtype=bool)
    there[keys] = True
    return (np.cumsum(there) - 1)[keys], np.flatnonzero(there)
