"""A prior over codes with components of its own."""

import torch
from torch import Tensor, nn

_COMPONENTS, _ROWS_A_COMPONENT = 32, 25
_FEWEST, _NARROWEST = 5.0, 0.05


class MixturePrior(nn.Module):
    """Learned normal components beside one standard normal.

    Args:
        components: how many are learned.
        latent_size: width of the code.
    """

    def __init__(self, components: int, latent_size: int) -> None:
        super().__init__()
        self.mean = nn.Parameter(0.5 * torch.randn(components, latent_size))
        self.log_sigma = nn.Parameter(torch.full((components, latent_size), -0.3))

    def components(self) -> tuple[Tensor, Tensor]:
        """Mean and log-sigma of each, the standard normal last."""
        normal = self.mean.new_zeros(1, self.mean.shape[1])
        return torch.cat([self.mean, normal]), torch.cat([self.log_sigma, normal])

    def move_to(self, code: Tensor, belongs: Tensor) -> None:
        """Take on mean and spread of the codes, (n, latent), that belong to each component, (n, components + 1).

        A component to which next to none belong stays where it is.
        """
        share = belongs[:, :-1].T / belongs[:, :-1].sum(dim=0).clamp(min=1e-6)[:, None]
        mean = share @ code
        spread = (share @ (code * code) - mean * mean).clamp(min=0.0).sqrt()
        there = (belongs[:, :-1].sum(dim=0) >= _FEWEST)[:, None]
        self.mean.copy_(torch.where(there, mean, self.mean))
        self.log_sigma.copy_(torch.where(there, spread.clamp(min=_NARROWEST).log(), self.log_sigma))


def suitable_components(n_rows: int) -> int:
    """As many components as can be learned from so many rows.

    >>> suitable_components(10), suitable_components(100), suitable_components(10_000)
    (0, 4, 32)
    """
    return min(_COMPONENTS, n_rows // _ROWS_A_COMPONENT)
