"""The members of a detector, fitted on one reference, calibrated and combined. It works on encoded rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.anomaly.surprise import Surprise
from evalkit.anomaly.members import MEMBERS, Member, Reference, Training
from evalkit.anomaly.spaces import Spaces
from evalkit.core.progress import Progress, Step, silent
from evalkit.core.seeds import derive_seed
from evalkit.core.state import ReadState, State
from evalkit.data.rows import Feature, Rows

_FOLDS = 3
_MIXERS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Fitted members with their calibrations.

    Attributes:
        reference: the rows compared with.
        members: by catalogue name.
        surprises: each member's calibration.
        own: scores of the reference rows, each judged without its own help.
    """

    reference: Reference
    members: dict[str, Member]
    surprises: dict[str, Surprise]
    own: NDArray[np.float64]

    @classmethod
    def fit(cls, rows: Rows, names: Sequence[str], *, seed: int, effort: float = 1.0, progress: Progress = silent) -> Self:
        """Fit and calibrate the members.

        Args:
            rows: the reference, in the order of :func:`canonical_order`.
            names: which members.
            seed: for the members' draws.
            effort: see :class:`~evalkit.anomaly.members.Training`.
            progress: see :mod:`evalkit.core.progress`.
        """
        training = Training(rows, Spaces(rows), np.arange(len(rows)) % _FOLDS, seed, effort, progress)
        copies = _copies(rows)
        members: dict[str, Member] = {}
        surprises: dict[str, Surprise] = {}
        total = np.zeros(len(rows))
        for i, name in enumerate(names):
            progress(Step("fitting the members", i, len(names)))
            members[name] = MEMBERS[name].load().fit(training)
            scores = _mean_of_copies(members[name].score(rows, own=True), copies)
            surprises[name] = Surprise.fit(scores)
            total += surprises[name].of_own(scores)
        progress(Step("fitting the members", len(names), len(names)))
        return cls(Reference(rows, training.spaces), members, surprises, total / len(names))

    def score(self, rows: Rows) -> NDArray[np.float64]:
        """(n,) mean surprise over the members, in nats; each a function of its row alone."""
        return np.mean([self.surprises[name].of_new(member.score(rows)) for name, member in self.members.items()], axis=0)

    def explain(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """(n, columns) shares of the score, >= 0, that add up to it.

        Each member's surprise is handed out in proportion to its contributions.
        """
        copies = _copies(self.reference.rows) if own else None
        total = np.zeros((len(rows), len(rows.columns)))
        for name, member in self.members.items():
            scores = member.score(rows, own=own)
            surprise = self.surprises[name]
            nats = surprise.of_new(scores) if copies is None else surprise.of_own(_mean_of_copies(scores, copies))
            total += nats[:, None] * _proportions(member.contributions(rows, own=own))
        return total / len(self.members)

    def to_state(self) -> State:
        """Plain values and arrays."""
        rows = self.reference.rows
        return {
            "values": rows.values,
            "features": [feature.model_dump(mode="json") for feature in rows.features],
            "spaces": self.reference.spaces.to_state(),
            "members": {name: member.to_state() for name, member in self.members.items()},
            "surprises": {name: surprise.to_state() for name, surprise in self.surprises.items()},
            "own": self.own,
        }

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """The inverse of :meth:`to_state`."""
        features = tuple(Feature.model_validate(feature) for feature in state["features"])
        reference = Reference(Rows(state["values"], features), Spaces.from_state(state["spaces"], features))
        members = {name: MEMBERS[name].load().from_state(part, reference) for name, part in state["members"].items()}
        surprises = {name: Surprise.from_state(part) for name, part in state["surprises"].items()}
        return cls(reference, members, surprises, state["own"])


def canonical_order(rows: Rows, seed: int) -> NDArray[np.intp]:
    """An order that depends on what the rows hold, not on where they stand: shuffled tables come out the same.

    It is as good as random, so its beginning is a random sample of the rows and its remainders are random folds.
    """
    content = pd.util.hash_pandas_object(pd.DataFrame(rows.values + 0.0), index=False).to_numpy()
    together = np.argsort(content, kind="stable")
    ordered = content[together]
    copy = np.arange(len(ordered)) - np.searchsorted(ordered, ordered, side="left")
    key = (ordered ^ np.uint64(derive_seed(seed, "order"))) + copy.astype(np.uint64) * _MIXERS[0]
    key = (key ^ (key >> np.uint64(30))) * _MIXERS[1]
    return together[np.argsort(key ^ (key >> np.uint64(27)), kind="stable")]


def _copies(rows: Rows) -> NDArray[np.intp]:
    """(n,) a number for each distinct row: copies share it."""
    filled = np.where(np.isnan(rows.values), np.finfo(np.float64).max, rows.values)
    return np.unique(filled, axis=0, return_inverse=True)[1].reshape(-1)


def _mean_of_copies(scores: NDArray[np.float64], copies: NDArray[np.intp]) -> NDArray[np.float64]:
    """Copies of one row fall into different folds; which copy fell where must not show."""
    return (np.bincount(copies, scores) / np.bincount(copies))[copies]


def _proportions(contributions: NDArray[np.float64]) -> NDArray[np.float64]:
    total = contributions.sum(axis=1, keepdims=True)
    even = 1 / contributions.shape[1]
    return np.where(total > 0, contributions / np.where(total > 0, total, 1.0), even)
