"""Images as a folder of PNG files, and as one file of arrays."""

import os
import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from evalkit.core.errors import InputError
from evalkit.core.files import whole_file
from evalkit.core.sample import Images

_CAPTIONS = "captions.csv"
_GAP = 4


def write_pictures(images: Images, folder: Path) -> None:
    """Write a folder of PNG files, numbered in their order, with ``captions.csv`` where there are captions; whole or not at all.

    Raises:
        InputError: the images have 16 bits a channel and colours, for which PNG files are not written here.
    """
    if images.pixels.dtype == np.uint16 and images.pixels.shape[3] != 1:
        raise InputError(f"colour images of 16 bits do not go into PNG files here: write them to {folder.name}.npz")
    width = len(str(len(images)))
    names = [f"{i:0{width}d}.png" for i in range(1, len(images) + 1)]
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    unfinished.mkdir()
    try:
        for name, pixels in zip(names, images.pixels, strict=True):
            picture(pixels).save(unfinished / name)
        if images.captions is not None:
            listed = pd.DataFrame({"file": names, "caption": images.captions})
            listed.to_csv(unfinished / _CAPTIONS, index=False, lineterminator="\n")
        os.replace(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def write_arrays(images: Images, path: Path) -> None:
    """Write a ``.npz`` file with ``images`` and, where there are captions, ``captions``; the same images give the same bytes."""
    with whole_file(path) as temporary:
        if images.captions is None:
            np.savez_compressed(temporary, images=images.pixels)
        else:
            np.savez_compressed(temporary, images=images.pixels, captions=np.array(images.captions))


def sheet(images: Images, across: int = 8, width: int = 560) -> bytes:
    """Images side by side as one PNG file, small ones enlarged with hard edges.

    Args:
        images: any number.
        across: how many stand in a row.
        width: of the whole in pixels, about.
    """
    _, height, breadth, _ = images.pixels.shape
    scale = max(1, (width // across - _GAP) // breadth)
    down = -(-len(images) // across)
    size = (across * (scale * breadth + _GAP) - _GAP, down * (scale * height + _GAP) - _GAP)
    whole = Image.new("RGBA", size)
    for i, pixels in enumerate(images.pixels):
        tile = picture(eight_bits(pixels)).resize((scale * breadth, scale * height), Image.Resampling.NEAREST)
        whole.paste(tile, (i % across * (scale * breadth + _GAP), i // across * (scale * height + _GAP)))
    file = BytesIO()
    whole.save(file, "PNG")
    return file.getvalue()


def eight_bits(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Pixels of 16 bits as screens show them, those of 8 bits as they are.

    >>> eight_bits(np.array([0, 65535], dtype=np.uint16)).tolist()
    [0, 255]
    """
    return np.asarray(pixels if pixels.dtype == np.uint8 else pixels // 257, dtype=np.uint8)


def picture(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> Image.Image:
    """One image's pixels, (height, width, channels), as a picture.

    >>> picture(np.zeros((2, 3, 1), dtype=np.uint8)).size
    (3, 2)
    """
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
