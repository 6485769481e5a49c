"""Images by the principal components of their pixels."""

import math
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.core.sample import Images
from evalkit.core.seeds import generator
from evalkit.core.state import ReadState, State
from evalkit.features.base import Features, digest_of, features_of, kept
from evalkit.features.pictures import Shape, shape_from_state, shape_of
from evalkit.features.principal import principal_components

Array = NDArray[np.float64]

_NAME = "pixel_pca"


@dataclass(frozen=True)
class PixelPca:
    """Images by the principal components of the reference's pixels, and by how far from their space an image lies.

    Good at which kinds of images there are and at where things are; the distance from the space sees noise, blur and what the
    reference never showed, as one number. It sees pixels, not objects: an image moved by a few pixels is another one.

    Attributes:
        components: at most.
        most_rows: reference images, drawn at random, from which they are learned.
        most_values: larger images are first made smaller by means of squares, until they have no more values than this.

    >>> images = Images.of(np.arange(48, dtype=np.uint8).reshape(3, 4, 4, 1) ** 2)
    >>> PixelPca().fit(images, seed=0).extract(images).values.shape
    (3, 3)
    """

    components: int = 64
    most_rows: int = 2000
    most_values: int = 4096

    def fit(self, reference: Images, *, seed: int) -> "FittedPixelPca":
        """Learn components.

        Raises:
            SchemaError: they are no images.
            ShapeError: there is none.
        """
        shape = shape_of(_NAME, reference, most_values=self.most_values)
        rows = np.arange(len(reference))
        if len(rows) > self.most_rows:
            rows = np.sort(generator(seed, _NAME, "rows").choice(len(rows), self.most_rows, replace=False))
        mean, directions = principal_components(_flat(shape.read_pixels(reference.take(rows))), self.components)
        return FittedPixelPca(shape, mean, directions, digest_of(_NAME, self, shape, mean, directions))


@dataclass(frozen=True, eq=False)
class FittedPixelPca:
    """See :class:`PixelPca`.

    Attributes:
        shape: of the images.
        mean, directions: (values,) and (k, values).
        digest: of all.
    """

    shape: Shape
    mean: Array
    directions: Array
    digest: str
    name: str = _NAME

    def extract(self, sample: Images) -> Features:
        """Features of images, (n, k + 1), in pixels' units: 1 is one pixel from black to full.

        Raises:
            SchemaError: they are no images.
            InputError: they have another form than the reference's.
        """
        images = self.shape.read(_NAME, sample)
        parts = [self._points(some) for some in self.shape.portions(images, 8 * images.pixels[:1].size)]
        return features_of(np.concatenate(parts), _NAME, self.digest)

    def to_state(self) -> State:
        """What was learned."""
        return {"shape": asdict(self.shape), "mean": self.mean, "directions": self.directions, "digest": self.digest}

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """What :meth:`to_state` gave.

        Raises:
            KeyError, TypeError, ValueError: it is another state.
        """
        shape = shape_from_state(state["shape"])
        return cls(shape, kept(state, "mean", shape.values), kept(state, "directions", None, shape.values), state["digest"])

    def _points(self, images: Images) -> Array:
        centred = _flat(self.shape.pixels(images)) - self.mean
        components = centred @ self.directions.T
        outside = centred - components @ self.directions
        return np.column_stack([components, np.sqrt((outside**2).sum(axis=1))])


def _flat(pixels: Array) -> Array:
    return pixels.reshape(len(pixels), math.prod(pixels.shape[1:]))
