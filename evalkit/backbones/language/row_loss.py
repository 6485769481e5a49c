"""What language models are trained for where rows are no texts: the surprise of whole rows."""

import torch
from torch import Tensor, nn

from evalkit.backbones.network import Network
from evalkit.backbones.training import History, Look
from evalkit.core.seeds import derive_seed, generator

_VALUES_AT_ONCE, _MOST_VALUES = 2**14, 2**16


class WholeRows:
    """Mean surprise of a row's terms, each given those before it, in nats.

    Args:
        training: prepared rows.
        held_out: prepared rows that training never sees; looks take the first that have some ten thousand values.
        batch: rows a step.
        seed: of the batches, and of what is dropped out.
    """

    def __init__(self, training: Tensor, held_out: Tensor, batch: int, seed: int) -> None:
        self.training, self.batch, self.seed = training, min(batch, len(training)), seed
        self.size = held_out[:1].numel()
        self.held_out = held_out[: max(_MOST_VALUES // self.size, 1)]
        self.no_noise = torch.zeros(1)

    def training_loss(self, network: nn.Module, step: int) -> Tensor:
        """See :class:`~evalkit.backbones.training.Objective`."""
        rows = generator(self.seed, "language", "rows", step).integers(0, len(self.training), self.batch)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(self.seed, "language", "dropout", step))
            return self._terms(network, self.training[rows]).mean()

    def look(self, network: nn.Module, history: History) -> Look:
        """See :class:`~evalkit.backbones.training.Objective`."""
        with torch.no_grad():
            parts = [self._terms(network, rows) for rows in torch.split(self.held_out, max(_VALUES_AT_ONCE // self.size, 1))]
        return Look(float(torch.cat(parts).mean()))

    def _terms(self, network: nn.Module, rows: Tensor) -> Tensor:
        if not isinstance(network, Network):
            raise TypeError("the loss of rows needs a backbone's network")
        return network.per_row(rows.to(next(network.parameters()).device), self.no_noise)
