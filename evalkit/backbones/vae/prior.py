"""A prior over codes with components of its own."""

import torch
from torch import Tensor, nn

_COMPONENTS, _ROWS_A_COMPONENT = 32, 25


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


def suitable_components(n_rows: int) -> int:
    """As many components as can be learned from so many rows.

    >>> suitable_components(10), suitable_components(100), suitable_components(10_000)
    (0, 4, 32)
    """
    return min(_COMPONENTS, n_rows // _ROWS_A_COMPONENT)
