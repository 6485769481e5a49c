import struct
import wave
from contextlib import suppress

import numpy as np
import pytest
from scipy.io import wavfile

from evalkit.core.errors import InputError, SchemaError
from evalkit.core.sample import Series
from evalkit.data import load, spool

DRAW = np.random.Generator(np.random.Philox(13))
WAVES = np.sin(np.arange(2000) / 20.0)[:, None] * np.array([0.5, -0.25])


@pytest.mark.parametrize(
    ("dtype", "scale", "offset"),
    [(np.uint8, 128, 128), (np.int16, 2**15, 0), (np.int32, 2**31, 0), (np.float32, 1, 0), (np.float64, 1, 0)],
)
@pytest.mark.parametrize("n_channels", [1, 2])
def test_what_scipy_writes(dtype, scale, offset, n_channels, tmp_path):
    samples = (WAVES * scale + offset).astype(dtype)
    wavfile.write(tmp_path / "a.wav", 8000, samples[:, 0] if n_channels == 1 else samples)
    series = load(tmp_path / "a.wav")
    assert isinstance(series, Series)
    assert series.channels == ("channel_1", "channel_2")[:n_channels]
    assert np.array_equal(series.values, ((samples.astype(float) - offset) / scale)[:, :n_channels])
    assert np.abs(series.values - WAVES[:, :n_channels]).max() <= 1 / scale
    assert np.array_equal(series.times, np.arange(2000) / 8000)
    assert (series.entities, series.problems) == (("a.wav",), ())


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_what_the_standard_library_writes(width, tmp_path):
    whole = DRAW.integers(-(2 ** (8 * width - 1)), 2 ** (8 * width - 1), (500, 2))
    data = b"".join(
        (int(value) + (128 if width == 1 else 0)).to_bytes(width, "little", signed=width > 1) for value in whole.ravel()
    )
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(width)
        file.setframerate(44_100)
        file.writeframes(data)
    assert np.array_equal(load(tmp_path / "a.wav").values, whole / 2.0 ** (8 * width - 1))


def _wav(fmt, data, *, extra=b"", length=None):
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt + extra
    chunks += b"data" + struct.pack("<I", len(data) if length is None else length) + data
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


PCM = struct.pack("<HHIIHH", 1, 1, 8000, 16_000, 2, 16)


def test_the_extensible_form_and_unknown_chunks(tmp_path):
    extensible = struct.pack("<HHIIHH", 0xFFFE, 1, 8000, 16_000, 2, 16) + struct.pack("<HHIH", 22, 16, 4, 1) + bytes(14)
    path = tmp_path / "a.wav"
    path.write_bytes(_wav(extensible, b"\x00\x40" * 3, extra=b"LIST" + struct.pack("<I", 3) + b"abc\0"))
    assert load(path).values.tolist() == [[0.5]] * 3


def test_a_header_that_promises_more_is_told(tmp_path):
    (tmp_path / "a.wav").write_bytes(_wav(PCM, b"\x00\x40" * 5, length=4_000_000_000))
    series = load(tmp_path / "a.wav")
    assert len(series.values) == 5
    assert [problem.what for problem in series.problems] == [
        "hold less than their headers say, first 'a.wav': read as far as they go"
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"RIFX" + _wav(PCM, b"\0\0")[4:],
        _wav(struct.pack("<HHIIHH", 7, 1, 8000, 8000, 1, 8), b"\0\0"),
        _wav(struct.pack("<HHIIHH", 1, 0, 8000, 8000, 1, 8), b"\0\0"),
        _wav(struct.pack("<HHIIHH", 1, 1, 0, 8000, 1, 8), b"\0\0"),
        _wav(PCM[:8], b"\0\0"),
        _wav(PCM, b""),
        _wav(PCM, b"\0"),
    ],
)
def test_what_is_no_sound_is_refused(data, tmp_path):
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(InputError, match=r"'a.wav'"):
        load(tmp_path / "a.wav")


def test_infinite_sound_is_refused(tmp_path):
    wavfile.write(tmp_path / "a.wav", 8000, np.array([0.5, np.inf], dtype=np.float32))
    with pytest.raises(InputError, match=r"'a.wav' holds an infinite number in step 2"):
        load(tmp_path / "a.wav")


def test_any_bytes_have_one_sentence(tmp_path):
    wavfile.write(tmp_path / "a.wav", 8000, (WAVES[:50] * 2**15).astype(np.int16))
    whole = (tmp_path / "a.wav").read_bytes()
    for _ in range(300):
        broken = bytearray(whole)
        start = int(DRAW.integers(60))
        broken[start : start + 3] = DRAW.bytes(3)
        (tmp_path / "a.wav").write_bytes(bytes(broken))
        with suppress(InputError):
            assert np.isfinite(load(tmp_path / "a.wav").values).any()


def test_a_folder_of_recordings(tmp_path, monkeypatch):
    (tmp_path / "hall").mkdir()
    wavfile.write(tmp_path / "b.wav", 8000, (WAVES * 2**15).astype(np.int16))
    wavfile.write(tmp_path / "hall" / "a.wav", 16_000, (WAVES[:30] * 2**15).astype(np.int16))
    whole = load(tmp_path)
    assert whole.entities == ("b.wav", "hall/a.wav")
    assert np.diff(whole.starts).tolist() == [2000, 30]
    assert [problem.what.partition(":")[0] for problem in whole.problems] == ["have different sampling rates"]
    monkeypatch.setattr(spool, "MEMORY_BYTES", 1000)
    on_disk = load(tmp_path)
    assert isinstance(on_disk.values, np.memmap)
    assert np.array_equal(on_disk.values, whole.values)
    wavfile.write(tmp_path / "c.wav", 8000, np.zeros(5, dtype=np.int16))
    with pytest.raises(InputError, match=r"'c.wav' has 5 steps and 1 channels where at least one step and 2 channels"):
        load(tmp_path)
    with pytest.raises(SchemaError, match="lacks the channel 'channel_2'"):
        load(tmp_path / "c.wav", schema=whole.schema)
    with pytest.raises(InputError, match="larger than the limit of 10 bytes"):
        load(tmp_path / "c.wav", limit_bytes=10)
