"""Bad images, texts and series."""

import io
import pickle
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from evalkit.core.schema import Modality
from tests.contracts.bad_inputs.case import SECRET, BadInput

PIXELS = np.arange(8 * 6 * 3, dtype=np.uint8).reshape(8, 6, 3)
WORDS = "".join(f'{{"text": "a sentence of many words, number {i}"}}\n' for i in range(5))


def _of(modality: Modality) -> tuple[Callable[..., BadInput], Callable[..., BadInput]]:
    """How a refused case and one with a result are written."""

    def refused(suffix: str, data: Any, *says: str, **more: Any) -> BadInput:
        return BadInput(suffix, data, says, modality=modality, settings={"modality": modality, **more})

    def result(suffix: str, data: Any, problem: str = "", **more: Any) -> BadInput:
        return BadInput(suffix, data, problem=problem, refused=False, modality=modality, settings={"modality": modality, **more})

    return refused, result


def _image(pixels: np.ndarray = PIXELS, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format=form, **options)
    return buffer.getvalue()


def _on_its_side() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return _image(form="JPEG", exif=exif)


def _folder(**files: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.mkdir()
        for name, data in files.items():
            (path / name.replace("__", ".")).write_bytes(data)

    return write


def _array(save: Callable[..., None], *arrays: np.ndarray, **named: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    save(buffer, *arrays, **named)
    return buffer.getvalue()


def _huge_png() -> bytes:
    """A header of 900 million pixels with nothing behind it."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    return _image()[:8] + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + _image()[33:]


def _sound(data: bytes = bytes(2000), *, kind: int = 1, channels: int = 1, length: int | None = None) -> bytes:
    form = struct.pack("<HHIIHH", kind, channels, 8000, 16_000, 2, 16)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data) if length is None else length) + data
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def _steps(*odd: str, header: str = "t,level,flow", n: int = 20) -> bytes:
    return "\n".join([header, *(f"2026-01-01T00:{i:02d},{i % 7}.5,{i % 3}.25" for i in range(n)), *odd]).encode()


_refused, _result = _of("images")
IMAGES = {
    "an empty folder": _refused("", _folder(), "holds no file with .png"),
    "a PNG of no bytes": _refused(".png", b"", "'bad.png'", "damaged"),
    "a PNG that unpacks to 900 million pixels": _refused(".png", _huge_png(), "'bad.png'", "64,000,000 pixels"),
    "a JPEG cut in half": _refused(".jpg", _image(np.tile(PIXELS, (20, 20, 1)), "JPEG")[:900], "'bad.jpg'"),
    "text called png": _refused(".png", SECRET.encode() * 20, "'bad.png'"),
    "a TIFF called png": _refused(".png", _image(form="TIFF"), "'bad.png'"),
    "images of a kind that is not read": _refused(".gif", _image(form="GIF"), ".png"),
    "only damaged images": _refused("", _folder(a__png=b"", b__png=SECRET.encode()), "'a.png'"),
    "captions without names of files": _refused("", _folder(a__png=_image(), captions__csv=b"a,b\n1,2\n"), "column file"),
    "Python objects in an array": _refused(".npy", _array(np.save, np.array([{SECRET: 1}], dtype=object)), "Python objects"),
    "Python objects in a .npz": _refused(".npz", _array(np.savez, images=np.array([SECRET, None], dtype=object)), "Python objects"),
    "a pickle called npy": _refused(".npy", pickle.dumps({SECRET: 1}), "'bad.npy'"),
    "an array cut in half": _refused(".npy", _array(np.save, np.zeros((9, 9, 9)))[:800], "'bad.npy'"),
    "text called npz": _refused(".npz", SECRET.encode() * 20, "'bad.npz'"),
    "a .npz that unpacks to far more": _refused(
        ".npz", _array(np.savez_compressed, images=np.zeros((9, 99, 99))), "unpacks to more than 10,000 bytes", limit_bytes=10_000
    ),
    "two arrays in a .npz": _refused(".npz", _array(np.savez, a=np.zeros((2, 3, 3)), b=np.zeros((2, 3, 3))), "'a', 'b'"),
    "a missing pixel": _refused(".npy", _array(np.save, np.stack([np.zeros((3, 3)), np.full((3, 3), np.nan)])), "image 2"),
    "a pixel of 300": _refused(".npy", _array(np.save, np.full((2, 3, 3), 300)), "image 1", "0 to 255"),
    "images of five channels": _refused(".npy", _array(np.save, np.zeros((2, 3, 3, 5), np.uint8)), "1, 3 or 4 channels"),
    "no images": _refused(".npy", _array(np.save, np.zeros((0, 3, 3))), "no axis empty"),
    "digits whose header lies": _refused(".idx3-ubyte", struct.pack(">HBBIII", 0, 8, 3, 10**9, 28, 28) + bytes(50), "damaged"),
    "one damaged image among others": _result("", _folder(a__png=_image(), b__png=_image()[:-30]), "left out, first 'b.png'"),
    "images of several modes and sizes": _result(
        "",
        _folder(
            a__png=_image(),
            b__png=_image(PIXELS[:, :, 0]),
            c__png=_image(PIXELS[:5]),
            d__png=_image(PIXELS[..., 0].astype(np.uint16)),
        ),
        "were brought to",
    ),
    "an image of one pixel": _result(".png", _image(PIXELS[:1, :1])),
    "a transparent image": _result(".png", _image(np.dstack([PIXELS, PIXELS[..., :1]])), "transparent"),
    "a photograph on its side": _result(".jpg", _on_its_side(), "were turned"),
    "16 bits": _result(".png", _image(PIXELS[..., 0].astype(np.uint16) * 300)),
    "an image without a caption": _result("", _folder(a__png=_image(), b__png=_image(), a__txt=b"a cat"), "have no caption"),
    "one colour image as an array": _result(".npy", _array(np.save, PIXELS), "give one colour image the shape"),
}

_refused, _result = _of("texts")
TEXTS = {
    "an empty text": _refused(".txt", b"", "empty"),
    "a text of white space": _refused(".txt", b" \n\n\t", "empty"),
    "bytes called text": _refused(".txt", SECRET.encode() + b"\n\0\1\2", "line 2"),
    "a folder without texts": _refused("", _folder(a__md=b"text"), "holds no file with .txt"),
    "a text beyond the caller's limit": _refused(".txt", SECRET.encode() * 100, "limit of 100 bytes", limit_bytes=100),
    "a broken line of JSON among texts": _refused(".jsonl", f'{WORDS}{{"text": "{SECRET}'.encode(), "line 6"),
    "a number among texts": _refused(".jsonl", f'{WORDS}{{"text": 3}}'.encode(), "'text'", "row 6", column="text"),
    "half a character among texts": _refused(".jsonl", f'{WORDS}{{"text": "\\ud800"}}'.encode(), "'text'", "row 6"),
    "no column of that name": _refused(".csv", f"a,b\n1,{SECRET}\n".encode(), "'review'", column="review"),
    "two columns of writing": _refused(
        ".jsonl",
        b"".join(b'{"a": "many words make writing %d", "b": "and so do these five %d"}\n' % (i, i) for i in range(9)),
        "'a', 'b'",
    ),
    "text called parquet, read as texts": _refused(".parquet", SECRET.encode() * 20, "Parquet", column="text"),
    "one line of five million characters": _result(".txt", b"word " * 1_000_000),
    "text in another encoding": _result(".txt", "Müller und Grün\n".encode("latin-1"), "not UTF-8"),
    "empty texts": _result(".csv", b'n,text\n1,""\n2,a few words\n3,\n', "are empty", column="text"),
    "missing texts": _result(".jsonl", f'{{"text": null}}\n{WORDS}'.encode(), "are missing: read as empty", column="text"),
    "doubled texts": _result(".jsonl", (WORDS * 2).encode(), "repeat an earlier text"),
    "markup in texts": _result(".jsonl", WORDS.encode().replace(b"many", b"<script>alert(1)</script>")),
    "a book that nobody called one": BadInput(
        ".txt",
        b"Call me Ishmael. Some years ago,\nnever mind how long.\n",
        problem="read as texts",
        refused=False,
        modality="texts",
    ),
}

_refused, _result = _of("series")
SERIES = {
    "series without a time": _refused(".csv", _steps(header="at,level,flow").replace(b"T00:", b"_"), "one column that says when"),
    "a time that is none": _refused(".csv", _steps(f"{SECRET},1.5,2.5"), "'t'", "row 21", time="t"),
    "series of nothing but time": _refused(".csv", b"t\n2026-01-01\n2026-01-02\n", "no column of numbers"),
    "an infinite step": _refused(".csv", _steps("2026-01-02T00:00,inf,2.5"), "'level'", "row 21"),
    "no time in any row": _refused(".csv", b"t,x\n,1.5\nNA,2.5\n", "no time in any", time="t"),
    "an entity that is no column": _refused(".csv", _steps(), "'pump'", entity="pump"),
    "text called wav": _refused(".wav", SECRET.encode() * 20, "'bad.wav'"),
    "compressed sound": _refused(".wav", _sound(kind=7), "'bad.wav'", "compressed"),
    "sound without channels": _refused(".wav", _sound(channels=0), "'bad.wav'"),
    "sound of no length": _refused(".wav", _sound(b""), "0 steps"),
    "mono among stereo": _refused("", _folder(a__wav=_sound(channels=2), b__wav=_sound()), "'b.wav'", "2 channels"),
    "sound whose header lies": _result(".wav", _sound(length=2**32 - 1), "less than their headers say"),
    "one step": _result(".csv", _steps(n=1)),
    "doubled times": _result(".csv", _steps("2026-01-01T00:19,1.5,2.5"), "repeats an earlier time"),
    "steps out of order": _result(".csv", _steps("2026-01-01T00:05:30,1.5,2.5"), "is not in order"),
    "a gap of a year": _result(".csv", _steps("2027-01-01T00:19,1.5,2.5"), "jumps by more than"),
    "a step without a time": _result(".csv", _steps(",1.5,2.5"), "is missing: the row is left out"),
    "a channel without values": _result(".csv", b"t,x,y\n1,1.5,\n2,2.5,NA\n3,3.5,null\n", "is empty", time="t"),
    "a channel of words": _result(".csv", _steps().replace(b".25", b" litres"), "holds no numbers: left out"),
}
