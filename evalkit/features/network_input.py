"""Images as pretrained networks take them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evalkit.core.errors import InputError
from evalkit.core.sample import Images

Pixels = NDArray[np.float32]

_BATCH = 64


@dataclass(frozen=True)
class NetworkInput:
    """The form that a network was trained on. Figures of images in another form mislead: it is part of an extractor's digest.

    Attributes:
        size: height and width that images are brought to (bicubic, with the surroundings of each pixel averaged where images
            become smaller, nothing rounded to whole grey levels); None: as they are.
        channels: that the network takes; grey images are repeated. None: as they are.
        mean, deviation: taken from each channel's values, 0 (black) to 1, and divided by, one for all or one a channel;
            ImageNet's are (0.485, 0.456, 0.406) and (0.229, 0.224, 0.225).
        scale: what white is before that: 1, or 255 for networks that take bytes.

    >>> grey = Images.of(np.full((2, 4, 4, 1), 255, dtype=np.uint8))
    >>> (batch,) = NetworkInput(size=(8, 8), channels=3, mean=(0.5,), deviation=(0.5,)).batches(grey)
    >>> batch.shape, batch.dtype.name, float(batch.min())
    ((2, 3, 8, 8), 'float32', 1.0)
    """

    size: tuple[int, int] | None = None
    channels: int | None = None
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)
    scale: float = 1.0

    def __post_init__(self) -> None:
        if min(self.deviation, default=0.0) <= 0 or not self.mean:
            raise InputError(f"mean and deviation need a number each, deviations above 0: got {self.mean} and {self.deviation}")

    def batches(self, images: Images) -> Iterator[Pixels]:
        """(n, channels, height, width) float32, 64 images at a time.

        Raises:
            InputError: the network takes other channels than the images have.
        """
        for start in range(0, len(images), _BATCH):
            some = images.take(np.arange(start, min(start + _BATCH, len(images))))
            yield self._prepared(some.pixels)

    def _prepared(self, pixels: NDArray[np.unsignedinteger]) -> Pixels:
        values = np.moveaxis(pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max), 3, 1)
        found, wanted = values.shape[1], self.channels or values.shape[1]
        if found not in (1, wanted):
            raise InputError(
                f"the network takes {wanted} channel{'s' * (wanted > 1)}, and the images have {found}: convert the images first"
            )
        if self.size is not None and values.shape[2:] != self.size:
            values = np.clip([[_resized(plane, *self.size) for plane in image] for image in values], 0.0, 1.0)
        mean, deviation = (np.asarray(each, dtype=np.float32)[:, None, None] for each in (self.mean, self.deviation))
        scaled = (np.repeat(values, wanted // found, axis=1) * np.float32(self.scale) - mean) / deviation
        return np.ascontiguousarray(scaled, dtype=np.float32)


def _resized(plane: Pixels, height: int, width: int) -> Pixels:
    return np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)
