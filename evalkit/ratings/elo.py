"""Elo, for those who must print it: a figure that depends on the order of the votes and comes without an error."""

import pandas as pd

from evalkit.core.errors import InputError
from evalkit.ratings.comparisons import BOTH_BAD, RIGHT, TIE, Comparisons


def elo(
    votes: Comparisons | pd.DataFrame, *, k: float = 4.0, scale: float = 400.0, base: float = 10.0, start: float = 1000.0
) -> dict[str, float]:
    """Elo ratings after the votes in their order, best first. For comparison with others' boards only: use :func:`rank`.

    The last votes count most, the same votes in another order give other ratings, and nothing says how far to trust them.
    Ties and ``both_bad`` are half wins, as arenas count them; weights are not used.

    Args:
        votes: see :meth:`Comparisons.of`.
        k: points at stake in a vote, > 0.
        scale: points that make the odds ``base`` to one.
        base: > 1.
        start: everyone's first rating, and the mean of all.

    >>> elo(pd.DataFrame({"left": ["a"], "right": ["b"], "outcome": ["left"]}))
    {'a': 1002.0, 'b': 998.0}
    """
    if not (k > 0 and scale > 0 and base > 1):
        raise InputError(f"Elo needs k > 0, scale > 0 and base > 1, got {k}, {scale} and {base}")
    votes = Comparisons.of(votes)
    ratings = [float(start)] * len(votes.generators)
    gains = {RIGHT: 0.0, TIE: 0.5, BOTH_BAD: 0.5}
    for left, right, outcome in zip(votes.left.tolist(), votes.right.tolist(), votes.outcome.tolist(), strict=True):
        expected = 1 / (1 + base ** ((ratings[right] - ratings[left]) / scale))
        step = k * (gains.get(outcome, 1.0) - expected)
        ratings[left] += step
        ratings[right] -= step
    named = zip(votes.generators, ratings, strict=True)
    return dict(sorted(named, key=lambda each: -each[1]))
