"""Three ways from noise to rows over one network; each yields the point after every step."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Literal, Protocol

import torch
from torch import Tensor

from evalkit.backbones.diffusion.process import arc, taken_apart

Predict = Callable[[Tensor, Tensor], Tensor]
"""From points and a level, a tensor without axes, to velocities."""

Fresh = Callable[[int], Tensor]
"""The noise of a step, by its number."""

SamplerName = Literal["flow", "ddim", "ddpm"]


class Sampler(Protocol):
    """A way along falling levels."""

    def __call__(self, predict: Predict, point: Tensor, levels: Tensor, fresh: Fresh) -> Iterator[Tensor]:
        """The points at ``levels[1:]``.

        Args:
            predict: the network.
            point: at ``levels[0]``, which is above 0.
            levels: (steps + 1,).
            fresh: new noise, for samplers that add some.
        """


def ddim(predict: Predict, point: Tensor, levels: Tensor, fresh: Fresh) -> Iterator[Tensor]:
    """Take the point apart and put it together at the next level; no new noise.

    Source: Song, Meng and Ermon, "Denoising Diffusion Implicit Models", ICLR 2021.
    """
    for now, then in pairwise(levels):
        clean, noise = taken_apart(point, predict(point, now), now)
        signal, noisy = arc(then)
        point = signal * clean + noisy * noise
        yield point


def ddpm(predict: Predict, point: Tensor, levels: Tensor, fresh: Fresh) -> Iterator[Tensor]:
    """As :func:`ddim`, with as much of the noise renewed at each step as the process itself adds between the two levels.

    Source: Ho, Jain and Abbeel, "Denoising Diffusion Probabilistic Models", NeurIPS 2020.
    """
    for step, (now, then) in enumerate(pairwise(levels)):
        clean, noise = taken_apart(point, predict(point, now), now)
        (signal, noisy), (before, noisier) = arc(then), arc(now)
        renewed = (noisy / noisier) ** 2 * (1 - (before / signal) ** 2)
        point = signal * clean + (noisy**2 - renewed).clamp(min=0).sqrt() * noise + renewed.clamp(min=0).sqrt() * fresh(step)
        yield point


def flow(predict: Predict, point: Tensor, levels: Tensor, fresh: Fresh) -> Iterator[Tensor]:
    """Follow the straight-path flow with Heun's method, two predictions a step; levels may fall or rise.

    On the straight path a point is ``(1 - u) clean + u noise``: the arc's point drawn in. Its velocity is noise minus clean row.

    Source: Liu, Gong and Liu, "Flow Straight and Fast", ICLR 2023; Lipman et al., "Flow Matching", ICLR 2023.
    """

    def slope(straight: Tensor, level: Tensor) -> Tensor:
        on_arc = straight * sum(arc(level))
        clean, noise = taken_apart(on_arc, predict(on_arc, level), level)
        return noise - clean

    straight = point / sum(arc(levels[0]))
    for now, then in pairwise(levels):
        step = _along(then) - _along(now)
        first = slope(straight, now)
        second = slope(straight + step * first, then)
        straight = straight + step * (first + second) / 2
        yield straight * sum(arc(then))


def _along(level: Tensor) -> Tensor:
    """How far along the straight path a level of the arc is."""
    signal, noisy = arc(level)
    return noisy / (signal + noisy)


SAMPLERS: dict[SamplerName, Sampler] = {"flow": flow, "ddim": ddim, "ddpm": ddpm}


def falling(start: float, steps: int, bend: float) -> Tensor:
    """Levels that fall from ``start`` to 0, (steps + 1,) float64: evenly for a bend of 1, ever more slowly above.

    >>> falling(1.0, 2, 2.0).tolist()
    [1.0, 0.25, 0.0]
    """
    return start * torch.linspace(1.0, 0.0, steps + 1, dtype=torch.float64) ** bend
