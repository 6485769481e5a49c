"""A small convolution network whose pooled activations are features."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from evalkit.backbones.threads import one_thread
from evalkit.core.errors import InputError
from evalkit.core.sample import Images
from evalkit.core.seeds import generator
from evalkit.core.state import ReadState, State
from evalkit.data.spool import blocks
from evalkit.features.base import Features, digest_of, features_of, kept
from evalkit.features.pictures import Shape, shape_from_state

Array = NDArray[np.float64]
Layer = tuple[Array, Array]

LARGEST_SIDE = 64
_COARSE_SIDE = 20
_LEAST = 1e-12
_STILL = 1e-9
_FLOOR = 0.1
_ROW_BYTES = 8 * LARGEST_SIDE**2 * 16


@dataclass(frozen=True, eq=False)
class FittedConvolutions:
    """Convolution features with fixed weights.

    Attributes:
        shape: of the images.
        center, width: (channels,), with which pixels are standardised.
        layers: weights (out, in, 3, 3) and biases (out,) of each.
        deviation: (d,), by which features are divided.
        digest: of all.
        name: of the extractor.
    """

    shape: Shape
    center: Array
    width: Array
    layers: tuple[Layer, ...]
    deviation: Array
    digest: str
    name: str

    def extract(self, sample: Images) -> Features:
        """Mean and standard deviation of each channel of each layer over the image, each in the reference's standard deviations.

        Computed in float64 on one thread: a row has the same features in any batch.

        Raises:
            SchemaError: they are no images.
            InputError: they have another form than the reference's.
        """
        images = self.shape.read(self.name, sample)
        most = 8 * max(images.pixels[:1].size, LARGEST_SIDE**2 * len(self.layers[0][1]))
        parts = [self._seen(self.shape.pixels(some)) for some in self.shape.portions(images, most)]
        return features_of(np.concatenate(parts), self.name, self.digest)

    def of_shares(self, shares: Array) -> Array:
        """The same of images as shares of white, (n, height, width, channels), whatever lies between two grey levels, (n, d).

        Raises:
            InputError: they have another form than the reference's.
        """
        form = (self.shape.height, self.shape.width, self.shape.channels)
        if shares.shape[1:] != form:
            raise InputError(f"{self.name} was fitted to images of {form} and got {shares.shape[1:]}: fit it to images of one form")
        return self._seen(self.shape.smaller(shares))

    def _seen(self, pixels: Array) -> Array:
        return activations(standard(pixels, self.center, self.width), self.layers) / self.deviation

    def to_state(self) -> State:
        """What was learned or drawn."""
        levels = {"center": self.center, "width": self.width, "deviation": self.deviation}
        layers = [{"weights": weights, "biases": biases} for weights, biases in self.layers]
        return {"shape": asdict(self.shape), **levels, "layers": layers, "digest": self.digest, "name": self.name}

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """What :meth:`to_state` gave.

        Raises:
            KeyError, TypeError, ValueError: it is another state.
        """
        shape = shape_from_state(state["shape"])
        layers, inputs = [], shape.channels
        for layer in state["layers"]:
            weights = kept(layer, "weights", None, inputs, 3, 3)
            inputs = len(weights)
            layers.append((weights, kept(layer, "biases", inputs)))
        n_features = 2 * sum(len(biases) for _, biases in layers)
        levels = (kept(state, "center", shape.channels), kept(state, "width", shape.channels))
        return cls(shape, *levels, tuple(layers), kept(state, "deviation", n_features), state["digest"], state["name"])


def fixed(name: str, settings: object, shape: Shape, layers: Sequence[Layer], pixels: Array) -> FittedConvolutions:
    """With these weights; features are scaled so that all count alike on the reference's pixels, (n, height, width, channels).

    A channel that the reference hardly moves is not stretched: its deviation counts as a tenth of the usual one.
    """
    center, width = levels(pixels)
    parts = [activations(standard(pixels[block], center, width), layers) for block in blocks(len(pixels), _ROW_BYTES)]
    deviation = np.concatenate(parts).std(axis=0)
    deviation = np.maximum(
        deviation, _FLOOR * (np.median(deviation[deviation > _STILL]) if (deviation > _STILL).any() else 1 / _FLOOR)
    )
    digest = digest_of(name, settings, shape, center, width, deviation, *(array for layer in layers for array in layer))
    return FittedConvolutions(shape, center, width, tuple(layers), deviation, digest, name)


def activations(images: Array, layers: Sequence[Layer]) -> Array:
    """Pooled activations of standardised images (n, channels, height, width), (n, d)."""
    tensors = [(torch.from_numpy(weights), torch.from_numpy(biases)) for weights, biases in layers]
    with one_thread(), torch.no_grad():
        return np.asarray(pooled(torch.from_numpy(images), tensors).numpy())


def standard(pixels: Array, center: Array, width: Array) -> Array:
    """Standardised pixels with the channels in front, (n, channels, height, width)."""
    return np.ascontiguousarray(np.moveaxis((pixels - center) / width, 3, 1))


def levels(pixels: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of each channel, (channels,); deviation 1 where all pixels are equal."""
    deviation = pixels.std(axis=(0, 1, 2))
    return pixels.mean(axis=(0, 1, 2)), np.where(deviation > _STILL, deviation, 1.0)


def random_layers(seed: int, name: str, channels: Sequence[int]) -> list[Layer]:
    """Random filters, scaled so that activations keep their size from layer to layer, and zero biases."""
    layers = []
    for i, (inputs, outputs) in enumerate(pairwise(channels)):
        weights = generator(seed, name, "weights", i).normal(size=(outputs, inputs, 3, 3)) * np.sqrt(2 / (9 * inputs))
        layers.append((weights, np.zeros(outputs)))
    return layers


def pooled(images: Tensor, layers: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """Mean and standard deviation of the channels of all layers, (n, 2 * channels)."""
    parts = []
    # Small images keep their pixels in the first layer.
    stride = 1 if max(images.shape[2:]) <= _COARSE_SIDE else 2
    for weights, biases in layers:
        images = functional.relu(functional.conv2d(images, weights, biases, stride=stride, padding=1))
        mean = images.mean(dim=(2, 3))
        parts += [mean, ((images - mean[:, :, None, None]) ** 2).mean(dim=(2, 3)).add(_LEAST).sqrt()]
        stride = 2
    return torch.cat(parts, dim=1)
