"""Ways from noise to rows with a fitted network: whole, part of it, under a caption, around what is known."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from evalkit.backbones.diffusion.network import DenoisingNetwork
from evalkit.backbones.diffusion.process import arc, noised
from evalkit.backbones.diffusion.samplers import SAMPLERS, Predict, SamplerName, falling
from evalkit.core.seeds import normal_by_row


@dataclass(frozen=True)
class Ways:
    """A network in the type that rows are drawn in, and how the way is walked.

    Attributes:
        network: in ``recipe.drawing``.
        sampler: see :data:`SAMPLERS`.
        steps: of the whole way.
        guidance: how much of the difference that a caption makes is added; 1 is as learned.
        seed: of all noise, which belongs to a row's number.
    """

    network: DenoisingNetwork
    sampler: SamplerName
    steps: int
    guidance: float
    seed: int

    @classmethod
    def of(cls, network: DenoisingNetwork, sampler: SamplerName, steps: int, guidance: float, seed: int) -> "Ways":
        """With a copy of the network where it is scored in another type than rows are drawn in."""
        drawing = network.recipe.drawing
        fits = next(network.parameters()).dtype == drawing
        return cls(network if fits else copy.deepcopy(network).to(drawing), sampler, steps, guidance, seed)

    def drawn(self, rows: np.ndarray, caption: str | None = None) -> Iterator[Tensor]:
        """The points of new rows by their numbers: noise, then after every step; without a caption each of a subject, if any."""
        noise, subjects = self.noise(rows, "sample"), self.subjects(rows)
        predict = self._predict(caption) if caption is not None or subjects is None else self._under(subjects)
        yield noise
        yield from self._walk(predict, noise, self.levels(), self.sampler, rows)

    def subjects(self, rows: np.ndarray) -> tuple[str, ...] | None:
        """What new rows without a caption show, by their numbers; None where training named no kinds."""
        return self.network.subjects.chosen(rows, self.seed)

    def changed(self, points: Tensor, rows: np.ndarray, caption: str | None, strength: float) -> Tensor:
        """Given points, noised as far as ``strength`` and denoised under a caption."""
        levels = self.levels(strength)
        start = noised(points, self.noise(rows, "edit"), levels[0])
        return _last(self._walk(self._predict(caption), start, levels, self.sampler, rows))

    def filled(self, points: Tensor, unknown: Tensor, rows: np.ndarray, caption: str | None) -> Tensor:
        """New values where ``unknown``, that go with the given ones elsewhere."""
        free = self._predict(caption)

        def predict(point: Tensor, level: Tensor) -> Tensor:
            signal, noisy = arc(level)
            return torch.where(unknown, free(point, level), (signal * point - points) / noisy)

        noise = self.noise(rows, "fill")
        return torch.where(unknown, _last(self._walk(predict, noise, self.levels(), "ddpm", rows)), points)

    def followed(self, noise: Tensor, captions: tuple[str, ...] | None) -> Tensor:
        """Noise taken to rows without any further noise, by the sampler or, where that renews some, by the flow."""
        predict = self.network.velocity if captions is None else self._under(captions)
        sampler = "flow" if self.sampler == "ddpm" else self.sampler
        return _last(SAMPLERS[sampler](predict, noise, self.levels(), lambda step: noise))

    def flowed(self, points: Tensor, levels: Tensor) -> Tensor:
        """Points along the flow, to noise or to rows, without any randomness."""
        return _last(SAMPLERS["flow"](self.network.velocity, points, levels, lambda step: points))

    def levels(self, start: float = 1.0) -> Tensor:
        """The levels of the way from ``start`` on."""
        return falling(start, self.steps, self.network.recipe.bend)

    def noise(self, rows: np.ndarray, *key: str | int) -> Tensor:
        """Standard normal noise by row number, (n, *shape)."""
        shape = self.network.shape
        noise = normal_by_row(self.seed, rows, int(np.prod(shape)), "diffusion", *key)
        return torch.tensor(noise.reshape(-1, *shape), dtype=self.network.recipe.drawing)

    def _walk(self, predict: Predict, start: Tensor, levels: Tensor, sampler: SamplerName, rows: np.ndarray) -> Iterator[Tensor]:
        return SAMPLERS[sampler](predict, start, levels, lambda step: self.noise(rows, "step", step))

    def _under(self, captions: tuple[str, ...]) -> Predict:
        """The network's prediction for rows with a caption each, as learned."""
        told = self.network.told(captions)
        return lambda point, level: self.network.velocity(point, level, told)

    def _predict(self, caption: str | None) -> Predict:
        """The network's prediction, guided away from what it says untold.

        Source: Ho and Salimans, "Classifier-Free Diffusion Guidance", 2022.
        """
        if caption is None:
            return self.network.velocity
        told, guidance = self.network.told([caption]), self.guidance

        def predict(point: Tensor, level: Tensor) -> Tensor:
            guided = self.network.velocity(point, level, told)
            if guidance == 1:
                return guided
            untold = self.network.velocity(point, level)
            return untold + guidance * (guided - untold)

        return predict


def _last(way: Iterator[Tensor]) -> Tensor:
    *_, last = way
    return last


def arc_between(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """Points on the arc from one to the other, (steps, *shape): a straight line would pass where noise is too small."""
    share = torch.linspace(0.0, 1.0, steps, dtype=start.dtype).reshape(-1, *(1 for _ in start.shape[1:]))
    cosine = (start * end).sum() / (start.norm() * end.norm()).clamp(min=1e-12)
    angle = torch.arccos(cosine.clamp(-1.0, 1.0))
    if angle < 1e-6:
        return start + share * (end - start)
    return (torch.sin((1 - share) * angle) * start + torch.sin(share * angle) * end) / torch.sin(angle)
