"""A small forest of regression or classification trees as plain arrays."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from evalkit.core.state import ReadState, State


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees with their nodes behind one another.

    Attributes:
        roots: (t,) node of each tree's root.
        feature: (nodes,) which input a node asks, or -1 at a leaf.
        threshold: (nodes,) go left where input <= threshold.
        left, right: (nodes,) children.
        values: (nodes, v) what a leaf says.
        seen: (t, n) which training rows each tree has seen; None on a forest read from a state.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    values: NDArray[np.float32]
    seen: NDArray[np.bool_] | None = None

    @classmethod
    def from_sklearn(cls, fitted: Any, values: list[NDArray[np.float64]], n_rows: int) -> Self:
        """Copy a fitted scikit-learn forest; ``values`` has one (nodes, v) array a tree."""
        trees = [estimator.tree_ for estimator in fitted.estimators_]
        starts = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1]
        seen = np.zeros((len(trees), n_rows), dtype=np.bool_)
        for tree, rows in enumerate(fitted.estimators_samples_):
            seen[tree, rows] = True

        def children(name: str) -> NDArray[np.int32]:
            return np.concatenate([getattr(tree, name) + start for tree, start in zip(trees, starts, strict=True)]).astype(np.int32)

        return cls(
            starts.astype(np.int32),
            np.maximum(np.concatenate([tree.feature for tree in trees]), -1).astype(np.int32),
            np.concatenate([tree.threshold for tree in trees]),
            children("children_left"),
            children("children_right"),
            np.concatenate(values).astype(np.float32),
            seen,
        )

    def predict(self, inputs: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Mean over the trees of what their leaves say, (n, v), for either half of the trees.

        The trees that have not seen a training row are about half of them. New rows are judged by halves, too, because the mean
        over all trees is steadier, and rows judged by it would look less odd than training rows.
        """
        leaves, middle = self._leaves(inputs), (len(self.roots) + 1) // 2
        halves = [leaves[:middle], leaves[middle:]] if len(leaves) > 1 else [leaves]
        return [np.mean([self.values[of_tree].astype(np.float64) for of_tree in half], axis=0) for half in halves]

    def predict_own(self, inputs: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """For the training rows, the mean over the trees that have not seen the row (all, where all have), as a list of one."""
        if self.seen is None:
            raise ValueError("a forest read from a state does not know its training rows")
        unseen = np.where(self.seen.all(axis=0), True, ~self.seen)
        total = np.zeros((len(inputs), self.values.shape[1]))
        for leaves, weight in zip(self._leaves(inputs), unseen, strict=True):
            total += weight[:, None] * self.values[leaves]
        return [total / unseen.sum(axis=0)[:, None]]

    def _leaves(self, inputs: NDArray[np.float64]) -> NDArray[np.int32]:
        """Where the rows end up in each tree, (t, n)."""
        narrow = inputs.astype(np.float32)  # scikit-learn grows trees on these; rows near a threshold must fall the same way
        n_rows, n_inputs = narrow.shape
        node = np.repeat(self.roots, n_rows)
        active, flat = np.arange(len(node)), narrow.reshape(-1)
        while len(active):
            here = node[active]
            feature = self.feature[here]
            inner = feature >= 0
            active, here, feature = active[inner], here[inner], feature[inner]
            asked = flat[active % n_rows * n_inputs + feature]
            node[active] = np.where(asked <= self.threshold[here], self.left[here], self.right[here])
        return node.reshape(len(self.roots), n_rows)

    def to_state(self) -> State:
        """The nodes."""
        return {name: value for name, value in vars(self).items() if name != "seen"}

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """The inverse of :meth:`to_state`."""
        return cls(**state)
