"""What every member of a detector can do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Protocol, Self, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from evalkit.anomaly.spaces import Spaces
from evalkit.core.progress import Progress, silent
from evalkit.core.state import ReadState, State
from evalkit.data.rows import Rows

F = TypeVar("F")
M = TypeVar("M")


@dataclass(frozen=True, eq=False)
class Reference:
    """The rows that a detector compares with.

    Attributes:
        rows: scored features only, in an order that depends on their content alone.
        spaces: fitted on these rows.
    """

    rows: Rows
    spaces: Spaces


@dataclass(frozen=True, eq=False)
class Training(Reference):
    """What a member is fitted on: a reference, and how to go about it.

    Attributes:
        folds: (n,) fold of each row, 0 … n_folds - 1.
        seed: the detector's seed; a member derives its own draws from it by name.
        effort: how much of its usual work a member may spend, 1 = default.
        progress: see :mod:`evalkit.core.progress`.
    """

    folds: NDArray[np.intp]
    seed: int
    effort: float = 1.0
    progress: Progress = silent

    @property
    def n_folds(self) -> int:
        """How many folds there are."""
        return int(self.folds.max()) + 1


def across_folds(
    judges: Sequence[Callable[[Rows], NDArray[np.float64]]], rows: Rows, own_folds: NDArray[np.intp] | None
) -> NDArray[np.float64]:
    """Judge rows by the models of a cross-fit, of which model k was fitted without fold k.

    Args:
        judges: one a fold; each returns one line a row.
        rows: the rows to judge.
        own_folds: (n,) folds of the rows if they are the fitted ones: each is judged by the one model that has not seen it.
            None for new rows: the mean over the models.
    """
    if own_folds is None:
        return np.asarray(np.mean([judge(rows) for judge in judges], axis=0))
    order = np.argsort(own_folds, kind="stable")
    judged = [judge(rows.take(own_folds == fold)) for fold, judge in enumerate(judges)]
    return np.concatenate(judged)[np.argsort(order, kind="stable")]


def once_for_rows(find: Callable[[M, Rows, bool], F]) -> Callable[[M, Rows, bool], F]:
    """Keep what a member finds about rows as long as there are both: its score and its contributions ask for the same."""
    kept: WeakKeyDictionary[M, WeakKeyDictionary[Rows, dict[bool, F]]] = WeakKeyDictionary()

    @wraps(find)
    def found(member: M, rows: Rows, own: bool) -> F:
        of_rows = kept.setdefault(member, WeakKeyDictionary()).setdefault(rows, {})
        if own not in of_rows:
            of_rows[own] = find(member, rows, own)
        return of_rows[own]

    return found


class Member(Protocol):
    """One way of looking for rows that do not belong.

    Scores are on the member's own scale, finite, higher = odder; calibration makes them comparable. With ``own=True`` the rows
    are the fitted ones, in their order, and each is judged without its own help: left out of its neighbours, or by models of the
    folds or trees that have not seen it. That works on the object that was fitted, not on one read from a state.
    """

    @classmethod
    def fit(cls, training: Training) -> Self:
        """A fitted member."""

    def score(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """(n,) scores, each a function of its row alone."""

    def contributions(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """(n, columns) how much each source column has to do with the score, >= 0, in any unit."""

    def to_state(self) -> State:
        """What cannot be computed again from the reference."""

    @classmethod
    def from_state(cls, state: ReadState, reference: Reference) -> Self:
        """The inverse of :meth:`to_state`; the reference is stored once for all members."""
