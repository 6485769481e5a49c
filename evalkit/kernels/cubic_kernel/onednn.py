"""By PyTorch, whose oneDNN writes its code for the processor at hand: float32 only."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Rows = NDArray[np.floating[Any]]


def has_onednn() -> bool:
    """Whether this PyTorch was built with it and has what torch.compile uses where rows are multiplied many times."""
    return all(hasattr(torch.ops.mkldnn, name) for name in ("_reorder_linear_weight", "_linear_pointwise"))


def by_onednn(first: Rows, near: Rows, ground: float, factor: float) -> Callable[[Rows], Rows]:
    """See :func:`evalkit.kernels.cubic_kernel.cubic_kernel_with`.

    As r ((r + 3 w / 2)² + 3 w² / 4) + 3 p (2 ground + p) q + 3 p q², which reads and writes the values least often.
    """
    with torch.no_grad():
        rows, direction = _tensor(first), _tensor(near)
        # Laid out once for all products, which a matrix product would do each time. One row more gives q along with them.
        packed = torch.ops.mkldnn._reorder_linear_weight(torch.cat([rows * factor, direction[None]]), len(rows))
        p, memory = rows @ direction, list[Tensor]()
        shifted, by_q, by_square = 1.5 * (p + ground), 3 * p * (2 * ground + p), 3 * p

    def kernel(second: Rows) -> Rows:
        if not len(second):
            return np.empty((len(first), 0), dtype=np.float32)
        with torch.no_grad():
            products = torch.ops.mkldnn._linear_pointwise(_tensor(second), packed, None, "none", [], "")
            r, q = products[:, :-1], products[:, -1:]
            if not memory or memory[0].shape != r.shape:
                memory[:] = [torch.empty_like(r), torch.empty_like(r)]
            found, w = memory
            torch.add(shifted, q, alpha=1.5, out=w)
            torch.add(r, w, out=found).square_().addcmul_(w, w, value=1 / 3).mul_(r)
            return found.addcmul_(by_q, q).addcmul_(by_square, q.square()).T.numpy()

    return kernel


def _tensor(rows: Rows) -> Tensor:
    # A tensor shares the array's memory, and PyTorch warns of memory that may not be written.
    return torch.from_numpy(np.require(rows, np.float32, ["C", "W"]))
