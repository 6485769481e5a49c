"""Fitted extractors come back from their folders as they were, and nothing else does."""

import json
from pathlib import Path

import numpy as np
import pytest

from evalkit.backbones.checkpoint import load_state, save_state
from evalkit.core.errors import InputError, ModelError
from evalkit.features import EXTRACTORS, FittedExtractor, FromCallable, load_extractor, save_extractor
from evalkit.features.saved import SetAside, load_with_set_aside
from evalkit.run.models import load_model
from tests.backbones.hostile_models import HOSTILE_MODELS
from tests.features.contract_samples import odd, shifted, usual
from tests.features.test_contract import fit


@pytest.fixture(scope="module", params=EXTRACTORS)
def fitted(request) -> FittedExtractor:
    return fit(request.param)


def test_the_same_digest_and_features_to_the_last_bit(fitted, tmp_path) -> None:
    save_extractor(fitted, tmp_path / "kept")
    again = load_extractor(tmp_path / "kept")
    assert (again.name, again.digest) == (fitted.name, fitted.digest)
    modality = EXTRACTORS[fitted.name].modality
    for sample in (usual(modality, seed=5), shifted(modality)):
        before, after = fitted.extract(sample), again.extract(sample)
        assert before.values.tobytes() == after.values.tobytes()
        assert before.rows.tolist() == after.rows.tolist()
    save_extractor(again, tmp_path / "twice")
    for file in ("model.json", "arrays.safetensors"):
        assert (tmp_path / "kept" / file).read_bytes() == (tmp_path / "twice" / file).read_bytes()


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, spec in EXTRACTORS.items() for case in odd(spec.modality)])
def test_what_was_learned_from_odd_rows_is_kept_as_well(name, case, tmp_path) -> None:
    sample = odd(EXTRACTORS[name].modality)[case]
    fitted = fit(name, sample)
    save_extractor(fitted, tmp_path / "kept")
    few = usual(EXTRACTORS[name].modality, n=12)
    assert load_extractor(tmp_path / "kept").extract(few).values.tobytes() == fitted.extract(few).values.tobytes()


def changes(tree: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Where there is something in a state that could be taken out or made something else."""
    inner = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)) if isinstance(tree, list) else []
    return [path] * bool(path) + [found for key, value in inner for found in changes(value, (*path, key))]


def changed(tree: object, path: tuple[object, ...], value: object) -> object:
    if not path:
        return value
    first, *rest = path
    if isinstance(tree, dict):
        return {key: changed(item, tuple(rest), value) if key == first else item for key, item in tree.items()}
    assert isinstance(tree, list)
    return [changed(item, tuple(rest), value) if i == first else item for i, item in enumerate(tree)]


def test_a_state_made_up_by_somebody_is_one_sentence_or_an_extractor(fitted, tmp_path) -> None:
    """With right hashes, so that only what is read out can refuse it."""
    save_extractor(fitted, tmp_path / "kept")
    kind, state = load_state(tmp_path / "kept")
    refused, paths = 0, changes(state)
    paths = paths[:: 1 + len(paths) // 60]
    for path in paths:
        for value in (None, -1, np.zeros(3)):
            save_state(tmp_path / "made", kind, changed(state, path, value))  # type: ignore[arg-type]
            try:
                load_extractor(tmp_path / "made")
            except ModelError:
                refused += 1
    assert refused > len(paths) / 2
    for missing in state["learned"]:
        less = {key: value for key, value in state["learned"].items() if key != missing}
        save_state(tmp_path / "made", kind, {**state, "learned": less})
        with pytest.raises(ModelError):
            load_extractor(tmp_path / "made")


@pytest.mark.parametrize("name", HOSTILE_MODELS)
def test_damaged_folders_are_one_sentence(name, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_extractor(fit("pixel_pca"), tmp_path / "kept")
    HOSTILE_MODELS[name](tmp_path / "kept")
    with pytest.raises(ModelError):
        load_extractor(tmp_path / "kept")
    assert not Path("harm-was-done").exists()


def test_folders_of_something_else(tmp_path) -> None:
    save_state(tmp_path / "model", "vae", {})
    with pytest.raises(ModelError, match="holds a saved model and no extractor"):
        load_extractor(tmp_path / "model")
    with pytest.raises(InputError, match="something else than an extractor"):
        save_extractor(fit("hashed_ngrams"), tmp_path / "model")
    save_state(tmp_path / "later", "extractor:later", {})
    with pytest.raises(ModelError, match="install a newer one"):
        load_extractor(tmp_path / "later")
    with pytest.raises(ModelError, match="there is none at 'nowhere'"):
        load_extractor(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="holds an extractor of features and no model"):
        load_model(tmp_path / "later")


def test_what_it_learned_from_is_kept_beside_it(tmp_path) -> None:
    save_extractor(fit("encoded_table"), tmp_path / "kept", SetAside("hash", np.array([2, 5])))
    _, aside = load_with_set_aside(tmp_path / "kept")
    assert aside is not None
    assert (aside.reference, aside.rows.tolist()) == ("hash", [2, 5])
    kind, state = load_state(tmp_path / "kept")
    for rows in (np.array([-1]), np.array([[1]]), np.array([0.5]), "x"):
        save_state(tmp_path / "made", kind, state | {"set_aside": {"reference": "hash", "rows": rows}})
        with pytest.raises(ModelError):
            load_extractor(tmp_path / "made")


def test_an_older_extractor_is_replaced(tmp_path) -> None:
    save_extractor(fit("hashed_ngrams"), tmp_path / "kept")
    second = fit("encoded_table")
    save_extractor(second, tmp_path / "kept")
    assert load_extractor(tmp_path / "kept").digest == second.digest
    assert json.loads((tmp_path / "kept" / "model.json").read_text())["kind"] == "extractor:encoded_table"


def test_your_own_function_cannot_be_saved(tmp_path) -> None:
    own = FromCallable(lambda sample: np.zeros((len(sample), 1)), "own").fit(usual("texts"), seed=0)
    with pytest.raises(InputError, match="own is not an extractor of evalkit's own"):
        save_extractor(own, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
