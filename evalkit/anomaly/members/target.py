"""One feature as the other columns predict it, by trees."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from evalkit.anomaly.members.base import Training
from evalkit.anomaly.members.forest import Forest
from evalkit.anomaly.spaces import Spaces
from evalkit.core.seeds import derive_seed
from evalkit.data.rows import Rows

_TREES = 20
_MOST_ROWS = 2000
_LEAF = 4
_DEGREES = 4.0
_FLOOR = 0.03
_DOUBTS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


@dataclass(frozen=True, eq=False)
class Target:
    """One feature as the other columns predict it.

    Attributes:
        feature: its position in the rows.
        inputs: the dimensions of the robust space that the forest asks: all but those of the feature's own column.
        forest: leaves say the share of each label, or mean and mean square of a number in the robust space.
        base: share of each label over the reference, missing and unseen included; of a number: (present, missing).
        doubt: how far the labels' shares are taken from ``base`` instead of from the trees.
    """

    feature: int
    inputs: NDArray[np.intp]
    forest: Forest
    base: NDArray[np.float64]
    doubt: float = 0.0

    def of_label(self, points: NDArray[np.float64], labels: NDArray[np.intp], *, own: bool = False) -> NDArray[np.float64]:
        """Minus the log probability of the labels."""
        return self._of_label(self._said(points, own), labels)

    def doubted(self, points: NDArray[np.float64], labels: NDArray[np.intp]) -> Self:
        """With the doubt under which the training rows' labels are most likely, to the trees that have not seen them."""
        said, candidates = self._said(points, own=True), [replace(self, doubt=doubt) for doubt in _DOUBTS]
        surprise = [float(candidate._of_label(said, labels).mean()) for candidate in candidates]
        return candidates[int(np.argmin(surprise))]

    def _of_label(self, halves: list[NDArray[np.float64]], labels: NDArray[np.intp]) -> NDArray[np.float64]:
        surprises = []
        for said in halves:
            shares = (1 - self.doubt) * said + self.doubt * self.base
            surprises.append(-np.log(np.take_along_axis(shares, labels[:, None], axis=1)[:, 0]))
        return np.asarray(np.mean(surprises, axis=0))

    def of_number(self, points: NDArray[np.float64], numbers: NDArray[np.float64], *, own: bool = False) -> NDArray[np.float64]:
        """Minus the log density of the numbers under a Student-t of four degrees, or of being missing (NaN)."""
        missing = np.isnan(numbers)
        surprises = []
        for said in self._said(points, own):
            squares = (np.where(missing, 0.0, numbers) - said[:, 0]) ** 2
            variance = np.maximum(said[:, 1] - said[:, 0] ** 2, 0.0) + _FLOOR
            surprises.append(0.5 * np.log(variance) + 0.5 * (_DEGREES + 1) * np.log1p(squares / (_DEGREES * variance)))
        return np.asarray(np.where(missing, -np.log(self.base[1]), np.mean(surprises, axis=0) - np.log(self.base[0])))

    def _said(self, points: NDArray[np.float64], own: bool) -> list[NDArray[np.float64]]:
        inputs = points[:, self.inputs]
        return self.forest.predict_own(inputs) if own else self.forest.predict(inputs)


def surprise(spaces: Spaces, target: Target, points: NDArray[np.float64], rows: Rows, *, own: bool) -> NDArray[np.float64]:
    """How surprising the rows' values of the target are, (n,) nats; ``points`` are the rows in the robust space."""
    values = rows.values[:, target.feature]
    if spaces.n_labels(target.feature):
        return target.of_label(points, spaces.labels(values, target.feature), own=own)
    return target.of_number(points, _numbers(spaces, points, values, target.feature), own=own)


def _numbers(spaces: Spaces, points: NDArray[np.float64], values: NDArray[np.float64], feature: int) -> NDArray[np.float64]:
    first = int(np.flatnonzero(spaces.feature_of_dimension == feature)[0])
    return np.where(np.isnan(values), np.nan, points[:, first])


def fit_target(training: Training, points: NDArray[np.float64], feature: int) -> Target | None:
    """Learn to predict one feature; None if it is constant or there is no other column to predict it from."""
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
    return target.doubted(points, answers) if n_labels else target


def _sample_size(n_rows: int) -> int:
    """Rows drawn for a tree: so many that it has not seen about half of them."""
    return max(1, min(_MOST_ROWS, round(0.7 * n_rows)))


def _classify(
    points: NDArray[np.float64], inputs: NDArray[np.intp], labels: NDArray[np.intp], n_labels: int, settings: dict[str, Any]
) -> Target:
    forest = ExtraTreesClassifier(max_features=None, max_samples=_sample_size(len(labels)), **settings).fit(
        points[:, inputs], labels
    )
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
    forest = ExtraTreesRegressor(max_samples=_sample_size(len(known)), **settings)
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
