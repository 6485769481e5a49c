"""Images by a small network that has learned from the reference how images are turned and moved."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from evalkit.backbones.threads import one_thread
from evalkit.core.sample import Images
from evalkit.core.seeds import generator
from evalkit.features.convolutions import LARGEST_SIDE, FittedConvolutions, Layer, fixed, levels, pooled, random_layers, standard
from evalkit.features.pictures import shape_of

_NAME = "self_supervised"
_ROWS = 4000
_MEASURED = 1000
_BATCH = 32
_DIRECTIONS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))


@dataclass(frozen=True)
class SelfSupervised:
    """Images by a small network that is trained on the reference: to tell how an image was turned, mirrored and shifted.

    It learns what the reference's images look like, without labels and without weights from elsewhere, so that it also serves for
    images that are nothing like photographs. Random convolutions see some faults better, blur for one: no features see all best.
    Each feature is divided by its standard deviation in the reference.

    Source: Gidaris, Singh and Komodakis, "Unsupervised representation learning by predicting image rotations", ICLR 2018.

    Rows that it was trained on have slightly other features than new ones: train it on rows that no figure is computed on. Images
    with a side of more than 64 pixels are first made smaller, so that fine detail is lost.

    Attributes:
        channels: of each layer.
        steps: of training, each with 32 images.
        learning_rate: at the start; it falls to zero along a cosine.

    >>> images = Images.of(np.random.default_rng(0).integers(0, 256, (9, 8, 8, 1), dtype=np.uint8))
    >>> SelfSupervised(steps=2).fit(images, seed=0).extract(images).values.shape
    (9, 224)
    """

    channels: tuple[int, ...] = (16, 32, 64)
    steps: int = 400
    learning_rate: float = 3e-3

    def fit(self, reference: Images, *, seed: int) -> FittedConvolutions:
        """Train the network, on one thread, so that the same rows and seed give the same weights.

        Raises:
            SchemaError: they are no images.
            ShapeError: there is none.
        """
        shape = shape_of(_NAME, reference, largest_side=LARGEST_SIDE)
        chosen = generator(seed, _NAME, "rows").permutation(len(reference))[:_ROWS]
        pixels = shape.read_pixels(reference.take(np.sort(chosen)))
        images = torch.from_numpy(standard(pixels, *levels(pixels)).astype(np.float32))
        with one_thread():
            layers = self._trained(images, seed)
        return fixed(_NAME, self, shape, layers, pixels[:_MEASURED])

    def _trained(self, images: Tensor, seed: int) -> list[Layer]:
        drawn = random_layers(seed, _NAME, (images.shape[1], *self.channels))
        layers = [(_parameter(weights), _parameter(biases)) for weights, biases in drawn]
        turns = _n_turns(images)
        head = _parameter(np.zeros((turns + len(_DIRECTIONS), 2 * sum(self.channels) + 1)))
        parameters = [head, *(parameter for layer in layers for parameter in layer)]
        optimizer = torch.optim.Adam(parameters, lr=self.learning_rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.steps)
        for step in range(self.steps):
            draw = generator(seed, _NAME, "batch", step)
            turn, shift = draw.integers(0, turns, _BATCH), draw.integers(0, len(_DIRECTIONS), _BATCH)
            batch = _moved(images[draw.integers(0, len(images), _BATCH)], turn, shift)
            answers = functional.linear(pooled(batch, layers), head[:, 1:], head[:, 0])
            loss = functional.cross_entropy(answers[:, :turns], torch.from_numpy(turn))
            loss = loss + functional.cross_entropy(answers[:, turns:], torch.from_numpy(shift))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
        return [(w.detach().double().numpy(), b.detach().double().numpy()) for w, b in layers]


def _parameter(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32)).requires_grad_()


def _n_turns(images: Tensor) -> int:
    """Eight ways to turn and mirror a square; four that leave a rectangle its form."""
    return 8 if images.shape[2] == images.shape[3] else 4


def _moved(images: Tensor, turns: NDArray[np.int64], shifts: NDArray[np.int64]) -> Tensor:
    """Each image turned, then shifted by an eighth of its side; what leaves on one side comes in on the other."""
    moved = torch.empty_like(images)
    quarter = 1 if _n_turns(images) == 8 else 2
    for turn in np.unique(turns):
        chosen = torch.from_numpy(np.flatnonzero(turns == turn))
        turned = torch.rot90(images[chosen], quarter * int(turn // 2), dims=(2, 3))
        moved[chosen] = turned.flip(3) if turn % 2 else turned
    by = [max(1, side // 8) for side in images.shape[2:]]
    for shift in np.unique(shifts):
        chosen = torch.from_numpy(np.flatnonzero(shifts == shift))
        down, right = _DIRECTIONS[shift]
        moved[chosen] = torch.roll(moved[chosen], (down * by[0], right * by[1]), dims=(2, 3))
    return moved
