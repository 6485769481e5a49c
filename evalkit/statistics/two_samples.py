"""Two samples with one value a row: exact tests, and the area under the ROC curve with each row's influence."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import gammaln, logsumexp

from evalkit.core.errors import InputError
from evalkit.core.seeds import generator
from evalkit.statistics.influence import Estimate
from evalkit.statistics.ranking import auc

Array = NDArray[np.float64]

# With so many rows a distinct value, drawing how many of each fall to a sample is faster than permuting all rows.
_ROWS_A_VALUE = 5
# With as many rows on both sides the normal law is within 0.005 of the exact p-value, even for two distinct values.
_MANY_ROWS = 2000
_CELLS = 4_000_000


def auc_estimate(first: Array, second: Array) -> Estimate:
    """:func:`~evalkit.statistics.ranking.auc`, with how far each value moves it.

    Its normal interval has no width at 0 and 1: for one figure alone :func:`~evalkit.statistics.ranking.auc_interval` is better.
    The influences are for differences of two areas, paired row by row.

    Args:
        first: (m,) finite, m >= 2; in the Estimate ``reference``.
        second: (n,) finite, n >= 2; in the Estimate ``generated``.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988).

    >>> estimate = auc_estimate(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    >>> estimate.value, estimate.reference.tolist(), estimate.generated.tolist()
    (0.875, [-0.125, 0.125], [0.125, -0.125])
    """
    value = auc(first, second)
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    below, above = _share_below(first, second), 1 - _share_below(second, first)
    method = "area under the ROC curve, variance of DeLong"
    return Estimate(value, "neither", method, below - value, above - value, range=(0.0, 1.0))


def rank_sum_test(
    first: Array,
    second: Array,
    *,
    seed: int,
    alternative: Literal["greater", "two-sided"] = "greater",
    permutations: int = 1999,
) -> float:
    """Mann-Whitney test, exact with ties: how often do permuted rows rank ``first`` as far above ``second``?

    Ranks are permuted as they are, so that ties cost power but never validity. The p-value counts the observed order among the
    permutations and is never too small. From 2,000 rows a side on it comes from the normal law with its tie correction. A small
    p-value says that the laws differ in rank; equal ranks do not say that the laws are equal.

    Args:
        first: (m,) finite, m >= 1.
        second: (n,) finite, n >= 1.
        seed: of the permutations.
        alternative: ``"greater"``: only a higher ``first`` counts.
        permutations: how many to draw, >= 1.

    Returns:
        p-value, 1 / (permutations + 1) … 1; below 2,000 rows a side.

    Source: Mann and Whitney, Annals of Mathematical Statistics 18 (1947); Phipson and Smyth, Statistical Applications in Genetics
    and Molecular Biology 9 (2010), for the added one.

    >>> rank_sum_test(np.arange(10.0) + 10, np.arange(10.0), seed=0)
    0.0005
    """
    if permutations < 1:
        raise InputError(f"a permutation test needs at least one permutation, got {permutations}")
    m, n = len(first), len(second)
    area = auc(first, second)
    pooled = np.concatenate([first, second])
    if pooled.min() == pooled.max():
        return 1.0
    two_sided = alternative == "two-sided"
    if min(m, n) >= _MANY_ROWS:
        return float(stats.mannwhitneyu(first, second, alternative=alternative, method="asymptotic").pvalue)
    ranks = stats.rankdata(pooled) - (m + n + 1) / 2
    excess = (area - 0.5) * m * n
    observed = abs(excess) if two_sided else excess
    sums = _permuted_sums(ranks, m, permutations, generator(seed, "rank sums"))
    at_least = (np.abs(sums) if two_sided else sums) >= observed - 1e-9 * m * n
    return float((at_least.sum() + 1) / (permutations + 1))


def share_test(first: int, n_first: int, second: int, n_second: int) -> float:
    """Exact two-sided p-value (Fisher's) of the same share in both samples.

    Conservative for few rows. It assumes independent rows.

    Args:
        first: successes in the first sample, 0 … n_first.
        n_first: its rows, >= 1.
        second: successes in the second, 0 … n_second.
        n_second: its rows, >= 1.

    Source: Fisher, Journal of the Royal Statistical Society 85 (1922).

    >>> round(share_test(1, 10, 9, 10), 4)
    0.0011
    """
    if not (0 <= first <= n_first and 0 <= second <= n_second and n_first >= 1 and n_second >= 1):
        raise InputError(f"shares need successes in 0 … n and n >= 1, got {first} of {n_first} and {second} of {n_second}")
    return float(stats.fisher_exact([[first, n_first - first], [second, n_second - second]]).pvalue)


def outside_test(outside: int, n_reference: int, n_generated: int) -> float:
    """How often at least so many generated values lie outside the reference's range, if both come from one law.

    Exact for any continuous law; ties count as inside, which makes it conservative. It sees tails only.

    Args:
        outside: generated values below the reference's smallest or above its largest, 0 … n_generated.
        n_reference: reference values, >= 2.
        n_generated: generated values, >= 1.

    Source: Rosenbaum, Annals of Mathematical Statistics 24 (1953).

    >>> outside_test(0, 10, 5), round(outside_test(1, 2, 1), 4)
    (1.0, 0.6667)
    """
    if n_reference < 2 or not 0 <= outside <= n_generated or n_generated < 1:
        raise InputError(
            "values outside a range need two reference values and one generated, "
            f"got {n_reference} and {n_generated}, {outside} outside"
        )
    if outside == 0:
        return 1.0
    k = np.arange(outside, n_generated + 1)
    logs = np.log(k + 1) + _log_choose(n_reference + n_generated - 2 - k, n_reference - 2)
    return float(min(1.0, np.exp(logsumexp(logs) - _log_choose(np.array(n_reference + n_generated), n_reference))))


def _share_below(values: Array, others: Array) -> Array:
    """For each value, the share of the others below it; equal ones count half."""
    ordered = np.sort(others)
    both = np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right")
    return np.asarray(both / (2 * len(others)), dtype=np.float64)


def _permuted_sums(ranks: Array, size: int, permutations: int, draws: np.random.Generator) -> Array:
    """Sums of ranks of so many rows, drawn without replacement."""
    values, counts = np.unique(ranks, return_counts=True)
    if len(values) * _ROWS_A_VALUE < len(ranks):
        return np.asarray(draws.multivariate_hypergeometric(counts, size, size=permutations) @ values, dtype=np.float64)
    step = max(1, _CELLS // len(ranks))
    parts = []
    for start in range(0, permutations, step):
        block = np.tile(ranks, (min(step, permutations - start), 1))
        parts.append(draws.permuted(block, axis=1)[:, :size].sum(axis=1))
    return np.concatenate(parts)


def _log_choose(n: NDArray[np.int64], k: int) -> Array:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1), dtype=np.float64)
