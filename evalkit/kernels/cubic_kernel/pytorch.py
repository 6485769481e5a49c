"""By PyTorch, whose products fit the processor at hand: float32 only."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Rows = NDArray[np.floating[Any]]


def by_pytorch(first: Rows, near: Rows, ground: float, factor: float) -> Callable[[Rows], Rows]:
    """See :func:`evalkit.kernels.cubic_kernel.cubic_kernel_with`.

    As r ((r + 3 w / 2)² + 3 w² / 4) + 3 p (2 ground + p) q + 3 p q², which reads and writes the values least often.
    """
    with torch.no_grad():
        rows, direction = _tensor(first), _tensor(near)
        # One row more gives q along with the products.
        multiplied = _products_with(torch.cat([rows * factor, direction[None]]))
        p, memory = rows @ direction, list[Tensor]()
        shifted, by_q, by_square = 1.5 * (p + ground), 3 * p * (2 * ground + p), 3 * p

    def kernel(second: Rows) -> Rows:
        if not len(second):
            return np.empty((len(first), 0), dtype=np.float32)
        with torch.no_grad():
            products = multiplied(_tensor(second))
            r, q = products[:, :-1], products[:, -1:]
            if not memory or memory[0].shape != r.shape:
                memory[:] = [torch.empty_like(r), torch.empty_like(r)]
            found, w = memory
            torch.add(shifted, q, alpha=1.5, out=w)
            torch.add(r, w, out=found).square_().addcmul_(w, w, value=1 / 3).mul_(r)
            return found.addcmul_(by_q, q).addcmul_(by_square, q.square()).T.numpy()

    return kernel


def _products_with(rows: Tensor) -> Callable[[Tensor], Tensor]:
    """From other rows (m, d) to their products with these (n, d): (m, n)."""
    if not _lays_out():
        return lambda others: others @ rows.T
    # Laid out once for all products, which a matrix product would do each time.
    packed = torch.ops.mkldnn._reorder_linear_weight(rows, len(rows))
    return lambda others: torch.ops.mkldnn._linear_pointwise(others, packed, None, "none", [], "")


@cache
def _lays_out() -> bool:
    """Whether the products of oneDNN, with rows laid out for it, are the fastest: where registers are at their widest.

    They are what torch.compile uses where rows are multiplied many times. Elsewhere a plain matrix product takes less time.
    """
    there = all(hasattr(torch.ops.mkldnn, name) for name in ("_reorder_linear_weight", "_linear_pointwise"))
    return there and torch.backends.cpu.get_cpu_capability().startswith("AVX512")


def _tensor(rows: Rows) -> Tensor:
    # A tensor shares the array's memory, and PyTorch warns of memory that may not be written.
    return torch.from_numpy(np.require(rows, np.float32, ["C", "W"]))
