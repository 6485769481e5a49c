"""What is true, and who is right how often, when several raters labelled the same units: Dawid and Skene, and one coin a rater."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import logsumexp

from evalkit.core.errors import InputError, UndefinedError
from evalkit.ratings.agreement.labels import Labels

Array = NDArray[np.float64]
Model = Literal["confusion", "one_coin"]

_STEPS = 2000
_CONVERGED = 1e-9


@dataclass(frozen=True, eq=False)
class TrueLabels:
    """What is likely true of each unit, and how each rater errs.

    Attributes:
        values: the labels.
        probabilities: (units, values) frame, chance of each label by unit.
        prevalence: (values,) share of units of each label.
        confusion: (raters, values, values) how often a rater says the third where the second is true.
        accuracy: by rater, how often right, over units as they come.
        log_likelihood: of the labels.
        converged: whether the search came to an end.
        method: in words, with the smoothing.
    """

    values: tuple[Any, ...]
    probabilities: pd.DataFrame
    prevalence: Array
    confusion: Array
    accuracy: "pd.Series[float]"
    log_likelihood: float
    converged: bool
    method: str

    @property
    def labels(self) -> "pd.Series[Any]":
        """The likeliest label of each unit; of equally likely ones the first."""
        return self.probabilities.idxmax(axis=1)


def true_labels(labels: Any, *, model: Model = "confusion", smoothing: float = 0.1, values: Any = None) -> TrueLabels:
    """Estimate each unit's true label and each rater's errors together, by expectation and maximisation.

    It assumes one true label a unit and raters who err independently of each other: where raters share an error, it takes the error
    for the truth, and their accuracy is overstated. It starts from the majority and may end in another optimum than the best.

    Args:
        labels: see :meth:`Labels.of`.
        model: ``"confusion"``: a matrix of errors for each rater (Dawid and Skene). ``"one_coin"``: each rater is right with one
            chance, and errs evenly: better where raters labelled few units.
        smoothing: labels that are added to each cell of a rater's matrix, > 0, so that one label makes nobody certain.
        values: all labels.

    Raises:
        UndefinedError: all labels are the same, or no unit has two.

    Source: Dawid and Skene, Applied Statistics 28 (1979); Zhang and others, Journal of Machine Learning Research 17 (2016).

    >>> found = true_labels([["a", "a", "b"], ["b", "b", "b"], ["a", "a", "b"], ["b", "b", "a"]])
    >>> found.labels.tolist()
    ['a', 'b', 'a', 'b']
    """
    if model not in ("confusion", "one_coin") or not smoothing > 0:
        raise InputError(f"the model must be confusion or one_coin and smoothing above 0, got {model!r} and {smoothing}")
    read = Labels.of(labels, values=values)
    v, counts = len(read.values), read.counts()
    if v < 2 or counts.sum(axis=1).max() < 2:
        raise UndefinedError("true labels need two different labels, and units that two raters or more labelled")
    given = sparse.csr_array(
        (np.ones(len(read.unit)), (read.unit, read.rater * v + read.code)), shape=(read.units, read.raters * v)
    )
    # A unit without a label starts where all labels are alike.
    majority = (counts + 1e-9) / (counts + 1e-9).sum(axis=1, keepdims=True)
    truth, prevalence, confusion, value, converged = _search(given, majority, model, smoothing)
    accuracy = np.einsum("rtt,t->r", confusion, prevalence)
    return TrueLabels(
        read.values,
        pd.DataFrame(truth, index=read.unit_names, columns=pd.Index(read.values)),
        prevalence,
        confusion,
        pd.Series(accuracy, index=read.rater_names),
        value,
        converged,
        f"{'Dawid-Skene' if model == 'confusion' else 'one coin a rater'} by EM, {smoothing:g} labels added to each cell"
        + ("" if converged else ", not converged"),
    )


def _search(given: sparse.csr_array, truth: Array, model: Model, smoothing: float) -> tuple[Array, Array, Array, float, bool]:
    v, before = truth.shape[1], -np.inf
    for _ in range(_STEPS):
        prevalence = (truth.sum(axis=0) + smoothing) / (len(truth) + v * smoothing)
        confusion = _confusion(np.asarray(given.T @ truth).reshape(-1, v, v).transpose(0, 2, 1), model, smoothing)
        logs = np.log(prevalence) + given @ np.log(confusion).transpose(0, 2, 1).reshape(-1, v)
        scale = logsumexp(logs, axis=1)
        truth, value = np.exp(logs - scale[:, None]), float(scale.sum())
        if value - before < _CONVERGED * abs(value):
            return truth, prevalence, confusion, value, True
        before = value
    return truth, prevalence, confusion, value, False


def _confusion(counts: Array, model: Model, smoothing: float) -> Array:
    """(raters, true, said) from expected counts of the same shape."""
    v = counts.shape[1]
    if model == "confusion":
        smoothed = counts + smoothing
        return np.asarray(smoothed / smoothed.sum(axis=2, keepdims=True))
    right = np.trace(counts, axis1=1, axis2=2) + v * smoothing
    accuracy = (right / (counts.sum(axis=(1, 2)) + v * v * smoothing))[:, None, None]
    return np.asarray(np.where(np.eye(v, dtype=np.bool_), accuracy, (1 - accuracy) / (v - 1)))
