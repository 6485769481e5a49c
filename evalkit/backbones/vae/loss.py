"""What the VAE is trained for: the bound of one draw, and of eight on rows that training never sees."""

import numpy as np
import torch
from torch import Tensor, nn

from evalkit.backbones.vae.network import VAENetwork
from evalkit.core.seeds import generator
from evalkit.data.rows import Rows

WARM_UP = 100
BATCH = 256
_HELD_OUT_DRAWS = 8
_FREE_NATS = 0.05


class Bound:
    """Minus the bound on the log-likelihood, in nats a row.

    The code's cost enters in full only after ``WARM_UP`` steps, and is free below 0.05 nats a dimension: a decoder that has not
    learned to use the code would otherwise never start.

    Args:
        network: tells how rows are prepared.
        rows: one in ten of them, at most 1,000, is held out; of fewer than ten none is, and the training rows stand in for them.
        seed: of the split, the batches and the noise.

    Attributes:
        held_out_rows: positions of the rows that training never sees.
    """

    def __init__(self, network: VAENetwork, rows: Rows, seed: int) -> None:
        x = network.heads.prepare(torch.tensor(rows.values)).float()
        order = generator(seed, "vae", "held out").permutation(len(x))
        n_held_out = min(len(x) // 10, 1000)
        self.held_out_rows = order[:n_held_out]
        self.training = x[order[n_held_out:]]
        self.held_out = x[self.held_out_rows] if n_held_out else x
        self.seed, self.latent_size = seed, network.latent_size
        noise = generator(seed, "vae", "held-out noise").normal(size=(_HELD_OUT_DRAWS, 1, self.latent_size))
        self.held_out_noise = torch.tensor(noise, dtype=torch.float32)

    def training_loss(self, network: nn.Module, step: int) -> Tensor:
        """See :class:`~evalkit.backbones.training.Objective`."""
        random = generator(self.seed, "vae", "batch", step)
        batch = self.training[random.integers(0, len(self.training), min(BATCH, len(self.training)))]
        eps = torch.from_numpy(random.standard_normal((1, len(batch), self.latent_size), dtype=np.float32))
        terms = _network(network).per_row(batch, eps).mean(dim=0)
        cost = terms[-1].clamp(min=_FREE_NATS * self.latent_size)
        return terms[:-1].sum() + min(1.0, (step + 1) / WARM_UP) * cost

    def held_out_loss(self, network: nn.Module) -> float:
        """See :class:`~evalkit.backbones.training.Objective`."""
        with torch.no_grad():
            return float(_network(network).per_row(self.held_out, self.held_out_noise).sum(dim=1).mean())


def _network(network: nn.Module) -> VAENetwork:
    if not isinstance(network, VAENetwork):
        raise TypeError("the VAE's loss needs the VAE's network")
    return network
