"""Images and series as arrays of independent rows, for the families that read them as they are."""

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError
from evalkit.core.sample import Images, Sample, Series
from evalkit.core.seeds import generator
from evalkit.data.series_encoding import SeriesEncoder
from evalkit.features.pictures import shape_of
from evalkit.features.windows import filled

Array = NDArray[np.float64]

_LARGEST_SIDE = 64
_LONGEST = 64


def raw_rows(reference: Sample, generated: Sample, *, seed: int) -> tuple[Array, Array]:
    """Both Samples' rows, as ``convolutional`` and ``recurrent`` read them.

    Of images the pixels from 0 to 1, (n, height, width, channels), made smaller until no side has more than 64. Of each series one
    window, by lot, (n, length, 2 * channels), so that rows are independent: up to 64 steps, or as many as half of the reference's
    series have; the values, missing ones as the last before, then 1 where one is missing, else 0. For few long series
    ``evalkit.metrics.timegan_scores`` is made.

    Raises:
        InputError: neither images nor series on both sides, or of another form or with other channels.

    >>> images = Images.of(np.zeros((3, 8, 8, 1), dtype=np.uint8))
    >>> raw_rows(images, images, seed=0)[0].shape
    (3, 8, 8, 1)
    """
    if isinstance(reference, Images) and isinstance(generated, Images):
        shape = shape_of("the classifier test", reference, largest_side=_LARGEST_SIDE)
        ours, theirs = (shape.read_pixels(shape.read("the classifier test", images)) for images in (reference, generated))
        return ours, theirs
    if not (isinstance(reference, Series) and isinstance(generated, Series)) or len(reference) == 0:
        raise InputError("raw rows need images, or series, on both sides: extract features from other Samples")
    length = int(np.clip(np.median(np.diff(reference.starts)), 1, _LONGEST))
    encoder = SeriesEncoder(length, length).fit(reference)
    return _windows(encoder, reference, seed, "reference"), _windows(encoder, generated, seed, "generated")


def _windows(encoder: SeriesEncoder, series: Series, seed: int, name: str) -> Array:
    windows = encoder.transform(series)
    _, first, counts = np.unique(windows.entities, return_index=True, return_counts=True)
    values = windows.values[first + generator(seed, "raw rows", name).integers(0, counts)]
    missing = np.isnan(values)
    return np.concatenate([np.nan_to_num(filled(values, missing), nan=0.0), missing.astype(np.float64)], axis=2)
