"""The members of a detector, fitted on one reference, calibrated and combined. It works on encoded rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.anomaly.members import MEMBERS, Member, Reference, Training
from evalkit.anomaly.spaces import Spaces
from evalkit.anomaly.surprise import Surprise, soft_maximum
from evalkit.core.progress import Progress, Step, silent
from evalkit.core.seeds import derive_seed
from evalkit.core.state import ReadState, State
from evalkit.data.rows import Feature, Rows

_FOLDS = 3
_BLOCK = 4096
_SHARPNESS = 2.0
_LEAST_NATS = 0.05
_MIXERS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Fitted members with their calibrations.

    Members that judge where a row lies speak with one voice, the mean of their surprises, calibrated again; the member that judges
    whether columns fit each other is the other voice. The score is the soft maximum of the two: a row may be odd in either way.

    Attributes:
        reference: the rows compared with.
        members: by catalogue name.
        by_member: each member's calibration.
        by_voice: each voice's calibration.
        own_surprise: (n, members) of the reference rows, each judged without its own help.
    """

    reference: Reference
    members: dict[str, Member]
    by_member: dict[str, Surprise]
    by_voice: dict[str, Surprise]
    own_surprise: NDArray[np.float64]

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
        by_member: dict[str, Surprise] = {}
        own = np.empty((len(rows), len(names)))
        for i, name in enumerate(names):
            progress(Step("fitting the members", i, len(names)))
            members[name] = MEMBERS[name].load().fit(training)
            scores = _mean_of_copies(members[name].score(rows, own=True), copies)
            by_member[name] = Surprise.fit(scores)
            own[:, i] = by_member[name].of_own(scores)
        progress(Step("fitting the members", len(names), len(names)))
        by_voice = {
            voice: Surprise.fit(own[:, inside].mean(axis=1), least_unit=_LEAST_NATS) for voice, inside in _voices(names).items()
        }
        return cls(Reference(rows, training.spaces), members, by_member, by_voice, own)

    @property
    def own(self) -> NDArray[np.float64]:
        """(n,) scores of the reference rows, each judged without its own help."""
        return soft_maximum(self._voices_of(self.own_surprise, own=True), _SHARPNESS)

    def score(self, rows: Rows, progress: Progress = silent) -> NDArray[np.float64]:
        """(n,) soft maximum of the voices, in nats; each a function of its row alone."""
        return _in_blocks(rows, lambda block: soft_maximum(self._voices_of(self._surprise(block)), _SHARPNESS), progress)

    def explain(self, rows: Rows, progress: Progress = silent) -> NDArray[np.float64]:
        """(n, columns) shares of the score, >= 0, that add up to it."""
        return self.judge(rows, progress)[:, 1:]

    def judge(self, rows: Rows, progress: Progress = silent) -> NDArray[np.float64]:
        """(n, 1 + columns) the score and its shares."""

        def of_block(block: Rows) -> NDArray[np.float64]:
            surprise = self._surprise(block)
            scores = soft_maximum(self._voices_of(surprise), _SHARPNESS)
            return np.column_stack([scores, self._shares(block, surprise, own=False)])

        return _in_blocks(rows, of_block, progress)

    def explain_own(self) -> NDArray[np.float64]:
        """As :meth:`explain`, of :attr:`own`; on the object that was fitted."""
        return self._shares(self.reference.rows, self.own_surprise, own=True)

    def _surprise(self, rows: Rows) -> NDArray[np.float64]:
        return np.column_stack([self.by_member[name].of_new(member.score(rows)) for name, member in self.members.items()])

    def _voices_of(self, surprise: NDArray[np.float64], *, own: bool = False) -> NDArray[np.float64]:
        voices = _voices(list(self.members))
        means = ((self.by_voice[voice], surprise[:, inside].mean(axis=1)) for voice, inside in voices.items())
        return np.column_stack([(calibration.of_own if own else calibration.of_new)(mean) for calibration, mean in means])

    def _shares(self, rows: Rows, surprise: NDArray[np.float64], *, own: bool) -> NDArray[np.float64]:
        """Hand each score out to voices by their part in the soft maximum, to members by surprise, to columns by contribution."""
        voices = self._voices_of(surprise, own=own)
        parts = soft_maximum(voices, _SHARPNESS)[:, None] * _proportions(
            np.exp(_SHARPNESS * (voices - voices.max(axis=1)[:, None]))
        )
        shares = np.zeros((len(rows), len(rows.columns)))
        for part, inside in zip(parts.T, _voices(list(self.members)).values(), strict=True):
            for member, proportion in zip(inside, _proportions(surprise[:, inside]).T, strict=True):
                terms = list(self.members.values())[member].contributions(rows, own=own)
                shares += (part * proportion)[:, None] * _proportions(terms)
        return shares

    def to_state(self) -> State:
        """Plain values and arrays."""
        rows = self.reference.rows
        return {
            "values": rows.values,
            "features": [feature.model_dump(mode="json") for feature in rows.features],
            "spaces": self.reference.spaces.to_state(),
            "members": {name: member.to_state() for name, member in self.members.items()},
            "by_member": {name: surprise.to_state() for name, surprise in self.by_member.items()},
            "by_voice": {name: surprise.to_state() for name, surprise in self.by_voice.items()},
            "own_surprise": self.own_surprise,
        }

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """The inverse of :meth:`to_state`."""
        features = tuple(Feature.model_validate(feature) for feature in state["features"])
        reference = Reference(Rows(state["values"], features), Spaces.from_state(state["spaces"], features))
        members = {name: MEMBERS[name].load().from_state(part, reference) for name, part in state["members"].items()}
        by_member, by_voice = (
            {name: Surprise.from_state(part) for name, part in state[key].items()} for key in ("by_member", "by_voice")
        )
        return cls(reference, members, by_member, by_voice, state["own_surprise"])


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


def _voices(names: Sequence[str]) -> dict[str, list[int]]:
    """Positions of the members of each voice."""
    voices: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        voices.setdefault(MEMBERS[name].voice, []).append(i)
    return voices


def _in_blocks(rows: Rows, judge: Callable[[Rows], NDArray[np.float64]], progress: Progress) -> NDArray[np.float64]:
    """Judge a few thousand rows at a time, which bounds the memory."""
    done = []
    for start in range(0, max(len(rows), 1), _BLOCK):
        block = rows.take(slice(start, start + _BLOCK))
        done.append(judge(block))
        progress(Step("scoring rows", start + len(block), max(len(rows), 1)))
    return np.concatenate(done)


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
