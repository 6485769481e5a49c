"""Many intervals that hold all at once: the largest of many t statistics, drawn from their joint law."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evalkit.core.errors import InputError
from evalkit.core.seeds import generator

Array = NDArray[np.float64]

_CELLS = 8_000_000


def pairwise_quantile(
    covariance: Array, *, degrees: float = math.inf, level: float = 0.95, seed: int = 0, draws: int = 2000
) -> float:
    """By how many standard errors all differences between estimates may miss at once, with this confidence.

    The quantile of the largest |difference| / standard error over all pairs of estimates, where the estimates are normal with this
    covariance (or t, with few degrees of freedom). It takes the place of 1.96 and is smaller than Bonferroni's, since
    differences share their estimates. Known to about 1 / sqrt(draws).

    Args:
        covariance: (k, k) of the estimates, k >= 2.
        degrees: of freedom of the standard errors.
        level: 0 < level < 1.
        seed: of the draws.
        draws: from the joint law.

    Source: Hothorn, Bretz and Westfall, Biometrical Journal 50 (2008).

    >>> round(pairwise_quantile(np.eye(2), seed=0, draws=20_000), 1)
    2.0
    """
    if not 0 < level < 1 or draws < 100:
        raise InputError(f"a level in 0 … 1 and 100 draws or more are needed, got {level} and {draws}")
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    source = generator(seed, "largest difference")
    sample = source.normal(size=(draws, len(values))) @ root.T
    if math.isfinite(degrees):
        sample /= np.sqrt(source.chisquare(degrees, size=(draws, 1)) / degrees)
    single = float(stats.t.ppf((1 + level) / 2, degrees) if math.isfinite(degrees) else stats.norm.ppf((1 + level) / 2))
    return max(single, float(np.quantile(_largest(sample, covariance), level)))


def difference_errors(covariance: Array) -> Array:
    """(k, k) standard error of each difference between estimates.

    >>> difference_errors(np.eye(2)).round(3).tolist()
    [[0.0, 1.414], [1.414, 0.0]]
    """
    variances = np.diag(covariance)
    return np.asarray(np.sqrt(np.maximum(variances[:, None] + variances[None, :] - 2 * covariance, 0.0)))


def _largest(sample: Array, covariance: Array) -> Array:
    """(draws,) largest |difference| over its standard error."""
    errors = difference_errors(covariance)
    per_error = np.divide(1.0, errors, out=np.zeros_like(errors), where=errors > 1e-12)
    k, largest = len(covariance), np.zeros(len(sample))
    for i in range(k - 1):
        apart = np.abs(sample[:, i + 1 :] - sample[:, i : i + 1])
        apart *= per_error[i, i + 1 :]
        np.maximum(largest, apart.max(axis=1), out=largest)
    return largest
