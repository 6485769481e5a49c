"""How well a sample foretells further rows."""

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import ShapeError


def energy_scores(to_draws: NDArray[np.float64], among_draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """How well a generator's draws foretell each row, (n,): lower is better.

    The mean distance from the row to the draws, less half the mean distance between two draws. On average over rows no generator
    scores lower than the one that the rows come from, so generators of any kind can be compared row by row; a single score is only
    good for that. It sees wrong places and widths well and wrong dependence between columns poorly.

    Args:
        to_draws: distances from each row to each draw, (n, m).
        among_draws: distances among the draws, (m, m), m >= 2.

    Source: Gneiting and Raftery, "Strictly Proper Scoring Rules, Prediction, and Estimation", JASA 102 (2007), section 4.3.

    >>> draws = np.array([[0.0, 2.0], [2.0, 0.0]])
    >>> energy_scores(np.array([[1.0, 1.0]]), draws).tolist()
    [0.0]
    """
    m = len(among_draws)
    if m < 2 or among_draws.shape != (m, m) or to_draws.ndim != 2 or to_draws.shape[1] != m:
        raise ShapeError(f"energy scores need distances (n, m) and (m, m), m >= 2, got {to_draws.shape} and {among_draws.shape}")
    spread = float(among_draws.sum() / (m * (m - 1)))
    scores: NDArray[np.float64] = to_draws.mean(axis=1) - spread / 2
    return scores
