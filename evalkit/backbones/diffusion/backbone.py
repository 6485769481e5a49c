"""Diffusion as a backbone: fit, score, draw, reconstruct, change, and the way from rows to noise and back, to look at."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from evalkit.backbones.base import Backbone, Capability, held_out_finding
from evalkit.backbones.diffusion.images import ImageNetwork
from evalkit.backbones.diffusion.loss import Denoising
from evalkit.backbones.diffusion.network import DEEPEST, DenoisingNetwork, Recipe, denoising
from evalkit.backbones.diffusion.process import noised
from evalkit.backbones.diffusion.samplers import SAMPLERS, SamplerName
from evalkit.backbones.diffusion.series import SeriesNetwork
from evalkit.backbones.diffusion.table import TableNetwork
from evalkit.backbones.diffusion.ways import Ways, arc_between
from evalkit.backbones.network import Network
from evalkit.backbones.noise import Array, checked_noise
from evalkit.backbones.search import Range, SearchSpace
from evalkit.backbones.threads import suitable_threads
from evalkit.backbones.training import Schedule
from evalkit.core.errors import CapabilityError, InputError
from evalkit.core.evidence import Finding
from evalkit.core.sample import Sample
from evalkit.core.schema import Modality
from evalkit.core.seeds import derive_seed, generator
from evalkit.data.encoded import Encoded, Layout, expect
from evalkit.data.pixels import Pixels
from evalkit.data.windows import Windows

HELD_OUT = "denoising error a held-out row"
NETWORKS: Mapping[Modality, type[DenoisingNetwork]] = {"table": TableNetwork, "images": ImageNetwork, "series": SeriesNetwork}
_PART_WAY = 0.4


class Diffusion(Backbone):
    """A diffusion model: rows are noised step by step, and one network learns the way back from every level of noise.

    The score is a row's denoising error over ``draws`` fixed pairs of noise and level: how badly the model, shown the row under
    noise, tells what the noise was. It ranks rows and falls into shares a column, pixel or step; it is no likelihood, and not in
    nats.

    One network serves three samplers. ``flow`` follows the probability flow along straight paths (two predictions a step),
    ``ddim`` takes the same way along the arc, ``ddpm`` renews part of the noise at each step and wants more of them.

    A table's numbers, and the channels of series, are seen as normal scores and their covariance is known from the start, so that a
    few hundred rows suffice; a value within a gap of a column's own distribution is not noticed. Images are drawn by a U-Net,
    which reads captions with a text encoder of its own where there are any; ``condition`` says what to draw. Where captions name a
    few kinds (at most 100, of ten images on average), the model keeps them with their shares, and draws without a condition are of
    those kinds as often. A row drawn has the same bits however many are asked for; images are drawn, not scored, in float32. Rows
    drawn are within the range of the training rows.

    Args:
        steps: optimiser steps at most; None: by the number of rows. Training ends earlier when rows held out no longer gain.
        minutes: instead of steps, how long to train.
        width: of the network's layers, for images the channels at half the size; None: 128, for images 48.
        depth: how many layers, for images blocks at the lowest size; None: 3.
        draws: pairs of noise and level behind a score; None: 16, for images 4.
        sampler: ``"flow"``, ``"ddim"`` or ``"ddpm"``.
        sampling_steps: steps from noise to a row; None: 30, for images 12.
        guidance: how much of the difference that a caption makes is added, >= 0; 1 is as learned, more is more typical.
        device: where to train, for example ``"cuda"``; scoring is on the CPU.
        random_state: seed of everything random.

    >>> from evalkit.data.rows import Feature, Rows
    >>> features = (Feature(column="a", name="a", kind="number"),)
    >>> rows = Rows(np.linspace(-1.0, 1.0, 50)[:, None], features)
    >>> diffusion = Diffusion(steps=20, width=16).fit_rows(rows)
    >>> diffusion.score_rows(rows).shape
    (50,)
    """

    capabilities: ClassVar[Mapping[Modality, frozenset[Capability]]] = {
        "table": frozenset(("score", "sample", "reconstruct", "interpolate")),
        "series": frozenset(("score", "sample", "reconstruct", "interpolate")),
        "images": frozenset(("score", "sample", "reconstruct", "interpolate", "condition")),
    }
    chunk: ClassVar[int] = 128
    search_space: ClassVar[SearchSpace] = {"width": Range(32, 256, logarithmic=True), "depth": Range(1, 4)}

    network_: DenoisingNetwork

    def __init__(
        self,
        *,
        steps: int | None = None,
        minutes: float | None = None,
        width: int | None = None,
        depth: int | None = None,
        draws: int | None = None,
        sampler: SamplerName = "flow",
        sampling_steps: int | None = None,
        guidance: float = 2.0,
        device: str = "cpu",
        random_state: int = 0,
    ) -> None:
        self.steps = steps
        self.minutes = minutes
        self.width = width
        self.depth = depth
        self.draws = draws
        self.sampler = sampler
        self.sampling_steps = sampling_steps
        self.guidance = guidance
        self.device = device
        self.random_state = random_state

    def noising(self, data: Any, steps: int = 8, random_state: int = 0) -> list[Sample]:
        """Given rows under more and more noise: ``steps + 1`` Samples, from the rows themselves to noise only.

        A table's rows under noise are still decoded as rows: each column keeps its own distribution, and loses what it has to do
        with the others.
        """
        return [self._sample_of(rows) for rows in self.noising_rows(self._rows(data), steps, random_state)]

    def noising_rows(self, rows: Encoded, steps: int = 8, random_state: int = 0) -> list[Encoded]:
        """:meth:`noising` for encoded rows."""
        self._check_layout(rows)
        _check_steps(steps)
        points = self._points(rows)
        eps = self._ways(random_state).noise(np.arange(len(rows)), "noising")
        levels = torch.linspace(0.0, 1.0, steps + 1, dtype=torch.float64)
        return [self.network_.rows(noised(points, eps, level), self.layout_) for level in levels]

    def denoising(self, n: int, steps: int = 8, random_state: int = 0, condition: str | None = None) -> list[Sample]:
        """What becomes of noise on its way to n new rows: at most ``steps + 1`` Samples, the last what :meth:`sample` draws."""
        return [self._sample_of(rows) for rows in self.denoising_rows(n, steps, random_state, condition)]

    def denoising_rows(self, n: int, steps: int = 8, random_state: int = 0, condition: str | None = None) -> list[Encoded]:
        """:meth:`denoising` as encoded rows."""
        self._require("sample")
        _check_steps(steps)
        if n < 1:
            raise InputError(f"the number of rows to draw must be at least 1, got {n}")
        with torch.no_grad(), suitable_threads(self.layout_.modality):
            blocks = [list(self._ways(random_state).drawn(rows, condition)) for rows in self._blocks(n)]
        shown = np.unique(np.linspace(0, len(blocks[0]) - 1, steps + 1).round().astype(int))
        return [self.network_.rows(torch.cat([way[i] for way in blocks])[:n], self.layout_) for i in shown]

    @property
    def noise_size_(self) -> int:
        """How many numbers an image is drawn from: its pixels, and what it is of where captions name a few kinds."""
        return math.prod(self.network_.shape) + bool(self.network_.subjects.captions)

    def draws_from(self, noise: ArrayLike) -> Array:
        """See :meth:`~evalkit.backbones.noise.DrawsFromNoise.draws_from`; at the border of two kinds images jump.

        In float64: rounding in float32 is as large as what the smallest steps move.
        """
        given = checked_noise(noise, self.noise_size_, self.layout_.modality, "Diffusion")
        network, size = self.network_, math.prod(self.network_.shape)
        if not isinstance(network, ImageNetwork):
            raise TypeError("images need their own network")
        captions = network.subjects.at(given[:, size]) if network.subjects.captions else None
        with torch.no_grad(), suitable_threads("images"):
            start = torch.tensor(given[:, :size]).reshape(-1, *network.shape)
            points = replace(self._ways(self.random_state), network=network).followed(start, captions)
            return np.asarray(network.shares(points).movedim(1, 3).numpy(), dtype=np.float64)

    def edit(self, data: Any, caption: str, strength: float = 0.85, random_state: int = 0) -> Sample:
        """Given images as another caption would have them: noised part of the way, and denoised under the caption.

        Args:
            data: images.
            caption: what they should show.
            strength: how far they are noised, above 0 and at most 1, where nothing of them is left; what the caption is about
                changes from about 0.8 on.
            random_state: seed of the noise.
        """
        return self._sample_of(self.edit_rows(self._rows(data), caption, strength, random_state))

    def edit_rows(self, rows: Encoded, caption: str, strength: float = 0.85, random_state: int = 0) -> Pixels:
        """:meth:`edit` for encoded images."""
        pixels = self._images(rows, "edit")
        if not 0 < strength <= 1:
            raise InputError(f"strength must be above 0 and at most 1, got {strength}: change it")
        with torch.no_grad(), suitable_threads("images"):
            points = self._ways(random_state).changed(self._points(pixels), np.arange(len(pixels)), caption, strength)
        return self._captioned(points, caption)

    def fill(self, data: Any, mask: NDArray[np.bool_], condition: str | None = None, random_state: int = 0) -> Sample:
        """Given images with a region drawn anew, so that it goes with the rest, which stays as it is.

        Args:
            data: images.
            mask: (height, width) or (n, height, width); true where something new is wanted.
            condition: a caption, or None.
            random_state: seed of the noise.
        """
        return self._sample_of(self.fill_rows(self._rows(data), mask, condition, random_state))

    def fill_rows(self, rows: Encoded, mask: NDArray[np.bool_], condition: str | None = None, random_state: int = 0) -> Pixels:
        """:meth:`fill` for encoded images."""
        pixels = self._images(rows, "fill")
        n, _, height, width = pixels.values.shape
        if mask.dtype != np.bool_ or mask.shape not in ((height, width), (n, height, width)):
            raise InputError(f"a mask of true and false of shape ({height}, {width}) is needed, got {mask.dtype} of {mask.shape}")
        unknown = torch.tensor(mask).expand(n, height, width)[:, None]
        with torch.no_grad(), suitable_threads("images"):
            points = self._ways(random_state).filled(self._points(pixels), unknown, np.arange(n), condition)
        return self._captioned(points, condition)

    @property
    def _recipe(self) -> Recipe:
        return self.network_.recipe

    def _limits(self) -> Mapping[str, int]:
        return {"width": 10**5, "depth": DEEPEST, "draws": 10**4, "sampling_steps": 10**4}

    def _check_settings(self) -> None:
        super()._check_settings()
        if self.sampler not in SAMPLERS:
            raise InputError(f"sampler must be one of {', '.join(SAMPLERS)}, got {self.sampler!r}: change the setting")
        if not 0 <= self.guidance <= 100:
            raise InputError(f"guidance must be between 0 and 100, got {self.guidance}: change the setting")

    def _new_network(self, rows: Encoded) -> DenoisingNetwork:
        family = NETWORKS[rows.layout.modality]
        width, depth = self.width or family.recipe.width, self.depth or family.recipe.depth
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(self.random_state, "diffusion", "weights"))
            return family.for_rows(rows, self.split(rows)[0], width, depth)

    @classmethod
    def _network_from(cls, layout: Layout, plan: Mapping[str, Any]) -> DenoisingNetwork:
        return NETWORKS[layout.modality].from_plan(layout, plan)

    def _objective(self, network: Network, training: Encoded, held_out: Encoded) -> Denoising:
        return Denoising(denoising(network), training, held_out, self.random_state)

    def _schedule(self, training: Encoded) -> Schedule:
        recipe = NETWORKS[training.layout.modality].recipe
        steps = min(max(recipe.passes * len(training) // recipe.batch, recipe.fewest), recipe.most)
        return Schedule(
            steps=self.steps or steps,
            learning_rate=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            evaluate_every=recipe.look_every,
            minutes=self.minutes,
        )

    def _noise(self) -> tuple[Tensor, Tensor]:
        """The fixed noise of the draws, and their levels, spread as in training."""
        draws = self.draws or self._recipe.draws
        eps = generator(self.random_state, "diffusion", "score").normal(size=(draws, 1, *self.network_.shape))
        levels = ((np.arange(draws) + 0.5) / draws) ** self._recipe.bend
        return torch.tensor(eps), torch.tensor(levels)[:, None]

    def _judge(self, held_out: Encoded) -> Finding:
        """The mean denoising error: comparable between models of the same rows and columns only."""
        return held_out_finding(self.score_rows(held_out), seed=self.random_state).model_copy(update={"name": HELD_OUT})

    def _sample(self, n: int, random_state: int, condition: str | None) -> Encoded:
        ways, drawn = self._ways(random_state), []
        for rows in self._blocks(n):
            *_, last = ways.drawn(rows, condition)
            drawn.append(last)
        points = torch.cat(drawn)[:n]
        subjects = ways.subjects(np.arange(n)) if condition is None else (condition,) * n
        made = self.network_.rows(points, self.layout_)
        return made if subjects is None else Pixels(expect(made, Pixels).values, subjects)

    def _reconstruct(self, rows: Encoded) -> Encoded:
        """Noised part of the way with the noise of the first draw, and denoised along the flow."""
        ways, network = self._ways(self.random_state), self.network_
        points = network.points(network.filled(network.prepare(rows))).to(self._recipe.drawing)
        levels = ways.levels(_PART_WAY)
        start = noised(points, self._noise()[0][0].to(points), levels[0])
        return _in_place_of(rows, network.rows(ways.flowed(start, levels), self.layout_))

    def _interpolate(self, first: Encoded, last: Encoded, steps: int) -> Encoded:
        """Both ends follow the flow to the noise they come from; between the two lies an arc, and each point on it flows back."""
        ways = self._ways(self.random_state)
        start, end = (ways.flowed(self._points(row), ways.levels().flip(0)) for row in (first, last))
        return self.network_.rows(ways.flowed(arc_between(start, end, steps), ways.levels()), self.layout_)

    def _ways(self, random_state: int) -> Ways:
        steps = self.sampling_steps or self._recipe.sampling_steps
        return Ways.of(self.network_, self.sampler, steps, self.guidance, random_state)

    def _blocks(self, n: int) -> Iterator[NDArray[np.int64]]:
        """The numbers of n rows and of those that fill up the last block."""
        together = self._recipe.drawn_together
        return (np.arange(start, start + together) for start in range(0, n, together))

    def _points(self, rows: Encoded) -> Tensor:
        return self.network_.points(self.network_.prepare(rows)).to(self._recipe.drawing)

    def _images(self, rows: Encoded, what: str) -> Pixels:
        self._check_layout(rows)
        if self.layout_.modality != "images":
            raise CapabilityError(f"Diffusion can {what} images only, not {self.layout_.modality}: fit it to images")
        return expect(rows, Pixels)

    def _captioned(self, points: Tensor, caption: str | None) -> Pixels:
        pixels = expect(self.network_.rows(points, self.layout_), Pixels)
        return pixels if caption is None else Pixels(pixels.values, (caption,) * len(pixels))


def _check_steps(steps: int) -> None:
    if steps < 1:
        raise InputError(f"the number of steps must be at least 1, got {steps}: change it")


def _in_place_of(rows: Encoded, made: Encoded) -> Encoded:
    """What was made of windows lies where they were cut from."""
    if isinstance(rows, Windows):
        return replace(expect(made, Windows), entities=rows.entities, starts=rows.starts)
    return made
