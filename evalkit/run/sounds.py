"""Recordings as ``.wav`` files of 16 bits."""

import wave
from pathlib import Path

import numpy as np

from evalkit.core.errors import InputError
from evalkit.core.files import whole_file
from evalkit.core.sample import Series

_SLOWEST, _FASTEST = 1_000, 768_000
_LOUDEST = 2**15 - 1


def write_sound(series: Series, path: Path) -> None:
    """Write one recording; what is louder than full is cut off.

    Raises:
        InputError: the series are several, or no sound: their time is not in seconds with at least 1,000 steps in each, or values
            are missing.
    """
    if len(series) != 1:
        raise InputError(f"a .wav file holds one recording, there are {len(series)}: write them to .parquet or .csv, or only one")
    rate = _rate(series)
    whole = np.rint(np.clip(series.values, -1.0, 1.0) * _LOUDEST).astype("<i2")
    with whole_file(path) as temporary, wave.open(str(temporary), "wb") as file:
        file.setnchannels(whole.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(whole.tobytes())


def _rate(series: Series) -> int:
    """Steps a second."""
    steps = np.diff(series.times) if series.times.dtype.kind == "f" else np.zeros(0)
    rate = round(1 / float(np.median(steps))) if len(steps) and np.median(steps) > 0 else 0
    if not _SLOWEST <= rate <= _FASTEST or np.isnan(series.values).any():
        raise InputError("a .wav file holds sound, with its time in seconds and no value missing: write these to .parquet or .csv")
    return rate
