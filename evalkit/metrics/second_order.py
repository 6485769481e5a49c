"""The error of figures that are squared distances between means, from equal laws to laws far apart."""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def tempered(influences: Array, noise: float) -> tuple[Array, float]:
    """Influences whose variance is right near equality too, and the variance that they lack.

    A squared distance between two means (MMD, and Fréchet to second order) errs twice: linearly, by its influences, and by a
    squared term, which alone is left where the two laws are equal. Influences that are computed from the same rows hold noise.
    That noise adds ``noise`` to their variance, and the squared term has half as much. So the influences are scaled to lose half of
    the noise: they then carry both terms, and in a paired difference what the two generators share still cancels. Where chance made
    the influences smaller than their noise, the rest of the squared term is returned as a further variance.

    Args:
        influences: (n,) as computed from the rows, mean 0.
        noise: what their variance over n owes to the rows that they were computed from, >= 0.

    Returns:
        Scaled influences, (n,), and the further variance, >= 0.

    >>> rows, further = tempered(np.array([-3.0, 3.0, -3.0, 3.0]), noise=1.0)
    >>> float(rows.var(ddof=1) / 4 + further)
    2.5
    """
    raw = float(influences.var(ddof=1)) / len(influences)
    noise = max(noise, 0.0)
    further = max(noise - raw, 0.0) / 2
    if raw == 0:
        return influences, further
    return influences * math.sqrt(max(raw - noise / 2, raw / 2) / raw), further
