"""A saved model: a folder with ``model.json`` (a tree of plain values) and ``arrays.safetensors``. Loading it runs no code.

The tree holds JSON values; an array stands in it as ``{"$array": "its/path"}``. Both files carry hashes, and whatever does not
fit is refused with one sentence. Bytes depend on the state alone: sorted keys, no clock, no path.
"""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as read_arrays
from safetensors.numpy import save as arrays_as_bytes

from evalkit.core.errors import InputError, ModelError
from evalkit.core.state import State
from evalkit.core.version import VERSION

FORMAT = 1
MODEL, ARRAYS = "model.json", "arrays.safetensors"
_LARGEST = {MODEL: 64 * 2**20, ARRAYS: 8 * 2**30}
_DEEPEST = 64
_KINDS = frozenset(np.dtype(name) for name in ("float64", "float32", "int64", "int32", "uint8", "bool"))
_KEYS = {"format", "kind", "evalkit", "arrays_sha256", "tree_sha256", "tree"}
_HOLDER = "$array"


def save_state(folder: Path, kind: str, state: State) -> None:
    """Write a model folder so that a crash leaves the old model or the new one.

    Args:
        folder: is made, or replaced when it holds a model already; anything else in the way is left alone.
        kind: what the state is of ("vae"); the reader looks it up in a catalogue, it never names code.
        state: see :mod:`evalkit.core.state`; arrays of float64, float32, int64, int32, uint8 or bool, numbers finite.

    Raises:
        InputError: ``folder`` holds something that is not a model.
        ModelError: the state holds what a model file cannot.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "model"
    >>> save_state(folder, "demo", {"slope": np.array([1.5]), "name": "a"})
    >>> load_state(folder)
    ('demo', {'name': 'a', 'slope': array([1.5])})
    """
    arrays: dict[str, NDArray[Any]] = {}
    tree = _take_out(state, "", arrays)
    packed = arrays_as_bytes(arrays)
    model = {
        "format": FORMAT,
        "kind": kind,
        "evalkit": VERSION,
        "arrays_sha256": hashlib.sha256(packed).hexdigest(),
        "tree_sha256": _tree_hash(kind, tree),
        "tree": tree,
    }
    text = json.dumps(model, sort_keys=True, indent=1, allow_nan=False)
    _write(folder, {MODEL: text.encode(), ARRAYS: packed})


def load_state(folder: Path) -> tuple[str, State]:
    """Read what :func:`save_state` wrote.

    Returns:
        The kind and the state.

    Raises:
        ModelError: there is no model there, it is damaged, was changed after it was saved, or needs a newer evalkit.
    """
    folder = standing(folder)
    _only_known_files(folder)
    model = _read_model(_read_file(folder, MODEL))
    packed = _read_file(folder, ARRAYS)
    if hashlib.sha256(packed).hexdigest() != model["arrays_sha256"]:
        raise _damaged(f"{ARRAYS} is not the file that was saved")
    try:
        arrays = read_arrays(packed)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise _damaged(f"{ARRAYS} is not a safetensors file that evalkit writes") from error
    state = _put_back(model["tree"], arrays)
    if arrays:
        raise _damaged(f"{ARRAYS} holds arrays that {MODEL} does not name")
    return str(model["kind"]), state


def _take_out(value: Any, path: str, arrays: dict[str, NDArray[Any]], depth: int = 0) -> Any:
    """The tree with every array moved into ``arrays`` and a holder left in its place."""
    if depth > _DEEPEST:
        raise ModelError(f"a model's state may be nested {_DEEPEST} deep, {path[:80]!r} is deeper")
    if isinstance(value, np.ndarray):
        if value.dtype not in _KINDS:
            raise ModelError(f"a model file holds numeric and boolean arrays, {path!r} is of type {value.dtype}")
        arrays[path] = np.array(value, order="C")
        return {_HOLDER: path}
    if isinstance(value, dict):
        if _HOLDER in value or not all(isinstance(key, str) for key in value):
            raise ModelError(f"the keys of a model's state are strings other than {_HOLDER!r}: see {path!r}")
        return {key: _take_out(item, f"{path}/{_escaped(key)}", arrays, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_take_out(item, f"{path}/{i}", arrays, depth + 1) for i, item in enumerate(value)]
    if value is None or isinstance(value, bool | str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ModelError(f"a model file holds plain values and arrays, {path!r} is a {type(value).__name__}")


def _escaped(key: str) -> str:
    """A key as one part of an array's name: keys may hold slashes, and two arrays must not share a name."""
    return key.replace("~", "~0").replace("/", "~1")


def _put_back(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    """The tree with each holder replaced by its array, which leaves ``arrays``."""
    if isinstance(value, list):
        return [_put_back(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if _HOLDER not in value:
        return {key: _put_back(item, arrays) for key, item in value.items()}
    name = value[_HOLDER]
    if len(value) != 1 or not isinstance(name, str) or name not in arrays or arrays[name].dtype not in _KINDS:
        raise _damaged(f"{MODEL} names an array that {ARRAYS} does not hold")
    return arrays.pop(name)


def _read_model(content: bytes) -> dict[str, Any]:
    try:
        model = json.loads(content, object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _damaged(f"{MODEL} is not JSON that evalkit writes") from error
    if not isinstance(model, dict) or not isinstance(model.get("format"), int):
        raise _damaged(f"{MODEL} is not a model's description")
    if model["format"] > FORMAT:
        raise ModelError(f"the model has format {model['format']}, this evalkit reads up to {FORMAT}: install a newer evalkit")
    if set(model) != _KEYS or not isinstance(model["kind"], str) or not isinstance(model["tree"], dict):
        raise _damaged(f"{MODEL} lacks parts or has others")
    if _too_deep(model["tree"]) or _tree_hash(model["kind"], model["tree"]) != model["tree_sha256"]:
        raise _damaged(f"{MODEL} was changed after it was saved")
    return model


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _refuse(constant: str) -> None:
    raise ValueError("numbers in a model are finite")


def _too_deep(tree: Any) -> bool:
    level = [tree]
    for _ in range(_DEEPEST + 2):
        level = [inner for item in level for inner in _inner(item)]
        if not level:
            return False
    return True


def _inner(item: Any) -> Iterator[Any]:
    if isinstance(item, dict):
        yield from item.values()
    elif isinstance(item, list):
        yield from item


def _tree_hash(kind: str, tree: Any) -> str:
    text = json.dumps([kind, tree], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _only_known_files(folder: Path) -> None:
    if not folder.is_dir():
        raise ModelError(f"a saved model is a folder with {MODEL} and {ARRAYS}: there is none at {folder.name!r}")
    if any(entry.name not in _LARGEST for entry in folder.iterdir()):
        raise _damaged(f"the folder holds something besides {MODEL} and {ARRAYS}")


def _read_file(folder: Path, name: str) -> bytes:
    path = folder / name
    if path.is_symlink() or not path.is_file():
        raise _damaged(f"{name} is missing or is not a plain file")
    with path.open("rb") as handle:
        content = handle.read(_LARGEST[name] + 1)
    if len(content) > _LARGEST[name]:
        raise _damaged(f"{name} is larger than {_LARGEST[name] // 2**20} MB")
    return content


def _damaged(what: str) -> ModelError:
    return ModelError(f"the model cannot be read, {what}: take it from its source again or fit it anew")


def _backup(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.replaced")


def standing(folder: Path) -> Path:
    """The folder, or the copy set aside when a crash came between the two renames of a replacement."""
    folder = Path(os.path.abspath(folder))
    return _backup(folder) if not folder.exists() and _backup(folder).is_dir() else folder


def check_folder(folder: Path) -> None:
    """Raise InputError if a model could not be saved there: what else is in a folder is never replaced."""
    if folder.exists() and (not folder.is_dir() or any(entry.name not in _LARGEST for entry in folder.iterdir())):
        raise InputError(f"a model is saved into a folder of its own, {folder.name!r} holds something else: name another folder")


def _write(folder: Path, files: dict[str, bytes]) -> None:
    folder = Path(os.path.abspath(folder))
    check_folder(folder)
    temporary = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        for name, content in files.items():
            with (temporary / name).open("xb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
        _swap(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _swap(new: Path, folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(_backup(folder), ignore_errors=True)
        os.rename(folder, _backup(folder))
    os.rename(new, folder)
    shutil.rmtree(_backup(folder), ignore_errors=True)


@contextmanager
def readable(family: str) -> Iterator[None]:
    """Turn whatever goes wrong while a state is taken apart into one sentence: the state came from a file."""
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"the saved model is not a {family} of this version: fit it anew") from error
