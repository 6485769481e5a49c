"""The definition, a row's share of it computed once."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.floating[Any]]


def by_numpy(first: Rows, near: Rows, ground: float, factor: float) -> Callable[[Rows], Rows]:
    """See :func:`evalkit.kernels.cubic_kernel.cubic_kernel_with`."""
    kind = first.dtype.type
    p, scaled = (first @ near)[:, None], first * kind(factor)

    def kernel(second: Rows) -> Rows:
        q, r = second @ near, scaled @ second.T
        w = p + q
        w += kind(ground)
        found = 3 * w
        found += r
        found *= r
        found += 3 * w**2
        found *= r
        w += kind(ground)
        w *= 3 * p
        w *= q
        found += w
        return found

    return kernel
