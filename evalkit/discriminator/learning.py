"""How much the AUC of a classifier varies with the rows that it happened to learn from."""

from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from evalkit.core.seeds import derive_seed
from evalkit.discriminator import FittedClassifier
from evalkit.discriminator.halves import Half, parts
from evalkit.statistics import auc_estimate

Array = NDArray[np.float64]

# Fewer parts learn from more rows, but leave fewer pairs to be averaged: chance then adds more where laws are equal.
_PARTS = 6


class Fit(Protocol):
    """Trains a classifier."""

    def __call__(self, real: Array, generated: Array, *, seed: int) -> FittedClassifier:
        """From real and generated rows."""


def learning_variance(fit: Fit, reference: Array, generated: Array, *, area: float, n_training: int, seed: int) -> float:
    """The variance of the AUC on all rows of the laws, over training rows, of a classifier that learned from so many a side.

    Six classifiers learn from disjoint sixths of the rows. Half the squared difference of two of their AUCs on the other four
    sixths, less what these rows move it by (DeLong), is without bias the variance at that size. Its mean over the pairs is taken
    to the size wanted as that of a probit of an AUC, which falls as 1 / rows and does not feel the ends at 0 and 1.

    It is rough, as of a few draws, and 0 where no difference is seen. Where classifiers of so few rows see next to nothing
    and larger ones do, it is too small: down to a third of what it should be. Rows that come in groups make it too small.

    Args:
        fit: trains a classifier.
        reference: (n, …) rows of both halves.
        generated: (n, …) likewise.
        area: the AUC of the classifier that learned from ``n_training`` rows a side.
        n_training: a side.
        seed: of the lots and of the classifiers.

    >>> from evalkit.discriminator.families import Logistic
    >>> def fit(real, drawn, *, seed):
    ...     return Logistic().fit(np.concatenate([real, drawn]), np.arange(len(real) + len(drawn)) < len(real), seed=seed)
    >>> rows, other = np.random.default_rng(0).normal([[[0.0]], [[0.4]]], 1, size=(2, 300, 8))
    >>> 0 < learning_variance(fit, rows, other, area=0.75, n_training=150, seed=0) < 0.001
    True
    """
    every = [part.balanced(seed, "learning", i) for i, part in enumerate(parts(reference, generated, _PARTS, seed=seed))]
    # Copies lie in one part together, so that others may have none.
    able = [part for part in every if len(part.reference) > 0]
    answers = [_answers(fit, reference, generated, part, derive_seed(seed, "learning", i)) for i, part in enumerate(able)]
    found, areas = [], []
    for first, second in combinations(range(len(able)), 2):
        others = [part for i, part in enumerate(able) if i not in (first, second)]
        if sum(len(part.reference) for part in others) >= 2:
            spread, middle = _apart(answers[first], answers[second], others)
            found.append(spread)
            areas.append(middle)
    if not found:
        return 0.0
    size = float(np.mean([len(part.reference) for part in able]))
    return max(0.0, float(np.mean(found))) * size / n_training * _narrower(area, float(np.mean(areas))) ** 2


def _answers(fit: Fit, reference: Array, generated: Array, part: Half, seed: int) -> tuple[Array, Array]:
    classifier = fit(reference[part.reference], generated[part.generated], seed=seed)
    return classifier.realness(reference), classifier.realness(generated)


def _apart(first: tuple[Array, Array], second: tuple[Array, Array], asked: list[Half]) -> tuple[float, float]:
    """The variance that two classifiers' AUCs on these rows show, the rows' own taken out, and the mean AUC."""
    real = np.concatenate([part.reference for part in asked])
    drawn = np.concatenate([part.generated for part in asked])
    one, other = (auc_estimate(of_real[real], of_drawn[drawn]) for of_real, of_drawn in (first, second))
    moved = (one.reference - other.reference, one.generated - other.generated)
    of_rows = sum(float(rows.var(ddof=1)) / len(rows) for rows in moved)
    return ((one.value - other.value) ** 2 - of_rows) / 2, (one.value + other.value) / 2


def _narrower(area: float, of_parts: float) -> float:
    """How much less an AUC moves with its probit here than there; more rows are not believed to make it move more."""
    here, there = (float(norm.pdf(norm.ppf(value))) for value in (area, of_parts))
    return min(1.0, here / there) if there > 0 else 1.0
