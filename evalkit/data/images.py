"""From folders, files and arrays to Images of one size."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Images, Problem
from evalkit.core.schema import Column, Picture, Resize, Schema
from evalkit.data.captions import captions_of
from evalkit.data.cells import first_row, shown
from evalkit.data.files import require_file
from evalkit.data.folders import files_in
from evalkit.data.pictures import PICTURE_FILES, Form, brought_to, common_picture, form_of, read_picture
from evalkit.data.spool import blocks, room_for

LARGEST_SIDE = 8192


def read_images(
    source: Any,
    labels: NDArray[Any] | None = None,
    *,
    picture: Picture | None,
    size: tuple[int, int] | None,
    resize: Resize,
    name: str | None,
    limit_bytes: int | None,
) -> Images:
    """Read images and bring them to one form.

    Args:
        source: a folder, a .png, .jpg or .webp file, or an array (n, height, width) or (n, height, width, channels) of whole
            numbers 0…255, uint16, yes and no, or floats 0…1, which are kept in 16 bits.
        labels: the captions of an array's images, (n,), or None.
        picture: the reference's form; None takes the median size.
        size: height and width instead of the median.
        resize: see :class:`evalkit.core.schema.Picture`.
        name: what to call them.
        limit_bytes: refuse larger files.

    Raises:
        InputError: no image can be read, or the array holds something else.
        ShapeError: the array has another shape.
    """
    if size is not None and not (min(size) >= 1 and max(size) <= LARGEST_SIDE):
        raise InputError(
            f"the size must be a height and a width from 1 to {LARGEST_SIDE:,}, got {size[0]} and {size[1]}: change it"
        )
    if resize not in get_args(Resize):
        raise InputError(f"resize must be one of {', '.join(get_args(Resize))}, got {resize!r}: choose one of them")
    if isinstance(source, Images):
        return conformed(source, picture or _picture_of(source.pixels, size, resize))
    if isinstance(source, str | Path):
        return _of_files(Path(source), picture, size, resize, name, limit_bytes)
    pixels, problems = _checked(source)
    captions = None if labels is None else tuple(str(label) for label in labels.tolist())
    if captions is not None and len(captions) != len(pixels):
        raise ShapeError(f"there are {len(pixels):,} images and {len(captions):,} labels: one for each is needed")
    images = replace(Images.of(pixels, name or "images", captions), problems=tuple(problems))
    return conformed(images, picture or _picture_of(pixels, size, resize))


def conformed(images: Images, picture: Picture) -> Images:
    """The same images in the form of a picture; ``problems`` says what was changed."""
    schema = images.schema.model_copy(update={"picture": picture})
    if images.pixels.shape[1:] == (picture.height, picture.width, picture.channels):
        return replace(images, schema=schema)
    pixels = room_for((len(images), picture.height, picture.width, picture.channels), images.pixels.dtype)
    done: Counter[str] = Counter()
    for row, one in enumerate(images.pixels):
        pixels[row], changes = brought_to(one, picture)
        done.update(changes)
    return replace(images, schema=schema, pixels=pixels, problems=(*images.problems, *_told(done)))


def _of_files(
    source: Path, picture: Picture | None, size: tuple[int, int] | None, resize: Resize, name: str | None, limit_bytes: int | None
) -> Images:
    folder = source if source.is_dir() else source.parent
    if not source.is_dir():
        require_file(source)
        if limit_bytes is not None and source.stat().st_size > limit_bytes:
            raise InputError(f"{shown(source.name)} is larger than the limit of {limit_bytes:,} bytes: give a smaller file")
        if source.suffix.lower() not in PICTURE_FILES:
            raise InputError(f"{shown(source.name)} is of no kind that holds images: save it as one of {', '.join(PICTURE_FILES)}")
    paths, forms, damaged = _readable(files_in(source, PICTURE_FILES, limit_bytes) if source.is_dir() else [source])
    picture = picture or common_picture(forms, size, resize)
    bits = max(form.bits for form in forms)
    pixels = room_for((len(paths), picture.height, picture.width, picture.channels), np.uint16 if bits == 16 else np.uint8)
    done: Counter[str] = Counter()
    kept: list[Path] = []
    for path in paths:
        try:
            one, read = read_picture(path)
        except InputError as error:
            damaged[path] = error
            continue
        one, brought = brought_to(one, picture)
        pixels[len(kept)] = one.astype(np.uint16) * 257 if bits == 16 and one.dtype == np.uint8 else one
        done.update([*read, *brought])
        kept.append(path)
    if not kept:
        raise next(iter(damaged.values()))
    names = tuple(path.relative_to(folder).as_posix() for path in kept)
    captions, noticed = captions_of(folder, names) if source.is_dir() else (None, [])
    columns = () if captions is None else (Column(name="caption", kind="text"),)
    schema = Schema(modality="images", columns=columns, picture=picture)
    problems = (*_left_out(damaged), *_told(done), *noticed)
    return Images(name or source.name, schema, pixels[: len(kept)], captions, names, problems)


def _readable(paths: Sequence[Path]) -> tuple[list[Path], list[Form], dict[Path, InputError]]:
    """The files whose header is an image's, and the others."""
    forms: dict[Path, Form] = {}
    damaged: dict[Path, InputError] = {}
    for path in paths:
        try:
            forms[path] = form_of(path)
        except InputError as error:
            damaged[path] = error
    if not forms:
        raise next(iter(damaged.values()))
    return list(forms), list(forms.values()), damaged


def _left_out(damaged: Mapping[Path, InputError]) -> list[Problem]:
    if not damaged:
        return []
    first = min(damaged)
    return [Problem(what=f"cannot be read and are left out, first {shown(first.name)}: repair or remove them", rows=len(damaged))]


def _told(done: Counter[str]) -> list[Problem]:
    return [Problem(what=what, rows=n) for what, n in sorted(done.items())]


def _picture_of(pixels: NDArray[Any], size: tuple[int, int] | None, resize: Resize) -> Picture:
    """The form of an array's images, unless a size is given."""
    height, width = size or pixels.shape[1:3]
    return Picture(height=height, width=width, channels=1 if pixels.shape[3] == 1 else 3, resize=resize)


def _checked(source: Any) -> tuple[NDArray[Any], list[Problem]]:
    """An array as (n, height, width, 1 or 3) uint8 or uint16."""
    try:
        array = source if isinstance(source, np.ndarray) else np.asarray(source)
    except ValueError as error:
        raise ShapeError("images need one shape: make them of one height and width, or give a folder of them") from error
    if array.dtype == np.dtype(np.uint16).newbyteorder():
        array = array.astype(np.uint16)  # written by a machine with the other order of bytes
    problems = []
    if array.ndim == 3:
        if array.shape[2] in (3, 4):
            what = (
                f"is read as {array.shape[0]} grey images that are {array.shape[2]} pixels wide: give one colour image the shape "
            )
            problems.append(Problem(what=f"{what}(1, height, width, channels)"))
        array = array[:, :, :, None]
    if array.ndim != 4 or array.shape[3] not in (1, 3, 4) or 0 in array.shape:
        raise ShapeError(
            "images need shape (n, height, width) or (n, height, width, channels) with 1, 3 or 4 channels and no axis empty, "
            f"got {array.shape}: transpose the array"
        )
    dtype = np.uint16 if array.dtype.kind == "f" or array.dtype == np.uint16 else np.uint8
    if array.dtype == dtype and array.shape[3] < 4:
        return array, problems
    pixels = room_for((*array.shape[:3], 1 if array.shape[3] == 1 else 3), dtype)
    for block in blocks(len(array), array[:1].nbytes):
        some = _whole_numbers(array[block], block.start)
        pixels[block] = some if some.shape[3] < 4 else _over_white(some)
    if array.shape[3] == 4:
        problems.append(Problem(what="are transparent: laid over white", rows=len(array)))
    return pixels, problems


def _whole_numbers(array: NDArray[Any], start: int) -> NDArray[Any]:
    """Pixels as uint8 or uint16, from what other programs write them as."""
    if array.dtype in (np.uint8, np.uint16):
        return array
    if array.dtype.kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind not in "iuf":
        raise InputError(f"an array of pixels is needed, got one of {array.dtype}: save whole numbers from 0 to 255")
    most = 1.0 if array.dtype.kind == "f" else 255
    wrong = ~((array >= 0) & (array <= most)).all(axis=(1, 2, 3))
    if (row := first_row(wrong)) is not None:
        raise InputError(
            f"image {start + row} has a pixel that is missing, infinite or outside 0 to {most:g}: give floats from 0 to 1, "
            "whole numbers from 0 to 255, or uint16"
        )
    return np.rint(array * 65535.0).astype(np.uint16) if array.dtype.kind == "f" else array.astype(np.uint8)


def _over_white(pixels: NDArray[Any]) -> NDArray[Any]:
    most = np.iinfo(pixels.dtype).max
    share = pixels[..., 3:] / most
    return np.rint(pixels[..., :3] * share + most * (1 - share)).astype(pixels.dtype)
