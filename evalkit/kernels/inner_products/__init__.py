"""Inner products of many rows with many others: what kernel distances cost."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.kernels.inner_products.onednn import has_onednn, products_by_onednn
from evalkit.kernels.inner_products.reference import products_by_numpy

__all__ = ["Implementation", "products_with"]

Rows = NDArray[np.floating[Any]]
Implementation = Literal["reference", "onednn"]


def products_with(first: Rows, *, impl: Implementation | None = None) -> Callable[[Rows], Rows]:
    """A function that gives the inner products of these rows with others; what these rows need is done once.

    Args:
        first: (n, d) finite float32 or float64.
        impl: ``"reference"``: NumPy's matrix product; ``"onednn"``: PyTorch's oneDNN, for float32, which uses wide registers where
            NumPy's library may not. They sum in other orders: products differ by some units in the last place of |x| |y|. ``None``
            takes oneDNN for float32 where PyTorch has it.

    Returns:
        From (m, d) of the same precision to (n, m) of that precision.

    Raises:
        ShapeError: not a matrix.
        InputError: an unknown implementation, or one that is not there for this precision.

    >>> products_with(np.array([[1.0, 2.0]]))(np.array([[3.0, 4.0], [0.0, 1.0]])).tolist()
    [[11.0, 2.0]]
    """
    if first.ndim != 2:
        raise ShapeError(f"inner products need rows (n, features), got {first.shape}")
    fits = first.dtype == np.float32 and has_onednn()
    if impl not in (None, "reference", "onednn"):
        raise InputError(f"impl must be one of None, 'reference', 'onednn', got {impl!r}")
    if impl == "onednn" and not fits:
        raise InputError("impl 'onednn' needs float32 rows and a PyTorch that has oneDNN: leave impl out")
    return products_by_onednn(first) if fits and impl != "reference" else products_by_numpy(first)
