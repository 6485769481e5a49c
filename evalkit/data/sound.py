"""Sound from .wav files, whose samples are mapped into memory and scaled to -1 … 1."""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError
from evalkit.core.sample import Problem, Series
from evalkit.data.cells import first_row, shown
from evalkit.data.files import require_file
from evalkit.data.folders import files_in
from evalkit.data.spool import blocks, room_for

SOUND_FILES = (".wav",)
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_HEADER, _CHUNK, _FORMAT = struct.Struct("<4sI4s"), struct.Struct("<4sI"), struct.Struct("<HHIIHH")
_SUBFORMAT = 24  # where the extensible form says what it is
_MOST_CHANNELS = 64
_TYPES = {(_PCM, 8): "u1", (_PCM, 16): "<i2", (_PCM, 24): "u1", (_PCM, 32): "<i4", (_FLOAT, 32): "<f4", (_FLOAT, 64): "<f8"}


class Sound(NamedTuple):
    """A .wav file.

    Attributes:
        rate: steps a second.
        samples: (steps, channels) as they lie in the file, not scaled; of 24 bits (steps, channels, 3) bytes.
        bits: of one sample.
        cut: whether the header promises more than the file holds.
    """

    rate: int
    samples: NDArray[np.generic]
    bits: int
    cut: bool

    def scaled(self, steps: slice) -> NDArray[np.float64]:
        """The given steps, (steps, channels), from -1 to 1; floats stay as they are."""
        some = self.samples[steps]
        if some.dtype.kind == "f":
            return some.astype(np.float64)
        if self.bits == 8:
            return (some.astype(np.float64) - 128.0) / 128.0
        if self.bits == 24:
            wide = np.zeros((*some.shape[:2], 4), dtype=np.uint8)
            wide[:, :, 1:] = some
            some = wide.view("<i4")[:, :, 0]
        return some.astype(np.float64) / 2.0 ** (8 * some.dtype.itemsize - 1)


class _Header(NamedTuple):
    """What is kept of each file of a folder: a mapped file stays open, and a process may hold a thousand open at most."""

    rate: int
    n_steps: int
    n_channels: int
    cut: bool


def read_sound(path: Path) -> Sound:
    """Open a .wav file: PCM of 8, 16, 24 or 32 bits or floats of 32 or 64, with one channel or several.

    Raises:
        InputError: it is damaged, compressed, or no .wav file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            form, chunk = _riff(file.read(_HEADER.size)), {}
            place = _HEADER.size
            while b"data" not in chunk and place + _CHUNK.size <= size and form:
                file.seek(place)
                name, length = _CHUNK.unpack(file.read(_CHUNK.size))
                chunk[name] = (place + _CHUNK.size, length)
                place += _CHUNK.size + length + length % 2
            at, length = chunk[b"fmt "]
            file.seek(at)
            kind, n_channels, rate, bits = _format(file.read(min(length, 64)))
        at, length = chunk[b"data"]
        dtype = np.dtype(_TYPES[kind, bits])
        frame = n_channels * bits // 8
        n_frames = min(length, size - at) // frame
        shape = (n_frames, n_channels, 3) if bits == 24 else (n_frames, n_channels)
        samples = np.memmap(path, dtype=dtype, mode="r", offset=at, shape=shape) if n_frames else np.zeros(shape, dtype=dtype)
    except (OSError, KeyError, ValueError, struct.error) as error:
        raise InputError(
            f"{shown(path.name)} is not a readable .wav file: it is damaged, compressed or of another kind; save it as 16-bit PCM"
        ) from error
    return Sound(rate, samples, bits, cut=length > size - at)


def _riff(header: bytes) -> bool:
    mark, _, kind = _HEADER.unpack(header)
    if (mark, kind) != (b"RIFF", b"WAVE"):
        raise ValueError("not a RIFF file of sound")
    return True


def _format(data: bytes) -> tuple[int, int, int, int]:
    kind, n_channels, rate, _, _, bits = _FORMAT.unpack_from(data)
    if kind == _EXTENSIBLE:
        (kind,) = struct.unpack_from("<H", data, _SUBFORMAT)
    if not (1 <= n_channels <= _MOST_CHANNELS and rate >= 1):
        raise ValueError("no channels, or no rate")
    return kind, n_channels, rate, bits


def series_of_sound(path: Path, name: str | None, limit_bytes: int | None) -> Series:
    """Read a .wav file, or a folder of them: each is an entity, with seconds as its time and values from -1 to 1.

    Raises:
        InputError: a file cannot be read, is empty, or has another number of channels than the first.
    """
    paths = files_in(path, SOUND_FILES, limit_bytes) if path.is_dir() else [path]
    if not path.is_dir():
        require_file(path)
        if limit_bytes is not None and path.stat().st_size > limit_bytes:
            raise InputError(f"{shown(path.name)} is larger than the limit of {limit_bytes:,} bytes: give a smaller file")
    sounds = {one: _told(read_sound(one)) for one in paths}
    width = next(iter(sounds.values())).n_channels
    for one, sound in sounds.items():
        if not sound.n_steps or sound.n_channels != width:
            raise InputError(
                f"{shown(one.name)} has {sound.n_steps:,} steps and {sound.n_channels} channels where at least one step "
                f"and {width} channels are needed: take it out or convert it"
            )
    starts = np.cumsum([0, *(sound.n_steps for sound in sounds.values())], dtype=np.int64)
    values, times = room_for((int(starts[-1]), width), np.float64), room_for((int(starts[-1]),), np.float64)
    for one, begin in zip(sounds, starts.tolist(), strict=False):
        opened = read_sound(one)
        for block in blocks(len(opened.samples), 8 * width):
            some = opened.scaled(block)
            if (row := first_row(np.isinf(some).any(axis=1))) is not None:
                raise InputError(f"{shown(one.name)} holds an infinite number in step {block.start + row}: save it as 16-bit PCM")
            there = slice(begin + block.start, begin + block.stop)
            values[there], times[there] = some, np.arange(block.start, block.stop) / opened.rate
    folder = path if path.is_dir() else path.parent
    entities = tuple(one.relative_to(folder).as_posix() for one in sounds)
    schema = Series.numbered_schema(f"channel_{i}" for i in range(1, width + 1))
    return Series(name or path.name, schema, values, times, starts, entities, tuple(_about_sounds(sounds)))


def _told(sound: Sound) -> _Header:
    return _Header(sound.rate, len(sound.samples), sound.samples.shape[1], sound.cut)


def _about_sounds(sounds: Mapping[Path, _Header]) -> Iterator[Problem]:
    cut = [path for path, sound in sounds.items() if sound.cut]
    if cut:
        what = f"hold less than their headers say, first {shown(cut[0].name)}: read as far as they go"
        yield Problem(what=what, rows=len(cut))
    if len({sound.rate for sound in sounds.values()}) > 1:
        yield Problem(what="have different sampling rates: a window spans different times", column="time")
