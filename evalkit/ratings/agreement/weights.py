"""How much two labels agree, from 0 to 1, for coefficients that give credit for near misses."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError
from evalkit.ratings.agreement.labels import Labels

Array = NDArray[np.float64]
Weights = Literal["identity", "linear", "quadratic", "gwet_ordinal"]


def weight_matrix(labels: Labels, weights: Weights) -> Array:
    """(values, values) agreement of each two labels.

    ``"identity"``: the same or not. ``"linear"`` and ``"quadratic"``: one less distance, or its square, over the largest; labels
    that are no numbers stand one apart. ``"gwet_ordinal"``: one less the pairs of labels within a range over all pairs; it is not
    the metric of Krippendorff's ordinal alpha.

    Source: Cohen, Psychological Bulletin 70 (1968); Gwet, Handbook of Inter-Rater Reliability, 4th ed. (2014), section 4.4.

    >>> weight_matrix(Labels.of([[0, 1], [2, 2]]), "linear")[0].tolist()
    [1.0, 0.5, 0.0]
    """
    v = len(labels.values)
    if weights == "identity" or v < 2:
        return np.eye(v)
    if weights == "gwet_ordinal":
        apart = np.abs(np.subtract.outer(np.arange(v), np.arange(v)))
        return np.asarray(1 - apart * (apart + 1) / (v * (v - 1)))
    power = {"linear": 1, "quadratic": 2}.get(weights)
    if power is None:
        raise InputError(f"weights must be identity, linear, quadratic or gwet_ordinal, got {weights!r}")
    at = labels.numbers() if all(isinstance(value, int | float) for value in labels.values) else np.arange(v, dtype=np.float64)
    return np.asarray(1 - (np.abs(np.subtract.outer(at, at)) / np.ptp(at)) ** power)
