"""Small images in encoded form."""

import numpy as np

from evalkit.core.seeds import generator
from evalkit.data.pixels import Pixels


def drawn_images(n: int = 200, seed: int = 0, *, channels: int = 1, height: int = 11, width: int = 9) -> Pixels:
    """A light, blurred spot somewhere on a dark and slightly grainy ground, as levels of 8 bits."""
    random = generator(seed, "drawn images")
    row, column = random.uniform(0, height, (n, 1, 1, 1)), random.uniform(0, width, (n, 1, 1, 1))
    away = (np.arange(height)[:, None] - row) ** 2 + (np.arange(width) - column) ** 2
    light = 220 * np.exp(-away / 12) + random.uniform(0, 12, (n, channels, height, width))
    return Pixels((np.round(light) / 255).astype(np.float32))


def odd_images() -> Pixels:
    """Twenty times the same black pixel."""
    return Pixels(np.zeros((20, 1, 1, 1), dtype=np.float32))
