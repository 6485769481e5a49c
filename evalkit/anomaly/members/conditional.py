"""How surprising each feature is, given the row's other columns."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from evalkit.anomaly.members.base import Reference, Training
from evalkit.anomaly.members.forest import Forest
from evalkit.anomaly.spaces import Spaces
from evalkit.core.progress import Step
from evalkit.core.seeds import derive_seed
from evalkit.core.state import ReadState, State
from evalkit.data.rows import Rows, add_by_column

_TREES = 20
_MOST_ROWS = 2000
_LEAF = 4
_DEGREES = 4.0
_FLOOR = 0.03


@dataclass(frozen=True, eq=False)
class Target:
    """One feature as the other columns predict it.

    Attributes:
        feature: its position in the rows.
        inputs: the dimensions of the robust space that the forest asks: all but those of the feature's own column.
        forest: leaves say the share of each label, or mean and mean square of a number in the robust space.
        base: share of each label over the reference, missing and unseen included; of a number: (present, missing).
        usual: median surprise over the reference, in nats.
    """

    feature: int
    inputs: NDArray[np.intp]
    forest: Forest
    base: NDArray[np.float64]
    usual: float = 0.0

    def of_label(self, points: NDArray[np.float64], labels: NDArray[np.intp], *, own: bool = False) -> NDArray[np.float64]:
        """Minus the log probability of the labels."""
        said = self.forest.predict(points[:, self.inputs], own=own)
        doubt = np.sqrt(self.base.min())
        shares = (1 - doubt) * said + doubt * self.base
        return -np.log(np.take_along_axis(shares, labels[:, None], axis=1)[:, 0])

    def of_number(self, points: NDArray[np.float64], numbers: NDArray[np.float64], *, own: bool = False) -> NDArray[np.float64]:
        """Minus the log density of the numbers under a Student-t of four degrees, or of being missing (NaN)."""
        missing = np.isnan(numbers)
        said = self.forest.predict(points[:, self.inputs], own=own)
        squares = (np.where(missing, 0.0, numbers) - said[:, 0]) ** 2
        variance = np.maximum(said[:, 1] - said[:, 0] ** 2, 0.0) + _FLOOR
        density = 0.5 * np.log(variance) + 0.5 * (_DEGREES + 1) * np.log1p(squares / (_DEGREES * variance))
        return np.where(missing, -np.log(self.base[1]), density - np.log(self.base[0]))


@dataclass(frozen=True, eq=False)
class Conditional:
    """The sum over features of their surprise given the other columns: sees broken dependencies, and says which column broke.

    Each feature is predicted from the columns that it does not belong to by extremely randomised trees; reference rows are judged by the
    trees that have not seen them.

    Source: Geurts, Ernst and Wehenkel, Machine Learning 63 (2006), for the trees.
    """

    spaces: Spaces
    targets: tuple[Target, ...]

    @classmethod
    def fit(cls, training: Training) -> Self:
        """One forest a feature that is not constant."""
        points = training.spaces.transform(training.rows, "robust")
        n_features = len(training.rows.features)
        targets = []
        for feature in range(n_features):
            training.progress(Step("learning how columns depend on each other", feature, n_features))
            target = _fit(training, points, feature)
            if target is not None:
                targets.append(target)
        training.progress(Step("learning how columns depend on each other", n_features, n_features))
        return cls(training.spaces, tuple(targets))

    def score(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """Minus the log of the product of the conditional probabilities, in nats."""
        return self._surprises(rows, own).sum(axis=1)

    def contributions(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """By how much each column's surprise exceeds the usual."""
        usual = np.zeros(len(rows.features))
        for target in self.targets:
            usual[target.feature] = target.usual
        return add_by_column(np.maximum(self._surprises(rows, own) - usual, 0.0), rows.features)

    def _surprises(self, rows: Rows, own: bool) -> NDArray[np.float64]:
        points = self.spaces.transform(rows, "robust")
        surprises = np.zeros(rows.values.shape)
        for target in self.targets:
            surprises[:, target.feature] = _surprise(self.spaces, target, points, rows, own=own)
        return surprises

    def to_state(self) -> State:
        """The forests."""
        return {"targets": [vars(target) | {"forest": target.forest.to_state()} for target in self.targets]}

    @classmethod
    def from_state(cls, state: ReadState, reference: Reference) -> Self:
        """The inverse of :meth:`to_state`."""
        targets = (Target(**{**target, "forest": Forest.from_state(target["forest"])}) for target in state["targets"])
        return cls(reference.spaces, tuple(targets))


def _surprise(spaces: Spaces, target: Target, points: NDArray[np.float64], rows: Rows, *, own: bool) -> NDArray[np.float64]:
    values = rows.values[:, target.feature]
    if spaces.n_labels(target.feature):
        return target.of_label(points, spaces.labels(values, target.feature), own=own)
    return target.of_number(points, _numbers(spaces, points, values, target.feature), own=own)


def _numbers(spaces: Spaces, points: NDArray[np.float64], values: NDArray[np.float64], feature: int) -> NDArray[np.float64]:
    first = int(np.flatnonzero(spaces.feature_of_dimension == feature)[0])
    return np.where(np.isnan(values), np.nan, points[:, first])


def _fit(training: Training, points: NDArray[np.float64], feature: int) -> Target | None:
    rows, spaces = training.rows, training.spaces
    columns = np.array([f.column for f in rows.features])
    inputs = np.flatnonzero((columns != columns[feature])[spaces.feature_of_dimension])
    values, n_labels = rows.values[:, feature], spaces.n_labels(feature)
    answers: NDArray[Any] = spaces.labels(values, feature) if n_labels else _numbers(spaces, points, values, feature)
    if len(inputs) == 0 or len(np.unique(answers)) < 2:
        return None
    settings = {
        "n_estimators": max(1, round(_TREES * training.effort)),
        "min_samples_leaf": _LEAF,
        "bootstrap": True,
        "random_state": derive_seed(training.seed, "conditional", feature) % 2**32,
    }
    target = _classify(points, inputs, answers, n_labels, settings) if n_labels else _regress(points, inputs, answers, settings)
    target = replace(target, feature=feature)
    return replace(target, usual=float(np.median(_surprise(spaces, target, points, rows, own=True))))


def _classify(
    points: NDArray[np.float64], inputs: NDArray[np.intp], labels: NDArray[np.intp], n_labels: int, settings: dict[str, Any]
) -> Target:
    forest = ExtraTreesClassifier(max_samples=min(_MOST_ROWS, len(labels)), **settings).fit(points[:, inputs], labels)
    counts = np.bincount(labels, minlength=n_labels + 2) + 0.5
    leaves = []
    for estimator in forest.estimators_:
        shares = np.zeros((estimator.tree_.node_count, n_labels + 2))
        shares[:, forest.classes_] = estimator.tree_.value[:, 0]
        leaves.append(shares)
    return Target(-1, inputs, Forest.from_sklearn(forest, leaves, len(labels)), counts / counts.sum())


def _regress(
    points: NDArray[np.float64], inputs: NDArray[np.intp], numbers: NDArray[np.float64], settings: dict[str, Any]
) -> Target:
    missing = np.isnan(numbers)
    known = np.flatnonzero(~missing)
    max_features = 1.0
    forest = ExtraTreesRegressor(max_samples=min(_MOST_ROWS, len(known)), max_features=max_features, **settings)
    forest.fit(points[known][:, inputs], numbers[known])
    leaves = []
    for estimator in forest.estimators_:
        mean = estimator.tree_.value[:, 0, 0]
        leaves.append(np.column_stack([mean, estimator.tree_.impurity + mean**2]))
    seen = Forest.from_sklearn(forest, leaves, len(known))
    everywhere = np.zeros((len(seen.roots), len(numbers)), dtype=np.bool_)
    everywhere[:, known] = seen.seen
    counts = np.array([len(known), missing.sum()]) + 0.5
    return Target(-1, inputs, replace(seen, seen=everywhere), counts / counts.sum())
