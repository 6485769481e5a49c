"""The families of classifiers: a line, trees, a small network; each on one thread, so that a seed decides every bit."""

import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from threadpoolctl import ThreadpoolController

from evalkit.core.seeds import derive_seed

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

_LEAF = 20


@dataclass(frozen=True)
class Logistic:
    """Logistic regression on bent features, with a ridge.

    Attributes:
        inverse_ridge: scikit-learn's C, > 0.

    >>> rows = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> fitted = Logistic().fit(rows, np.array([False, False, True, True]), seed=0)
    >>> bool(fitted.realness(rows)[0] < 0.5 < fitted.realness(rows)[3])
    True
    """

    inverse_ridge: float = 1.0

    def fit(self, rows: Array, real: Flags, *, seed: int) -> "Scored":
        """See :class:`~evalkit.discriminator.Family`; the seed changes nothing."""
        return _fitted(LogisticRegression(C=self.inverse_ridge, max_iter=1000), Bend.of(rows), rows, real)


@dataclass(frozen=True)
class BoostedTrees:
    """Gradient-boosted trees of histograms, with 20 training rows a leaf or more; a quarter of them where they are fewer than 80.

    Missing values (NaN) are a branch of their own.

    Attributes:
        rounds: trees, >= 1.
        leaves: of each tree, >= 2.
        learning_rate: of each tree's part, > 0.
    """

    rounds: int = 100
    leaves: int = 8
    learning_rate: float = 0.1

    def fit(self, rows: Array, real: Flags, *, seed: int) -> "Scored":
        """See :class:`~evalkit.discriminator.Family`."""
        model = HistGradientBoostingClassifier(
            max_iter=self.rounds,
            max_leaf_nodes=self.leaves,
            learning_rate=self.learning_rate,
            min_samples_leaf=min(_LEAF, max(len(rows) // 4, 1)),
            early_stopping=False,
            random_state=_state(seed, "boosted trees"),
        )
        # A feature without any value has no bins; as a constant it says as little.
        return _fitted(model, None, np.where(np.isnan(rows).all(axis=0), 0.0, rows), real)


@dataclass(frozen=True)
class Perceptron:
    """One hidden layer on bent features; of a thousand training rows or more, a tenth says when to stop.

    Attributes:
        width: of the hidden layer, >= 1.
        epochs: at most, >= 1.
        decay: of the weights, >= 0.
    """

    width: int = 64
    epochs: int = 100
    decay: float = 1e-3

    def fit(self, rows: Array, real: Flags, *, seed: int) -> "Scored":
        """See :class:`~evalkit.discriminator.Family`."""
        model = MLPClassifier(
            (self.width,),
            alpha=self.decay,
            max_iter=self.epochs,
            learning_rate_init=3e-3,
            early_stopping=len(rows) >= 1000,
            random_state=_state(seed, "perceptron"),
        )
        return _fitted(model, Bend.of(rows), rows, real)


@dataclass(frozen=True, eq=False)
class Bend:
    """Features about their median in widths of their middle half, linear there and logarithmic in the tails.

    One wild value moves nothing else, and no finite value overflows.

    Attributes:
        center: (d,) medians.
        width: (d,) widths, > 0.
    """

    center: Array
    width: Array

    @classmethod
    def of(cls, rows: Array) -> Self:
        """The places and widths of training rows."""
        scale = np.maximum(np.abs(rows).max(axis=0), np.finfo(np.float64).tiny)  # sums of huge values overflow
        center = np.median(rows / scale, axis=0) * scale
        low, high = np.quantile(rows / scale, [0.25, 0.75], axis=0)
        mean = np.abs(rows / scale - center / scale).mean(axis=0)
        width = np.where(high > low, (high - low) / 1.349, mean)
        return cls(center, np.where(width > 0, np.maximum(width * scale, np.finfo(np.float64).tiny), 1.0))

    def __call__(self, rows: Array) -> Array:
        """The bent features, (n, d), finite."""
        with np.errstate(over="ignore"):
            z = np.clip((rows / 6 - self.center / 6) / self.width * 2, -1e300, 1e300)
        return np.asarray(3 * np.arcsinh(z), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Scored:
    """A fitted classifier of scikit-learn.

    Attributes:
        model: the classifier.
        bend: what features go through first, if anything.
    """

    model: Any
    bend: Bend | None

    def realness(self, rows: Array) -> Array:
        """See :class:`~evalkit.discriminator.FittedClassifier`."""
        with _pools().limit(limits=1):
            return np.asarray(self.model.predict_proba(rows if self.bend is None else self.bend(rows))[:, 1], dtype=np.float64)


def _fitted(model: Any, bend: Bend | None, rows: Array, real: Flags) -> Scored:
    with _pools().limit(limits=1), warnings.catch_warnings(), np.errstate(over="ignore"):
        # A classifier that has not quite converged is a weaker classifier, not a wrong test.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows if bend is None else bend(rows), real.astype(np.int64))
    return Scored(model, bend)


@cache
def _pools() -> Any:
    """The threads of the libraries that scikit-learn has loaded; looking for them takes longer than a small fit."""
    return ThreadpoolController()


def _state(seed: int, name: str) -> int:
    return derive_seed(seed, name) % 2**32
