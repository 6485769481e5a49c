"""Evidence that may be looked at after every row: e-values, and intervals that hold at all times at once.

An e-value is a bet against a hypothesis: if it is true, the stake is not expected to grow, whenever one stops. So the chance that
an e-value ever reaches 1 / alpha is at most alpha, and looking often costs nothing; a p-value of fixed n, looked at often, is wrong
far more often than it says.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betaln, logsumexp

from evalkit.core.errors import InputError
from evalkit.statistics.intervals import Interval

Array = NDArray[np.float64]

# Jeffreys' prior: it loses least in the worst case.
_PRIOR = (0.5, 0.5)
_STAKES = 41
# A bet of everything would be lost for ever by one row.
_BOLDEST = 0.9


def share_log_e_values(successes: Array, n: Array, share: float = 0.5) -> Array:
    """(m,) logarithms of the e-values against a chance of success of ``share``, at these counts.

    The beta-binomial mixture: how much likelier the rows are if the chance is drawn from Beta(1/2, 1/2). It holds for rows whose
    chance of success, given all before, is ``share`` under the hypothesis; rows of one rater that share a taste are not such.

    Args:
        successes: (m,) 0 … n.
        n: (m,) rows so far, >= 0.
        share: under the hypothesis, 0 < share < 1.

    Source: Ville (1939); Robbins, Annals of Mathematical Statistics 41 (1970).

    >>> share_log_e_values(np.array([0.0, 5.0, 10.0]), np.array([0.0, 10.0, 10.0])).round(2).tolist()
    [0.0, -1.4, 5.2]
    """
    if not 0 < share < 1 or ((successes < 0) | (successes > n)).any():
        raise InputError("an e-value needs a share between 0 and 1 and successes in 0 … n")
    a, b = _PRIOR
    failures = n - successes
    mixture = betaln(a + successes, b + failures) - betaln(a, b)
    return np.asarray(mixture - successes * math.log(share) - failures * math.log1p(-share))


def anytime_proportion_interval(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """A share with an interval that holds at every n at once, however one decides to stop.

    Wider than the exact interval of fixed n: 1.6 times at n = 100. Assumptions as :func:`share_log_e_values`.

    Args:
        successes: 0 … n.
        n: >= 1.
        level: 0 < level < 1.

    >>> [round(end, 3) for end in anytime_proportion_interval(60, 100)]
    [0.6, 0.434, 0.751]
    """
    if n < 1 or not 0 <= successes <= n or not 0 < level < 1:
        raise InputError(f"a proportion needs 0 <= successes <= n, n >= 1 and a level in 0 … 1, got {successes} of {n} at {level}")
    bar, value = math.log(1 / (1 - level)), successes / n
    at = np.array([float(successes)]), np.array([float(n)])

    def beyond(share: float) -> float:
        return float(share_log_e_values(*at, share)[0]) - bar

    edge = 1e-12
    low = 0.0 if successes == 0 or beyond(edge) < 0 else float(brentq(beyond, edge, max(value - edge, edge)))
    high = 1.0 if successes == n or beyond(1 - edge) < 0 else float(brentq(beyond, min(value + edge, 1 - edge), 1 - edge))
    return Interval(value, low, high)


def mean_log_e_values(values: Array, mean: float = 0.5) -> Array:
    """(n,) logarithms of the e-values against a mean of ``mean``, after each row.

    Bets of several sizes on either side, averaged. It holds for rows between 0 and 1 of any law, whose mean given all before is
    ``mean`` under the hypothesis: outcomes with ties as 1/2, or one mean a rater.

    Args:
        values: (n,) from 0 to 1.
        mean: 0 < mean < 1.

    Source: Waudby-Smith and Ramdas, Journal of the Royal Statistical Society B 86 (2024).

    >>> mean_log_e_values(np.array([1.0, 1.0, 0.5])).round(2).tolist()
    [0.0, 0.25, 0.25]
    """
    values = np.asarray(values, dtype=np.float64)
    if not 0 < mean < 1 or not ((values >= 0) & (values <= 1)).all():
        raise InputError("these e-values need rows from 0 to 1 and a mean in between")
    stakes = np.linspace(-_BOLDEST, _BOLDEST, _STAKES)
    stakes = np.where(stakes > 0, stakes / mean, stakes / (1 - mean))
    growth = np.cumsum(np.log1p(np.outer(values - mean, stakes)), axis=0)
    return np.asarray(logsumexp(growth, axis=1) - math.log(_STAKES))


def anytime_mean_interval(values: Array, *, level: float = 0.95) -> Interval:
    """A mean of rows between 0 and 1 with an interval that holds at every n at once; assumptions as :func:`mean_log_e_values`.

    Args:
        values: (n,) from 0 to 1, n >= 1.
        level: 0 < level < 1.

    >>> [round(end, 2) for end in anytime_mean_interval(np.array([1.0, 0.5, 0.5, 1.0] * 20))]
    [0.75, 0.67, 0.84]
    """
    values = np.asarray(values, dtype=np.float64)
    if len(values) == 0 or not 0 < level < 1:
        raise InputError(f"a mean needs at least one row and a level between 0 and 1, got {len(values)} and {level}")
    bar, value, edge = math.log(1 / (1 - level)), float(values.mean()), 1e-6

    def beyond(mean: float) -> float:
        return float(mean_log_e_values(values, mean)[-1]) - bar

    # Far from the mean everything is refuted; near it nothing is.
    inside = min(max(value, edge), 1 - edge)
    low = 0.0 if beyond(edge) < 0 else float(brentq(beyond, edge, inside))
    high = 1.0 if beyond(1 - edge) < 0 else float(brentq(beyond, inside, 1 - edge))
    return Interval(value, min(low, value), max(high, value))
