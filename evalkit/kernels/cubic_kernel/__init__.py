"""KID's kernel of many rows with many others, less what either row alone explains: what its squared distance costs."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.kernels.cubic_kernel.pytorch import by_pytorch
from evalkit.kernels.cubic_kernel.reference import by_numpy

__all__ = ["Implementation", "cubic_kernel_with"]

Rows = NDArray[np.floating[Any]]
Implementation = Literal["reference", "pytorch"]


def cubic_kernel_with(
    first: Rows, near: Rows, *, ground: float, factor: float, impl: Implementation | None = None
) -> Callable[[Rows], Rows]:
    """A function from other rows y to ``r³ + 3 w r² + 3 w² r + 3 (w + ground) p q`` with these rows x.

    Here r = factor x.y, p = x.near, q = y.near, w = ground + p + q: that is (r + w)³ less what it is for r = 0 with either row in
    the other's place, with the large terms cancelled on paper.

    Args:
        first: (n, d) finite float32 or float64.
        near: (d,) of that precision.
        ground: a number >= 0.
        factor: a number > 0.
        impl: ``"reference"``: NumPy; ``"pytorch"``: for float32, with products by the processor's widest registers. They sum in
            other orders: values differ by some units in the last place of their largest term. ``None`` takes PyTorch for float32.

    Returns:
        From (m, d) to (n, m), in the rows' precision. Its memory, in any order, is used anew at the next call with as many rows.

    Raises:
        ShapeError: not a matrix with a number for each feature; of other rows too.
        InputError: an unknown implementation, one that is not there for this precision, or no floats of one precision.

    >>> values = cubic_kernel_with(np.array([[1.0], [2.0]]), np.array([0.0]), ground=1.0, factor=1.0)
    >>> values(np.array([[1.0], [3.0]])).tolist()
    [[7.0, 63.0], [26.0, 342.0]]
    """
    if first.ndim != 2 or near.shape != first.shape[1:]:
        raise ShapeError(f"a cubic kernel needs rows (n, features) and one number a feature, got {first.shape} and {near.shape}")
    fits = first.dtype == np.float32
    if first.dtype not in (np.float32, np.float64) or near.dtype != first.dtype:
        raise InputError(f"a cubic kernel needs float32 or float64 throughout, got {first.dtype} and {near.dtype}")
    if impl not in (None, "reference", "pytorch"):
        raise InputError(f"impl must be one of None, 'reference', 'pytorch', got {impl!r}")
    if impl == "pytorch" and not fits:
        raise InputError("impl 'pytorch' needs float32 rows: leave impl out")
    made = by_pytorch if fits and impl != "reference" and len(first) else by_numpy
    kernel = made(first, near, ground, factor)

    def checked(second: Rows) -> Rows:
        if second.ndim != 2 or second.shape[1] != first.shape[1] or second.dtype != first.dtype:
            raise ShapeError(f"rows must have {first.shape[1]} features of {first.dtype}, got {second.shape} of {second.dtype}")
        return kernel(second)

    return checked
