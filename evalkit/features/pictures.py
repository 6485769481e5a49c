"""Pixels as numbers of bounded size."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError
from evalkit.core.sample import Images
from evalkit.core.schema import Picture
from evalkit.core.state import ReadState
from evalkit.data.spool import blocks
from evalkit.features.base import sample_for

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """The form of the reference's images, and how they are made smaller.

    Attributes:
        height, width, channels: of an image.
        factor: pixels to a side of the squares whose mean is taken; 1 leaves images as they are.
    """

    height: int
    width: int
    channels: int
    factor: int

    @property
    def values(self) -> int:
        """How many values an image has, made smaller."""
        return -(-self.height // self.factor) * -(-self.width // self.factor) * self.channels

    def read(self, extractor: str, sample: object) -> Images:
        """The Sample, where its images have this form.

        Raises:
            SchemaError: it holds no images.
            InputError: they have another form.
        """
        images = sample_for(extractor, Images, sample)
        if images.pixels.shape[1:] != (self.height, self.width, self.channels):
            height, width, channels = images.pixels.shape[1:]
            raise InputError(
                f"{extractor} was fitted to images of {self.width} x {self.height} pixels with {self.channels} channels and got "
                f"{width} x {height} with {channels}: load them under the reference's schema"
            )
        return images

    def pixels(self, images: Images) -> Array:
        """From 0 (black) to 1, made smaller, (n, height, width, channels)."""
        return self.smaller(images.pixels / np.float64(np.iinfo(images.pixels.dtype).max))

    def smaller(self, shares: Array) -> Array:
        """Shares of white, (n, height, width, channels), made smaller."""
        for axis, length in ((1, self.height), (2, self.width)):
            starts = np.arange(0, length, self.factor)
            sizes = np.diff(starts, append=length).reshape(-1, *[1] * (3 - axis))
            shares = shares if self.factor == 1 else np.add.reduceat(shares, starts, axis=axis) / sizes
        return np.asarray(shares)

    def read_pixels(self, images: Images) -> Array:
        """As :meth:`pixels`, portion by portion, so that large images need no more memory than small ones."""
        return np.concatenate([self.pixels(some) for some in self.portions(images, 8 * images.pixels[:1].size)])

    def portions(self, images: Images, row_bytes: int) -> list[Images]:
        """The images in portions of bounded memory, one at least."""
        return [images.take(block) for block in blocks(len(images), row_bytes)] or [images]


def shape_of(extractor: str, reference: object, *, largest_side: int | None = None, most_values: int | None = None) -> Shape:
    """The reference's form, made smaller until its longer side or the number of its values is no more than given.

    Raises:
        SchemaError: it holds no images.
        ShapeError: there is none.
    """
    picture = sample_for(extractor, Images, reference, least=1).schema.picture
    assert picture is not None  # noqa: S101 - images have one
    factor = 1
    while not _fits(picture, factor, largest_side, most_values):
        factor += 1
    return Shape(picture.height, picture.width, picture.channels, factor)


def shape_from_state(state: ReadState) -> Shape:
    """The form that ``dataclasses.asdict`` told of.

    Raises:
        TypeError, ValueError: it is no form: the state came from a file.
    """
    shape = Shape(**state)
    if any(type(value) is not int or not 1 <= value < 2**31 for value in state.values()):
        raise ValueError("an image's form is in whole numbers above 0")
    return shape


def _fits(picture: Picture, factor: int, largest_side: int | None, most_values: int | None) -> bool:
    height, width = -(-picture.height // factor), -(-picture.width // factor)
    small = largest_side is None or max(height, width) <= largest_side
    return small and (most_values is None or height * width * picture.channels <= most_values or height * width == 1)
