"""How wide the window around a drawn row is."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from evalkit.core.seeds import generator
from evalkit.kernels.neighbours import nearest

_ROWS = 500
_WIDTHS = np.geomspace(0.05, 2.0, 38)


def window_of(places: NDArray[np.float64], seed: int) -> float:
    """The width under which each of at most 500 training rows is likeliest, given the others; 1 for a single row.

    Args:
        places: (n, d) training rows in the space in which rows are compared.
        seed: of the choice of rows.

    >>> window_of(np.array([[0.0], [0.3], [0.6], [0.9]]), seed=0) < 0.5
    True
    """
    if len(places) < 2:
        return 1.0
    chosen = places[generator(seed, "gan", "window").permutation(len(places))[:_ROWS]]
    squares = nearest(chosen, chosen, len(chosen) - 1, leave_one_out=True).distances
    likelihood = [logsumexp(-squares / (2 * h * h), axis=1).mean() - places.shape[1] * np.log(h) for h in _WIDTHS]
    return float(_WIDTHS[int(np.argmax(likelihood))])
