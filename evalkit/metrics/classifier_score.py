"""Classifier score (Inception score of any classifier): rows that are each of one class for sure, and of many classes in all."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import rel_entr

from evalkit.core.errors import InputError, ShapeError
from evalkit.statistics.influence import Estimate

Array = NDArray[np.float64]

# What probabilities in single precision may miss of 1.
_ROUNDING = 1e-4


class ClassifierScore(NamedTuple):
    """A score as it is printed elsewhere.

    Attributes:
        value: mean over the splits.
        spread: population standard deviation over the splits: of one split, no standard error of the mean.
    """

    value: float
    spread: float


def classifier_score(probabilities: ArrayLike, splits: int = 10, *, seed: int = 2020) -> ClassifierScore:
    """How surely each row is of one class, and how many classes there are: exp of the mean divergence from the mean row.

    The divergence is that of a row's class probabilities from their mean over rows; splits of the rows are scored one by one. From
    1, where all rows get the same probabilities, to the number of classes, where each row is of one class for sure and all
    classes are as frequent. No real row is looked at: one good row of each class, repeated, gets the highest score. A score is of
    its classifier: with other weights it says something else, and on data unlike what the classifier learned it says nothing.
    Splits have few rows, which makes scores of many classes too small; :func:`classifier_score_estimate` uses all rows at once.

    Args:
        probabilities: (n, classes) of the generated rows, each row >= 0 with the sum 1.
        splits: parts of the shuffled rows, each with a score of its own, 1 to n.
        seed: of the shuffle; 2020 shuffles as torch-fidelity does.

    Raises:
        ShapeError: no matrix, fewer than two classes, or fewer rows than splits.
        InputError: a row is no probabilities, or there are no splits.

    Source: Salimans et al., NeurIPS 2016; Barratt and Sharma, arXiv 1801.01973, for where it misleads.

    >>> classifier_score(np.eye(4), splits=1)
    ClassifierScore(value=4.0, spread=0.0)
    """
    rows = _checked(probabilities, fewest=max(splits, 1))
    if splits < 1:
        raise InputError(f"a classifier score needs one split or more, got {splits}")
    n = len(rows)
    # Their generator is NumPy's old one.
    rows = rows[np.random.RandomState(seed).permutation(n)]
    scores = [math.exp(_divergences(rows[i * n // splits : (i + 1) * n // splits]).mean()) for i in range(splits)]
    return ClassifierScore(float(np.mean(scores)), float(np.std(scores)))


def classifier_score_estimate(probabilities: ArrayLike) -> Estimate:
    """The score of all rows at once, less its bias of order 1/n, with each row's influence.

    It aims at the score of ever more rows, so scores of different numbers of rows can be compared, by
    :func:`~evalkit.statistics.influence.difference`. Its interval takes the classifier as given. The reference's influences are two
    zeros: there is no reference.

    Args:
        probabilities: (n, classes) as in :func:`classifier_score`, two rows or more; classes that no row may be of do not count.

    Raises:
        ShapeError: no matrix, fewer than two classes or rows.
        InputError: a row is no probabilities.

    >>> sure = np.eye(4)[np.arange(400) % 4] * 0.96 + 0.01
    >>> [round(end, 2) for end in classifier_score_estimate(sure).interval()]
    [3.39, 3.38, 3.41]
    """
    rows = _checked(probabilities, fewest=2)
    n, share, each = len(rows), rows.mean(axis=0), _divergences(rows)
    centred = np.divide(rows - share, np.sqrt(share), out=np.zeros_like(rows), where=share > 0)
    scatter = centred.T @ centred / (n - 1)
    # The mean divergence errs, to second order, by half the squared error of the mean row over the mean row.
    lacking, second = float(np.trace(scatter)) / (2 * n), float((scatter**2).sum()) / (2 * n**2)
    bent = float(each.var(ddof=1)) / (2 * n)
    value = float(np.clip(math.exp(float(each.mean()) + lacking - bent), 1.0, rows.shape[1]))
    method = f"plug-in less its bias to order 1/n, {n} rows, {rows.shape[1]} classes; delta method, the classifier as given"
    influences = value * (each - each.mean())
    return Estimate(value, "higher", method, np.zeros(2), influences, value**2 * second, (1.0, float(rows.shape[1])))


@dataclass(frozen=True)
class ClassifierScores:
    """:func:`classifier_score_estimate` where the features are class probabilities: of a classifier as the extractor.

    Give one that ends in a softmax, as an .onnx file, a module or a function. The reference's own score stands in the method's
    words: no generator should lie far above it. Real rows have no other part in it: see what it says beside a figure that has.

    >>> sure, unsure = (np.random.default_rng(0).dirichlet(np.full(5, spread), size=300) for spread in (0.1, 1.0))
    >>> round(ClassifierScores().estimates(sure, unsure, seed=0)["classifier_score"].value, 1)
    1.4
    """

    def estimates(self, reference: Array, generated: Array, *, seed: int) -> Mapping[str, Estimate]:
        """``classifier_score``; no draw is involved.

        Raises:
            ShapeError: fewer than two rows a side or classes, or other classes than the reference's.
            InputError: a row is no probabilities.
        """
        if np.ndim(reference) != 2 or np.shape(reference)[1:] != np.shape(generated)[1:]:
            raise ShapeError(
                f"a classifier score needs the same classes on both sides, got {np.shape(reference)} and {np.shape(generated)}: "
                "take one classifier for both"
            )
        real, found = classifier_score_estimate(reference), classifier_score_estimate(generated)
        method = f"{found.method}; {real.value:.4g} in the reference"
        return {"classifier_score": replace(found, method=method, reference=np.zeros(len(reference)))}


def _divergences(rows: Array) -> Array:
    """Of each row from the mean row, in nats; it is also how far the row moves the mean of these, but for that mean."""
    return np.asarray(rel_entr(rows, rows.mean(axis=0)).sum(axis=1), dtype=np.float64)


def _checked(probabilities: ArrayLike, *, fewest: int) -> Array:
    rows = np.asarray(probabilities, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] < 2 or len(rows) < fewest:
        raise ShapeError(
            f"a classifier score needs probabilities (rows, classes) of {fewest} rows and 2 classes or more, got {rows.shape}: "
            "give a classifier's outputs, of more rows"
        )
    # A comparison with NaN is false.
    if not ((rows >= 0).all() and (np.abs(rows.sum(axis=1) - 1) <= _ROUNDING).all()):
        raise InputError("a classifier score needs probabilities, each row >= 0 with the sum 1: give a softmax of the scores")
    return rows
