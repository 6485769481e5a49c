import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save as arrays_as_bytes

from evalkit.backbones import checkpoint
from evalkit.backbones.checkpoint import ARRAYS, MODEL, load_state, save_state
from evalkit.core.errors import InputError, ModelError
from tests.backbones.hostile_models import HOSTILE_MODELS

STATE = {
    "settings": {"steps": 3, "rate": 0.1, "name": "ü", "none": None, "flag": True},
    "weights": {"a.b": np.arange(6, dtype=np.float32).reshape(2, 3), "scalar": np.array(2.5)},
    "list": [np.array([True, False]), {"codes": np.array([], dtype=np.int64)}],
}


def same(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return type(first) is type(second) and first == second


def bytes_of(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
arrays = st.lists(st.floats(width=32), max_size=4).map(lambda numbers: np.array(numbers, dtype=np.float32))
keys = st.text(max_size=8).filter(lambda key: key != "$array")
trees = st.recursive(plain | arrays, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


@given(state=st.dictionaries(keys, trees, max_size=4))
def test_what_is_saved_comes_back(state: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("models") / "model"
    save_state(folder, "demo", state)
    kind, loaded = load_state(folder)
    assert kind == "demo"
    assert same(state, loaded)


def test_bytes_depend_on_the_state_alone(tmp_path: Path) -> None:
    save_state(tmp_path / "first", "demo", STATE)
    save_state(tmp_path / "deep" / "er" / "second", "demo", dict(reversed(STATE.items())))
    assert bytes_of(tmp_path / "first") == bytes_of(tmp_path / "deep" / "er" / "second")
    assert str(tmp_path) not in (tmp_path / "first" / MODEL).read_text()


def test_keys_that_would_join_to_one_name_keep_their_arrays(tmp_path: Path) -> None:
    state = {"a/b": np.array([1.0]), "a": {"b": np.array([2.0])}, "a~1b": np.array([3.0])}
    save_state(tmp_path / "model", "demo", state)
    assert same(load_state(tmp_path / "model")[1], state)


def test_a_model_replaces_a_model_and_leaves_nothing_behind(tmp_path: Path) -> None:
    save_state(tmp_path / "model", "demo", {"a": 1})
    save_state(tmp_path / "model", "demo", {"a": 2})
    assert load_state(tmp_path / "model") == ("demo", {"a": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="name another folder"):
        save_state(tmp_path, "demo", {"a": 1})
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_crash_between_the_two_renames_leaves_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_state(tmp_path / "model", "demo", {"a": 1})
    rename = os.rename

    def crash(source: Path, target: Path) -> None:
        if Path(source).name.endswith("unfinished"):
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(checkpoint.os, "rename", crash)
    with pytest.raises(KeyboardInterrupt):
        save_state(tmp_path / "model", "demo", {"a": 2})
    monkeypatch.undo()
    assert load_state(tmp_path / "model") == ("demo", {"a": 1})
    save_state(tmp_path / "model", "demo", {"a": 3})
    assert load_state(tmp_path / "model") == ("demo", {"a": 3})
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_killed_while_saving_there_is_always_a_whole_model(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    script = (
        "import numpy as np, itertools; from pathlib import Path; from evalkit.backbones.checkpoint import save_state\n"
        f"for i in itertools.count(): save_state(Path({str(folder)!r}), 'demo', {{'a': np.full(20000, float(i))}})"
    )
    for wait in (0.0, 0.01, 0.023):
        process = subprocess.Popen([sys.executable, "-c", script])
        while not folder.exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        _, state = load_state(folder)
        assert len(set(state["a"])) == 1


@pytest.mark.parametrize("name", HOSTILE_MODELS)
def test_a_hostile_model_is_refused_with_one_sentence(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_state(tmp_path / "model", "demo", STATE)
    HOSTILE_MODELS[name](tmp_path / "model")
    with pytest.raises(ModelError) as caught:
        load_state(tmp_path / "model")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200
    assert not (tmp_path / "harm-was-done").exists()


def forged(folder: Path, arrays: dict[str, Any], tree: dict[str, Any]) -> None:
    """A folder whose hashes are right, as somebody who wants to do harm would write it."""
    packed = arrays_as_bytes(arrays)
    text = json.dumps(["demo", tree], sort_keys=True, separators=(",", ":"))
    model = {
        "format": 1,
        "kind": "demo",
        "evalkit": "0",
        "tree": tree,
        "tree_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "arrays_sha256": hashlib.sha256(packed).hexdigest(),
    }
    folder.mkdir()
    (folder / MODEL).write_text(json.dumps(model))
    (folder / ARRAYS).write_bytes(packed)


@pytest.mark.parametrize(
    ("arrays", "tree"),
    [
        ({"a": np.zeros(2)}, {}),
        ({}, {"x": {"$array": "a"}}),
        ({"a": np.zeros(2)}, {"x": {"$array": "a"}, "y": {"$array": "a"}}),
        ({"a": np.zeros(2)}, {"x": {"$array": "a", "more": 1}}),
        ({"a": np.zeros(2)}, {"x": {"$array": ["a"]}}),
        ({"a": np.zeros(2, dtype=np.complex64)}, {"x": {"$array": "a"}}),
    ],
)
def test_arrays_and_their_places_fit_one_to_one(arrays: dict[str, Any], tree: dict[str, Any], tmp_path: Path) -> None:
    forged(tmp_path / "model", arrays, tree)
    with pytest.raises(ModelError):
        load_state(tmp_path / "model")


def test_a_forged_folder_that_is_well_formed_loads(tmp_path: Path) -> None:
    forged(tmp_path / "model", {"a": np.zeros(2)}, {"x": {"$array": "a"}})
    assert load_state(tmp_path / "model")[1]["x"].tolist() == [0.0, 0.0]


def test_arrays_with_the_right_hash_that_are_no_safetensors_are_refused(tmp_path: Path) -> None:
    forged(tmp_path / "model", {}, {})
    model = json.loads((tmp_path / "model" / MODEL).read_text())
    (tmp_path / "model" / ARRAYS).write_bytes(b"\x80\x04pickle")
    model["arrays_sha256"] = hashlib.sha256(b"\x80\x04pickle").hexdigest()
    (tmp_path / "model" / MODEL).write_text(json.dumps(model))
    with pytest.raises(ModelError, match="not a safetensors file"):
        load_state(tmp_path / "model")


def test_files_beyond_the_size_limit_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_state(tmp_path / "model", "demo", STATE)
    monkeypatch.setitem(checkpoint._LARGEST, MODEL, 10)
    with pytest.raises(ModelError, match="larger than"):
        load_state(tmp_path / "model")


@pytest.mark.parametrize(
    "state",
    [
        {"a": float("nan")},
        {"a": object()},
        {"a": np.array(["text"])},
        {"a": np.array([object()], dtype=object)},
        {"$array": "a"},
        {"a": {1: 2}},
        {"a": {1, 2}},
    ],
)
def test_only_plain_values_and_arrays_are_saved(state: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        save_state(tmp_path / "model", "demo", state)
    assert not (tmp_path / "model").exists()


def test_a_state_nested_too_deep_is_not_saved(tmp_path: Path) -> None:
    state: dict[str, Any] = {}
    for _ in range(100):
        state = {"a": state}
    with pytest.raises(ModelError, match="deep"):
        save_state(tmp_path / "model", "demo", state)


def test_a_missing_folder_and_a_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("absent", "file"):
        with pytest.raises(ModelError, match=name):
            load_state(tmp_path / name)


def test_a_copied_model_loads_elsewhere(tmp_path: Path) -> None:
    save_state(tmp_path / "model", "demo", STATE)
    shutil.copytree(tmp_path / "model", tmp_path / "copy")
    assert same(load_state(tmp_path / "copy")[1], load_state(tmp_path / "model")[1])
