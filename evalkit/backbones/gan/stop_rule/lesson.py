"""Is a discriminator alive: does it learn when it is taught?"""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from evalkit.statistics import auc

_STEPS, _RATE, _TAUGHT = 20, 2e-3, 64


def accuracy_after_lesson(discriminator: nn.Module, real: Tensor, broken: Tensor) -> float:
    """The share of pairs in which it finds the real row more real than the broken one, after a short lesson on half of them, or 64.

    A discriminator at the end of a good game has no opinion left, not even on rows that are plainly broken but that it was never
    shown: its opinions do not tell whether it sees. So a copy of it is taught for twenty steps; one that has died (its layers
    give nothing, or nothing that moves) stays near 0.5.

    Args:
        discriminator: is not changed.
        real: (n, …) rows as it sees them, n >= 2.
        broken: (n, …) rows that nobody could take for real.
    """
    pupil, half = deepcopy(discriminator), min(len(real) // 2, _TAUGHT)
    optimiser = torch.optim.Adam(pupil.parameters(), lr=_RATE)
    with torch.enable_grad():
        for _ in range(_STEPS):
            optimiser.zero_grad()
            softplus(pupil(broken[:half]) - pupil(real[:half])).mean().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    with torch.no_grad():
        return auc(*(pupil(part[half:]).double().cpu().numpy() for part in (real, broken)))
