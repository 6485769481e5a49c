"""Exact and permutation tests: how often chance alone gives a difference this large."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.seeds import generator

Alternative = Literal["two-sided", "greater", "less"]


def binomial_test(successes: int, n: int, *, share: float = 0.5, alternative: Alternative = "two-sided") -> float:
    """Exact p-value of so many successes when each has this chance.

    Args:
        successes: how many, 0 <= successes <= n.
        n: out of how many, >= 1.
        share: the chance under the null hypothesis, 0 … 1.
        alternative: which deviations count.

    >>> round(binomial_test(9, 10), 4)
    0.0215
    """
    if n < 1 or not 0 <= successes <= n or not 0 <= share <= 1:
        raise InputError(f"a binomial test needs 0 <= successes <= n, n >= 1 and a share in 0 … 1, got {successes}, {n}, {share}")
    return float(stats.binomtest(successes, n, share, alternative=alternative).pvalue)


def binomial_range(n: int, share: float, *, level: float = 0.95) -> tuple[int, int]:
    """Between which counts chance alone leaves at least so many of n when each has this chance.

    >>> binomial_range(100, 0.05)
    (1, 10)
    """
    if n < 1 or not 0 <= share <= 1 or not 0 < level < 1:
        raise InputError(f"a range of counts needs n >= 1, a share in 0 … 1 and a level in between, got {n}, {share} and {level}")
    low, high = stats.binom.interval(level, n, share)
    return int(low), int(high)


def paired_test(differences: NDArray[np.float64], *, seed: int, permutations: int = 10_000) -> float:
    """Two-sided sign-flip test of paired differences: is their centre of symmetry zero?

    Exact up to the Monte Carlo draws (whose p-value includes the observed value, so that it is never 0 and never too small).

    Args:
        differences: (n,) finite, one for each item that both systems were measured on, n >= 1.
        seed: of the draws.
        permutations: sign patterns drawn.

    Returns:
        p-value, 1 / (permutations + 1) … 1.

    >>> paired_test(np.array([1.0, -1.0]), seed=0)
    1.0
    """
    differences = _finite(differences)
    observed = abs(differences.sum())
    draws = generator(seed, "sign flips")
    at_least = 0
    for start in range(0, permutations, 1000):
        signs = draws.choice([-1.0, 1.0], size=(min(1000, permutations - start), len(differences)))
        at_least += int((np.abs(signs @ differences) >= observed * (1 - 1e-12)).sum())
    return (at_least + 1) / (permutations + 1)


def two_sample_test(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    statistic: Callable[[NDArray[np.float64], NDArray[np.float64]], float],
    *,
    seed: int,
    permutations: int = 1000,
) -> float:
    """Permutation test of two samples: do they come from one law? Large values of the statistic speak against it.

    Args:
        first: (n, …) rows, n >= 1.
        second: (m, …) rows, m >= 1.
        statistic: from two such arrays to a number; larger = more different.
        seed: of the permutations.
        permutations: how many to draw.

    Returns:
        p-value, 1 / (permutations + 1) … 1; valid for any statistic if rows are independent.

    Source: Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010), for the added one.

    >>> gap = lambda a, b: float(abs(a.mean() - b.mean()))
    >>> two_sample_test(np.zeros(9), np.ones(9), gap, seed=0, permutations=99) <= 0.02
    True
    """
    first, second = _finite(first), _finite(second)
    pooled = np.concatenate([first, second])
    observed = statistic(first, second)
    draws = generator(seed, "permutations")
    at_least = 0
    for _ in range(permutations):
        shuffled = pooled[draws.permutation(len(pooled))]
        at_least += statistic(shuffled[: len(first)], shuffled[len(first) :]) >= observed - 1e-12 * abs(observed)
    return (at_least + 1) / (permutations + 1)


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    values = np.asarray(values, dtype=np.float64)
    if len(values) == 0:
        raise ShapeError("a test needs at least one value, got none")
    if not np.isfinite(values).all():
        raise InputError("a test needs finite values, got NaN or infinity")
    return values
