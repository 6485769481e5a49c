"""Families that draw images from noise and nothing else: their images as a smooth function of it."""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import CapabilityError, ShapeError
from evalkit.core.schema import Modality

Array = NDArray[np.float64]


@runtime_checkable
class DrawsFromNoise(Protocol):
    """A backbone that turns standard normal noise into images; a row depends on its own noise only."""

    @property
    def noise_size_(self) -> int:
        """How many numbers an image is drawn from."""

    def draws_from(self, noise: ArrayLike) -> Array:
        """Images as shares of white, not rounded, (n, height, width, channels), for noise (n, noise_size_).

        Raises:
            CapabilityError: the model was fitted to something else than images.
            ShapeError: the noise has another width.
        """


def checked_noise(noise: ArrayLike, size: int, modality: Modality, family: str) -> Array:
    """The noise, where images can be drawn from it; see :meth:`DrawsFromNoise.draws_from`.

    >>> checked_noise(np.zeros((2, 3)), 3, "images", "VAE").shape
    (2, 3)
    """
    if modality != "images":
        raise CapabilityError(f"{family} draws images from noise in steps as small as one likes, not {modality}: fit it to images")
    found = np.asarray(noise, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != size:
        raise ShapeError(f"{family} draws from noise of shape (n, {size}), got {found.shape}: reshape it")
    return found
