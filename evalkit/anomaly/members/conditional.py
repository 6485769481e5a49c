"""How surprising each feature is, given the row's other columns."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.anomaly.members.base import Reference, Training, once_for_rows
from evalkit.anomaly.members.forest import Forest
from evalkit.anomaly.members.target import Target, fit_target, surprise
from evalkit.anomaly.spaces import Spaces
from evalkit.anomaly.surprise import Surprise, soft_maximum
from evalkit.core.progress import Step
from evalkit.core.state import ReadState, State
from evalkit.data.rows import Rows

_SHARPNESS = 0.3
_LEAST_UNIT = 0.05
_TRUST = 3.0


@dataclass(frozen=True, eq=False)
class Conditional:
    """How surprising single columns are given the others: sees broken rules between columns, and says which column broke.

    Each feature is predicted from the columns that it does not belong to by extremely randomised trees; reference rows are judged
    by the trees that have not seen them. A column's surprise is that of its oddest feature; both are calibrated, so that a
    text's twenty features weigh no more than one number. The score is the soft maximum over columns.

    Source: Geurts, Ernst and Wehenkel, Machine Learning 63 (2006), for the trees.
    """

    spaces: Spaces
    targets: tuple[Target, ...]
    usual: NDArray[np.float64]
    by_feature: tuple[Surprise, ...] = ()
    by_column: tuple[Surprise, ...] = ()

    @classmethod
    def fit(cls, training: Training) -> Self:
        """One forest a feature that is not constant, then the calibrations."""
        points = training.spaces.transform(training.rows, "robust")
        n_features = len(training.rows.features)
        targets = []
        for feature in range(n_features):
            training.progress(Step("learning how columns depend on each other", feature, n_features))
            target = fit_target(training, points, feature)
            if target is not None:
                targets.append(target)
        training.progress(Step("learning how columns depend on each other", n_features, n_features))
        bare = cls(training.spaces, tuple(targets), np.zeros(len(targets)))
        if not targets:
            return bare
        raw = bare._raw(training.rows, own=True)
        by_feature = tuple(Surprise.fit(scores, least_unit=_LEAST_UNIT) for scores in raw.T)
        bare = replace(bare, by_feature=by_feature, usual=np.median(raw, axis=0))
        maxima = bare._column_maxima(raw, own=True)
        return replace(bare, by_column=tuple(Surprise.fit(scores, least_unit=_LEAST_UNIT) for scores in maxima.T))

    def score(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """The soft maximum of the columns' surprises, in nats."""
        if not self.targets:
            return np.zeros(len(rows))
        return soft_maximum(self._columns(rows, own), _SHARPNESS)

    def contributions(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """Each column's part of the soft maximum."""
        spread = np.zeros((len(rows), len(rows.columns)))
        if not self.targets:
            return spread
        surprises = self._columns(rows, own)
        weights = np.exp(_SHARPNESS * (surprises - surprises.max(axis=1, keepdims=True)))
        spread[:, self._places()] = weights * surprises
        return spread

    @once_for_rows
    def _columns(self, rows: Rows, own: bool) -> NDArray[np.float64]:
        """(n, columns with a target) surprises: calibrated anew where a column has several features to choose the oddest from."""
        maxima = self._column_maxima(self._raw(rows, own=own), own=own)
        return np.minimum(maxima, _calibrated(maxima, self.by_column, own=own))

    def _features(self, raw: NDArray[np.float64], *, own: bool) -> NDArray[np.float64]:
        """(n, targets) calibrated surprises.

        A label's is bounded by what its probability says: ranks of meaningless differences between almost certain labels count
        for nothing.
        """
        bound = np.where(self._are_labels(), _TRUST * np.maximum(raw - self.usual, 0.0), np.inf)
        return np.minimum(_calibrated(raw, self.by_feature, own=own), bound)

    def _are_labels(self) -> NDArray[np.bool_]:
        return np.array([self.spaces.n_labels(target.feature) > 0 for target in self.targets])

    def _raw(self, rows: Rows, *, own: bool) -> NDArray[np.float64]:
        points = self.spaces.transform(rows, "robust")
        return np.column_stack([surprise(self.spaces, target, points, rows, own=own) for target in self.targets])

    def _owners(self) -> list[str]:
        return [self.spaces.features[target.feature].column for target in self.targets]

    def _places(self) -> list[int]:
        """Positions among the source columns of those that have a target."""
        columns = list(dict.fromkeys(feature.column for feature in self.spaces.features))
        return [columns.index(name) for name in dict.fromkeys(self._owners())]

    def _column_maxima(self, raw: NDArray[np.float64], *, own: bool) -> NDArray[np.float64]:
        """(n, columns with a target) surprise of each column's oddest feature."""
        nats = self._features(raw, own=own)
        owners = np.array(self._owners())
        return np.column_stack([nats[:, owners == name].max(axis=1) for name in dict.fromkeys(self._owners())])

    def to_state(self) -> State:
        """The forests and the calibrations."""
        return {
            "targets": [vars(target) | {"forest": target.forest.to_state()} for target in self.targets],
            "usual": self.usual,
            "by_feature": [each.to_state() for each in self.by_feature],
            "by_column": [each.to_state() for each in self.by_column],
        }

    @classmethod
    def from_state(cls, state: ReadState, reference: Reference) -> Self:
        """The inverse of :meth:`to_state`."""
        targets = tuple(Target(**{**target, "forest": Forest.from_state(target["forest"])}) for target in state["targets"])
        by_feature, by_column = (tuple(Surprise.from_state(part) for part in state[name]) for name in ("by_feature", "by_column"))
        return cls(reference.spaces, targets, state["usual"], by_feature, by_column)


def _calibrated(raw: NDArray[np.float64], surprises: tuple[Surprise, ...], *, own: bool) -> NDArray[np.float64]:
    return np.column_stack([(each.of_own if own else each.of_new)(scores) for each, scores in zip(surprises, raw.T, strict=True)])
