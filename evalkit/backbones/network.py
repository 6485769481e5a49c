"""What a family trains and scores with: a network that knows how rows become tensors and from what plan it was built."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from evalkit.backbones.training import check_arrays, put_arrays
from evalkit.core.state import State
from evalkit.data.encoded import Encoded


class Network(nn.Module, ABC):
    """The network of one family for one modality."""

    @abstractmethod
    def prepare(self, rows: Encoded) -> Tensor:
        """Encoded rows as :meth:`per_row` takes them, (n, …), in float64 or, for tokens, int64."""

    @abstractmethod
    def per_row(self, x: Tensor, eps: Tensor, t: Tensor | None = None) -> Tensor:
        """Each row's terms, (n, terms): pure tensors, no batch statistics, no control flow that depends on data.

        Args:
            x: prepared rows.
            eps: noise, with a row axis that is n or 1; what shape beside that is the family's own.
            t: noise levels, for families that have them.
        """

    @abstractmethod
    def plan(self) -> State:
        """What it takes to build the network anew, except for its weights."""


N = TypeVar("N", bound=Network)


def rebuilt(make: Callable[[], N], weights: Mapping[str, Any]) -> N:
    """The network that saved weights belong to.

    It is outlined without memory first: a file cannot ask for more of it than it holds.

    Args:
        make: builds the network from its plan.
        weights: by name.

    Raises:
        ModelError: names, shapes or types are not the network's.
    """
    with torch.device("meta"):
        check_arrays(make(), weights)
    network = make()
    put_arrays(network, weights)
    return network
