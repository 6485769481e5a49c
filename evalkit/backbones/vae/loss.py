"""What the VAE is trained for: the bound of one draw; it is judged by that of several on rows that training never sees."""

import numpy as np
import torch
from torch import Tensor, nn

from evalkit.backbones.training import History, Look
from evalkit.backbones.vae.network import VAENetwork
from evalkit.core.seeds import generator
from evalkit.data.encoded import Encoded

WARM_UP = 100


class Bound:
    """Minus the bound on the log-likelihood, in nats a row.

    The code's cost enters in full only after ``WARM_UP`` steps, and is free below some nats a dimension: a decoder that has not
    learned to use the code would otherwise never start.

    Args:
        network: prepares the rows, on the CPU; gives the code's width and the recipe. Batches follow it to its device.
        training: rows to learn from.
        held_out: rows that training never sees.
        seed: of the batches and the noise.
    """

    def __init__(self, network: VAENetwork, training: Encoded, held_out: Encoded, seed: int) -> None:
        self.training, self.held_out, self.seed = _single(network.examples(training)), _single(network.examples(held_out)), seed
        self.latent_size, self.recipe, self.at_once = network.latent_size, network.recipe, network.chunk
        noise = generator(seed, "vae", "held-out noise").normal(size=(self.recipe.look_draws, 1, self.latent_size))
        self.held_out_noise = torch.tensor(noise, dtype=torch.float32)

    def training_loss(self, network: nn.Module, step: int) -> Tensor:
        """See :class:`~evalkit.backbones.training.Objective`."""
        random = generator(self.seed, "vae", "batch", step)
        batch = self.training[random.integers(0, len(self.training), min(self.recipe.batch, len(self.training)))]
        eps = torch.from_numpy(random.standard_normal((1, len(batch), self.latent_size), dtype=np.float32))
        terms = _terms(network, batch, eps).mean(dim=0)
        cost = terms[-1].clamp(min=self.recipe.free_nats * self.latent_size)
        return terms[:-1].sum() + min(1.0, (step + 1) / WARM_UP) * cost

    def look(self, network: nn.Module, history: History) -> Look:
        """See :class:`~evalkit.backbones.training.Objective`."""
        with torch.no_grad():
            each = [_terms(network, some, self.held_out_noise).sum(dim=1) for some in torch.split(self.held_out, self.at_once)]
            return Look(float(torch.cat(each).mean()))


def _single(x: Tensor) -> Tensor:
    """Training needs no double precision; tokens stay whole numbers."""
    return x.float() if x.is_floating_point() else x


def _terms(network: nn.Module, x: Tensor, eps: Tensor) -> Tensor:
    if not isinstance(network, VAENetwork):
        raise TypeError("the VAE's loss needs the VAE's network")
    device = network.weights.device
    return network.per_row(x.to(device), eps.to(device))
