"""By PyTorch's oneDNN, which writes its code for the processor at hand: float32 only."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import linear

from evalkit.kernels.inner_products.reference import products_by_numpy

Rows = NDArray[np.floating[Any]]


def has_onednn() -> bool:
    """Whether this PyTorch has it."""
    return bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


def products_by_onednn(first: Rows) -> Callable[[Rows], Rows]:
    """See :func:`evalkit.kernels.inner_products.products_with`."""
    if 0 in first.shape:
        return products_by_numpy(first)
    packed = _tensor(first).to_mkldnn()

    def products(second: Rows) -> Rows:
        if not len(second):
            return first @ second.T
        with torch.no_grad():
            found: Rows = linear(packed, _tensor(second)).to_dense().numpy()
        return found

    return products


def _tensor(rows: Rows) -> torch.Tensor:
    # A tensor shares the array's memory, and PyTorch warns of memory that may not be written.
    return torch.from_numpy(np.require(rows, np.float32, ["C", "W"]))
