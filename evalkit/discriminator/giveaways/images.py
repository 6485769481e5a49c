"""What gives generated images away before anybody looks at what they show: light, levels, borders, frequencies."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import ShapeError
from evalkit.core.sample import Images
from evalkit.data.spool import blocks
from evalkit.discriminator.giveaways.giveaway import Giveaway, What
from evalkit.discriminator.giveaways.statistics import statistic_giveaway
from evalkit.discriminator.halves import FEWEST
from evalkit.features.pictures import shape_of

Array = NDArray[np.float64]

# Radii in shares of the highest frequency that pixels along an axis can carry; corners lie beyond 1.
_BANDS = ((0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.5))

_SENTENCES: dict[What, str] = {
    "brightness": "Generated images have a mean brightness of {found}, the reference's {usual} (0 black, 1 white).",
    "contrast": "Brightness has a standard deviation of {found} within a generated image, of {usual} within one of the reference.",
    "black": "A share of {found} of a generated image is exactly black, of one of the reference {usual}.",
    "white": "A share of {found} of a generated image is exactly white, of one of the reference {usual}.",
    "levels": "A generated image has {found} different levels, one of the reference {usual}.",
    "border": "The border of a generated image is brighter than its inside by {found}, of one of the reference by {usual}.",
    "checkerboard": "A pattern that repeats every two pixels is {found} times as strong as other detail in generated images, "
    "{usual} times in the reference's.",
}
_BAND = (
    "Detail at {low:.0%} – {high:.0%} of the finest makes {{found}} of a generated image's variation, {{usual}} of the reference's."
)


def image_giveaways(reference: Images, generated: Images, *, seed: int) -> Iterator[Giveaway]:
    """Simple statistics of each image, compared between the samples; see :func:`image_statistics`.

    Args:
        reference: 10 real images or more.
        generated: 10 or more of the same form.
        seed: of the permutations.

    Raises:
        InputError: the images have another form.
        ShapeError: fewer than 10 a side.
    """
    if min(len(reference), len(generated)) < FEWEST:
        raise ShapeError(f"giveaways need {FEWEST} images a side, got {len(reference)} and {len(generated)}: give more images")
    generated = shape_of("giveaways", reference).read("giveaways", generated)
    ours, theirs = image_statistics(reference), image_statistics(generated)
    for (what, band), values in ours.items():
        column = "spectrum" if band else "pixels"
        one = statistic_giveaway(what, column, values, theirs[what, band], band or _SENTENCES[what], seed=seed)
        if one is not None:
            yield one


def image_statistics(images: Images) -> dict[tuple[What, str], Array]:
    """Statistics of each image, (n,), by what they are and, for a band of frequencies, its sentence.

    Brightness and contrast from 0 to 1; shares of exactly black and white values; how many levels differ; how much brighter the
    outer pixels are; which share of the variation lies in each band of frequencies, of the channels' mean; and how much power lies
    at period two, in either direction or both, against a flat spectrum: what upsampling leaves.

    Args:
        images: n of them.

    >>> board = np.indices((8, 8)).sum(axis=0) % 2 * 255
    >>> found = image_statistics(Images.of(np.tile(board[None, :, :, None], (2, 1, 1, 1)).astype(np.uint8)))
    >>> found["levels", ""].tolist(), found["black", ""].tolist(), found["checkerboard", ""].round(6).tolist()
    ([2.0, 2.0], [0.5, 0.5], [21.0, 21.0])
    """
    largest = np.iinfo(images.pixels.dtype).max
    parts = [_of_block(images.pixels[block], float(largest)) for block in blocks(len(images), 64 * images.pixels[:1].size)]
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def _of_block(pixels: NDArray[np.uint8] | NDArray[np.uint16], largest: float) -> dict[tuple[What, str], Array]:
    flat = np.sort(pixels.reshape(len(pixels), -1), axis=1)
    grey = pixels.mean(axis=3) / largest
    found: dict[tuple[What, str], Array] = {
        ("brightness", ""): grey.mean(axis=(1, 2)),
        ("contrast", ""): grey.std(axis=(1, 2)),
        ("black", ""): (flat == 0).mean(axis=1),
        ("white", ""): (flat == largest).mean(axis=1),
        ("levels", ""): 1.0 + (flat[:, 1:] != flat[:, :-1]).sum(axis=1),
    }
    outer = np.ones(grey.shape[1:], dtype=np.bool_)
    outer[1:-1, 1:-1] = False
    if not outer.all():
        found["border", ""] = grey[:, outer].mean(axis=1) - grey[:, ~outer].mean(axis=1)
    return found | _spectrum(grey)


def _spectrum(grey: Array) -> dict[tuple[What, str], Array]:
    """Shares of the power about the mean; none where nothing varies."""
    power = np.abs(np.fft.fft2(grey - grey.mean(axis=(1, 2), keepdims=True))) ** 2
    power[:, 0, 0] = 0.0
    total = power.sum(axis=(1, 2))
    still = total <= 1e-12 * grey[0].size ** 2
    shares = power / np.where(still, 1.0, total)[:, None, None]
    shares[still] = 0.0
    rows, columns = (np.abs(np.fft.fftfreq(length)) * 2 for length in grey.shape[1:])
    radius = np.hypot(rows[:, None], columns)
    found: dict[tuple[What, str], Array] = {}
    for low, high in _BANDS:
        inside = (radius > low) & (radius <= high)
        if inside.any():
            found["frequencies", _BAND.format(low=low, high=min(high, 1.0))] = shares[:, inside].sum(axis=1)
    period_two = (rows[:, None] == 1) & ((columns == 0) | (columns == 1)) | (rows[:, None] == 0) & (columns == 1)
    if period_two.any():
        found["checkerboard", ""] = shares[:, period_two].mean(axis=1) * (radius.size - 1)
    return found
