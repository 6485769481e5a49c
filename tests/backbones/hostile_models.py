"""Saved models that were damaged or made to do harm. Each entry changes a good model folder in place."""

import io
import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evalkit.backbones.checkpoint import ARRAYS, MODEL


def _edit(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        model = json.loads((folder / MODEL).read_text())
        change(model)
        (folder / MODEL).write_text(json.dumps(model))

    return damage


def _write(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: folder.joinpath(name).write_bytes(content) and None


class _Harm:
    def __reduce__(self) -> tuple[Any, ...]:
        return (open, ("harm-was-done", "w"))


def _pickled() -> bytes:
    out = io.BytesIO()
    pickle.dump(_Harm(), out)
    return out.getvalue()


def _truncate(folder: Path) -> None:
    content = (folder / ARRAYS).read_bytes()
    (folder / ARRAYS).write_bytes(content[: len(content) // 2])


def _flip_last_byte(folder: Path) -> None:
    content = bytearray((folder / ARRAYS).read_bytes())
    content[-1] ^= 1
    (folder / ARRAYS).write_bytes(bytes(content))


def _link_outside(folder: Path) -> None:
    outside = folder.parent / "outside.safetensors"
    (folder / ARRAYS).rename(outside)
    (folder / ARRAYS).symlink_to(outside)


def _first_number_plus_one(tree: Any) -> bool:
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        if isinstance(value, int | float) and not isinstance(value, bool):
            tree[key] = value + 1
            return True
        if _first_number_plus_one(value):
            return True
    return False


HOSTILE_MODELS: dict[str, Callable[[Path], None]] = {
    "no description": lambda folder: (folder / MODEL).unlink(),
    "no arrays": lambda folder: (folder / ARRAYS).unlink(),
    "empty description": _write(MODEL, b""),
    "description is not JSON": _write(MODEL, b"\x00\x01 not JSON"),
    "description is a list": _write(MODEL, b"[1, 2, 3]"),
    "description is nested 100,000 deep": _write(MODEL, b"[" * 100_000 + b"]" * 100_000),
    "description holds a number of 10,000 digits": _write(MODEL, b'{"format": ' + b"1" * 10_000 + b"}"),
    "description holds NaN": _write(MODEL, b'{"format": 1, "kind": NaN}'),
    "description names a key twice": _write(MODEL, b'{"format": 1, "format": 1}'),
    "a newer format": _edit(lambda model: model.update(format=999)),
    "a format that is no number": _edit(lambda model: model.update(format="1; import os")),
    "an extra key": _edit(lambda model: model.update(run="os.system")),
    "a missing key": _edit(lambda model: model.pop("kind")),
    "another kind": _edit(lambda model: model.update(kind="os.system")),
    "a changed setting": _edit(lambda model: _first_number_plus_one(model["tree"])),
    "an array that is not there": _edit(lambda model: model["tree"].update(extra={"$array": "../../etc/passwd"})),
    "a truncated file of arrays": _truncate,
    "one bit of the arrays changed": _flip_last_byte,
    "a pickle named .safetensors": _write(ARRAYS, _pickled()),
    "a header that claims 2**60 bytes": _write(ARRAYS, struct.pack("<Q", 2**60) + b"{}"),
    "arrays from outside the folder": _link_outside,
    "a further file": _write("setup.py", b"print('harm')"),
}
