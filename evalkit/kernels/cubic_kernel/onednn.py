"""By PyTorch, whose oneDNN writes its code for the processor at hand: float32 only."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import linear

Rows = NDArray[np.floating[Any]]


def has_onednn() -> bool:
    """Whether this PyTorch has it."""
    return bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


def by_onednn(first: Rows, near: Rows, ground: float, factor: float) -> Callable[[Rows], Rows]:
    """See :func:`evalkit.kernels.cubic_kernel.cubic_kernel_with`."""
    with torch.no_grad():
        rows, direction = _tensor(first), _tensor(near)
        packed, p = (rows * factor).to_mkldnn(), (rows @ direction)[:, None]
        shifted, of_p, memory = p + ground, 3 * p, list[Tensor]()

    def kernel(second: Rows) -> Rows:
        if not len(second):
            return np.empty((len(first), 0), dtype=np.float32)
        with torch.no_grad():
            others = _tensor(second)
            r, q = linear(packed, others).to_dense(), others @ direction
            if not memory or memory[0].shape != r.shape:
                memory[:] = [torch.empty_like(r), torch.empty_like(r)]
            found, term = memory
            torch.add(shifted, q, out=found).mul_(3).add_(r)
            torch.add(shifted, q, out=term).square_().mul_(3)
            torch.addcmul(term, found, r, out=found).mul_(r)
            torch.add(shifted, q + ground, out=term).mul_(of_p)
            return found.addcmul_(term, q).numpy()

    return kernel


def _tensor(rows: Rows) -> Tensor:
    # A tensor shares the array's memory, and PyTorch warns of memory that may not be written.
    return torch.from_numpy(np.require(rows, np.float32, ["C", "W"]))
