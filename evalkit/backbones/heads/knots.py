"""Where values stand among the training rows: each feature's distinct values and the shares of the rows below them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import ShapeError
from evalkit.core.state import State

_MOST = 256
_ATOM = 0.01


@dataclass(frozen=True, eq=False)
class Knots:
    """Distinct values of several features, one feature's after the other's: at most 256 of each, atoms among them, and its ends.

    Attributes:
        counts: how many knots each feature has, (f,), at least 1.
        values: strictly increasing within a feature, (sum of the counts,).
        below, above: share of the known values that are smaller, and that are smaller or equal.
        atoms: whether the value is one that rows share: two at least, and 1 % of them.
    """

    counts: NDArray[np.int64]
    values: NDArray[np.float64]
    below: NDArray[np.float64]
    above: NDArray[np.float64]
    atoms: NDArray[np.bool_]

    def __post_init__(self) -> None:
        lengths = {len(self.values), len(self.below), len(self.above), len(self.atoms)}
        if len(self.counts) and self.counts.max() > _MOST + 2:
            raise ShapeError(f"a feature has at most {_MOST} knots and its ends, got {int(self.counts.max())}")
        if lengths != {int(self.counts.sum())} or (len(self.counts) and self.counts.min() < 1):
            raise ShapeError(f"knots need at least one value a feature, got {sorted(lengths)} for {len(self.counts)} features")

    @classmethod
    def fit(cls, values: NDArray[np.float64]) -> Self:
        """Look at values (n, f), NaN = missing; the only knot of a feature without any is 0.

        >>> knots = Knots.fit(np.array([[1.0], [2.0], [2.0], [5.0]]))
        >>> knots.above.tolist(), knots.atoms.tolist()
        ([0.25, 0.75, 1.0], [False, True, False])
        """
        each = [_of_feature(column[~np.isnan(column)]) for column in values.T]
        counts = np.array([len(feature[0]) for feature in each], dtype=np.int64)
        distinct, below, above, atoms = (np.concatenate(part) for part in zip(*each, strict=True))
        return cls(counts, distinct, below, above, atoms)

    def of(self, features: Sequence[int]) -> "list[Knots]":
        """The knots of single features."""
        ends = np.cumsum(self.counts)
        pieces = [slice(int(ends[i] - self.counts[i]), int(ends[i])) for i in features]
        return [
            Knots(self.counts[i : i + 1], self.values[p], self.below[p], self.above[p], self.atoms[p])
            for i, p in zip(features, pieces, strict=True)
        ]

    def repeated(self, times: int) -> Self:
        """The same for rows in which the features come several times, one time after the other."""
        return type(self)(**{name: np.tile(array, times) for name, array in self.to_state().items()})

    def to_state(self) -> State:
        """Arrays."""
        return {name: getattr(self, name) for name in ("counts", "values", "below", "above", "atoms")}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """What :meth:`to_state` gave."""
        return cls(**state)


def _of_feature(known: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """One feature's values, below, above and atoms."""
    values, counts = np.unique(known if len(known) else np.zeros(1), return_counts=True)
    ends = np.cumsum(counts)
    atoms = counts >= max(2, _ATOM * ends[-1])
    keep = _spread_out(ends - 0.5 * counts, ends[-1], atoms)
    return values[keep], ((ends - counts) / ends[-1])[keep], (ends / ends[-1])[keep], atoms[keep]


def _spread_out(middle: NDArray[np.float64], n: int, atoms: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Positions of the values to keep: all of a few, else the atoms and others, closer together towards both ends."""
    if len(middle) <= _MOST:
        return np.arange(len(middle))
    even = (1 - np.cos(np.linspace(0, np.pi, _MOST - int(atoms.sum())))) / 2
    near = np.searchsorted(middle, even * n).clip(0, len(middle) - 1)
    return np.unique(np.concatenate([[0, len(middle) - 1], near, np.flatnonzero(atoms)]))
