"""Where training runs: alone on one device, or in several processes, a GPU each, that Lightning Fabric joins."""

import os
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, Protocol

import torch
from torch import Tensor

from evalkit.core.extras import extra


class Processes(Protocol):
    """The processes that train one network together.

    Attributes:
        number: of this one, from 0.
        count: how many there are.
        device: of this one.
    """

    number: int
    count: int
    device: torch.device

    def mean(self, figures: Tensor) -> Tensor:
        """The mean of a tensor over all processes, the same in each."""

    def precision(self) -> AbstractContextManager[Any]:
        """In which precision losses are computed: on a GPU matrix products are in bfloat16, weights stay in float32."""


class Alone:
    """One process.

    Args:
        device: as torch names it.
    """

    number, count = 0, 1

    def __init__(self, device: str) -> None:
        self.device = torch.device(device)

    def mean(self, figures: Tensor) -> Tensor:
        """Its own."""
        return figures

    def precision(self) -> AbstractContextManager[Any]:
        """See :class:`Processes`."""
        return torch.autocast("cuda", dtype=torch.bfloat16) if self.device.type == "cuda" else nullcontext()


class Joined:
    """One of several processes that ``torchrun`` has started.

    Args:
        kind: of the devices, ``cpu`` or ``cuda``.
    """

    def __init__(self, kind: str) -> None:
        fabric = _joined(kind)
        self._fabric, self.number, self.count, self.device = fabric, fabric.global_rank, fabric.world_size, fabric.device

    def mean(self, figures: Tensor) -> Tensor:
        """See :class:`Processes`."""
        result: Tensor = self._fabric.all_reduce(figures, reduce_op="mean")
        return result

    def precision(self) -> AbstractContextManager[Any]:
        """See :class:`Processes`."""
        context: AbstractContextManager[Any] = self._fabric.autocast()
        return context


def processes(device: str) -> Processes:
    """Those that training on a device has: the ones that ``torchrun`` has started this one with, or this one alone."""
    return Joined(torch.device(device).type) if count_started() > 1 else Alone(device)


def count_started() -> int:
    """How many processes ``torchrun`` has started."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def writes() -> bool:
    """Whether this process writes files and tells of progress: of several, one does."""
    return int(os.environ.get("RANK", "0")) == 0


@cache
def _joined(kind: str) -> Any:
    """Fabric joins processes once."""
    with extra("gpus"):
        from lightning_fabric import Fabric
    per_node = int(os.environ.get("LOCAL_WORLD_SIZE", str(count_started())))
    nodes = count_started() // per_node
    precision: Any = "bf16-mixed" if kind == "cuda" else "32-true"
    fabric = Fabric(accelerator=kind, devices=per_node, num_nodes=nodes, strategy="ddp", precision=precision)
    fabric.launch()
    return fabric
