"""Can strengths be estimated at all? Whether generators were compared, directly or through others, and whether all won and lost."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from evalkit.core.errors import InputError

Codes = NDArray[np.int64]

_NAMED = 5


def obstacle(winners: Codes, losers: Codes, names: tuple[str, ...]) -> str | None:
    """Why there are no finite strengths, in one sentence; None where there are.

    They exist if and only if, however the generators are split in two, a member of each part did not lose to a member of the other.

    Args:
        winners: (m,) generators that did not lose
        losers: (m,) to these.
        names: of all generators.

    Source: Ford, American Mathematical Monthly 64 (1957).

    >>> obstacle(np.array([0, 1]), np.array([1, 0]), ("a", "b")) is None
    True
    >>> obstacle(np.array([0]), np.array([1]), ("a", "b"))
    'a never lost to the others, so its strength has no finite estimate'
    """
    k = len(names)
    graph = sparse.csr_array((np.ones(len(winners)), (winners, losers)), shape=(k, k))
    parts, of_generator = connected_components(graph, directed=True, connection="weak")
    if parts > 1:
        smallest = int(np.argmin(np.bincount(of_generator)))
        return f"{_listed(names, of_generator == smallest)} was never compared with the others, directly or through third ones"
    parts, of_generator = connected_components(graph, directed=True, connection="strong")
    if parts == 1:
        return None
    across = of_generator[winners] != of_generator[losers]
    never_lost = np.setdiff1d(np.arange(parts), of_generator[losers][across])
    never_won = np.setdiff1d(np.arange(parts), of_generator[winners][across])
    sizes = np.bincount(of_generator)
    top, bottom = never_lost[np.argmin(sizes[never_lost])], never_won[np.argmin(sizes[never_won])]
    part, what = (top, "lost to") if sizes[top] <= sizes[bottom] else (bottom, "won against")
    whose = "its strength has" if sizes[part] == 1 else "their strengths have"
    return f"{_listed(names, of_generator == part)} never {what} the others, so {whose} no finite estimate"


def refuse(reason: str) -> InputError:
    """The error for such a reason."""
    return InputError(f"{reason}: collect votes on such pairs, leave them out, or set ridge to pull strengths together")


def _listed(names: tuple[str, ...], chosen: NDArray[np.bool_]) -> str:
    those = [name for name, one in zip(names, chosen, strict=True) if one]
    more = f" and {len(those) - _NAMED} more" if len(those) > _NAMED else ""
    return ", ".join(those[:_NAMED]) + more
