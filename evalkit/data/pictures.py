"""One image: from a file to pixels, and from any shape to the shape that all images of a Sample have."""

import struct
import warnings
import zlib
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError
from evalkit.core.schema import Picture, Resize
from evalkit.data.cells import shown

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURE_FILES = (".png", ".jpg", ".jpeg", ".webp")
MOST_PIXELS = 64_000_000
"""Of one image: a small file can unpack to more than memory holds."""

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
_FORMATS = ("PNG", "JPEG", "WEBP")  # Pillow knows many more, which nobody needs and some of which can be attacked
_GREY = {"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N"}
_LUMA = (0.299, 0.587, 0.114)
_ORIENTATION = 0x0112
_ON_ITS_SIDE = {5, 6, 7, 8}
_DAMAGED = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError, struct.error, zlib.error)


class Form(NamedTuple):
    """What an image's header says: its shape as it is to be seen, and how many bits a channel has."""

    height: int
    width: int
    channels: int
    bits: int


def form_of(path: Path) -> Form:
    """The form of an image file, from its header.

    Raises:
        InputError: it is no image, or too large; the sentence names the file.
    """
    with _opened(path) as image:
        try:
            return _form(image)
        except _DAMAGED as error:
            raise _damaged(path) from error


def read_picture(path: Path) -> tuple[Pixels, frozenset[str]]:
    """The pixels of an image file, (height, width, 1 or 3), and what had to be done to it.

    The image is turned as its EXIF data say. Transparency is laid over white. Of an animation the first frame is read. Grey with 16
    bits keeps them; colour has 8 bits.

    Raises:
        InputError: it is damaged, no image, or too large; the sentence names the file.
    """
    from PIL import ImageOps

    done: set[str] = set()
    with _opened(path) as image:
        try:
            if image.getexif().get(_ORIENTATION, 1) != 1:
                done.add("were turned as their EXIF data say")
            if getattr(image, "is_animated", False) and image.format != "MPO":  # which is a photograph beside its preview
                done.add("are animated: the first frame is read")
            turned = ImageOps.exif_transpose(image)
            if turned.has_transparency_data:
                turned = _over_white(turned)
                done.add("are transparent: laid over white")
            return _pixels(turned), frozenset(done)
        except _DAMAGED as error:
            raise _damaged(path) from error


def common_picture(forms: list[Form], size: tuple[int, int] | None, resize: Resize) -> Picture:
    """The form for images of several: the median height and width, rounded, unless a size is given; RGB when any has colour.

    >>> common_picture([Form(20, 30, 1, 8), Form(24, 30, 3, 8), Form(90, 90, 1, 8)], None, "pad")
    Picture(height=24, width=30, channels=3, resize='pad')
    """
    height, width = size or (round(median(form.height for form in forms)), round(median(form.width for form in forms)))
    return Picture(height=height, width=width, channels=3 if any(form.channels == 3 for form in forms) else 1, resize=resize)


def brought_to(pixels: Pixels, picture: Picture) -> tuple[Pixels, frozenset[str]]:
    """An image, (height, width, 1 or 3), in the form of a picture, and what had to be done to it.

    Colour becomes grey by ITU-R BT.601 luma; sizes change by antialiased bicubic interpolation.

    >>> grey, done = brought_to(np.full((2, 4, 3), 255, dtype=np.uint8), Picture(height=2, width=2, channels=1))
    >>> grey[:, :, 0].tolist(), sorted(done)
    ([[255, 255], [0, 0]], ['are in colour and were made grey', 'were brought to 2 × 2 pixels (pad)'])
    """
    done: set[str] = set()
    if pixels.shape[:2] != (picture.height, picture.width):
        pixels = _resized(pixels, picture)
        done.add(f"were brought to {picture.height} × {picture.width} pixels ({picture.resize})")
    if pixels.shape[2] > picture.channels:
        luma = np.rint(pixels.astype(np.float64) @ np.array(_LUMA))[:, :, None]
        pixels = luma.astype(np.uint16) if pixels.dtype == np.uint16 else luma.astype(np.uint8)
        done.add("are in colour and were made grey")
    if pixels.shape[2] < picture.channels:
        pixels = np.concatenate([pixels] * 3, axis=2)
    return pixels, frozenset(done)


def _opened(path: Path) -> "Image":
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(path, formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path) from error
    except _DAMAGED as error:
        raise _damaged(path) from error
    if image.width * image.height > MOST_PIXELS:
        image.close()
        raise _too_large(path)
    return image


def _form(image: "Image") -> Form:
    height, width = image.height, image.width
    unread = image.format == "PNG" and "exif" not in image.info  # to look for it at the end of the file would unpack all of it
    if not unread and image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE:
        height, width = width, height
    return Form(height, width, 1 if image.mode in _GREY else 3, 16 if image.mode.startswith("I") else 8)


def _pixels(image: "Image") -> Pixels:
    if image.mode.startswith("I"):
        return np.asarray(image).astype(np.uint16)[:, :, None]
    if image.mode in _GREY:
        return np.asarray(image.convert("L"))[:, :, None]
    return np.asarray(image.convert("RGB"))


def _over_white(image: "Image") -> "Image":
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits: one grey is the transparent one, and Pillow would cut the others down to 8 bits
        whole = np.asarray(image).astype(np.uint16)
        whole[whole == image.info["transparency"]] = 65535
        return Image.fromarray(whole)
    grey = image.mode in _GREY
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("L" if grey else "RGB")


def _resized(pixels: Pixels, picture: Picture) -> Pixels:
    height, width = pixels.shape[:2]
    box = (0.0, 0.0, float(width), float(height))
    inner = (picture.height, picture.width)
    if picture.resize == "pad":
        scale = min(picture.height / height, picture.width / width)
        inner = (max(1, round(height * scale)), max(1, round(width * scale)))
    elif picture.resize == "crop":
        scale = max(picture.height / height, picture.width / width)
        left, top = (width - picture.width / scale) / 2, (height - picture.height / scale) / 2
        box = (left, top, width - left, height - top)
    result = np.zeros((picture.height, picture.width, pixels.shape[2]), dtype=pixels.dtype)
    top, left = (picture.height - inner[0]) // 2, (picture.width - inner[1]) // 2
    for channel in range(pixels.shape[2]):
        result[top : top + inner[0], left : left + inner[1], channel] = _interpolated(pixels[:, :, channel], inner, box)
    return result


def _interpolated(pixels: NDArray[Any], shape: tuple[int, int], box: tuple[float, float, float, float]) -> NDArray[Any]:
    """In 32-bit floats, so that 8 and 16 bits are treated alike."""
    from PIL import Image

    image = Image.fromarray(pixels.astype(np.float32))
    resized = np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BICUBIC, box=box))
    whole: NDArray[Any] = np.clip(np.rint(resized), 0, np.iinfo(pixels.dtype).max).astype(pixels.dtype)
    return whole


def _damaged(path: Path) -> InputError:
    return InputError(
        f"{shown(path.name)} is not a readable PNG, JPEG or WebP image: it is damaged or of another kind; save it again"
    )


def _too_large(path: Path) -> InputError:
    return InputError(f"{shown(path.name)} unpacks to more than {MOST_PIXELS:,} pixels: make it smaller")
