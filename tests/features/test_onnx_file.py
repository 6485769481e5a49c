"""Small graphs of tests/golden/make_onnx_encoders.py."""

from pathlib import Path

import numpy as np
import pytest
import torch

from evalkit.core.errors import InputError, SchemaError
from evalkit.core.sample import Images, Texts
from evalkit.features import OnnxFile, extract
from evalkit.run.evaluate import evaluate
from tests.golden.make_onnx_encoders import kernel

FOLDER = Path(__file__).parents[1] / "golden" / "onnx_encoders"


def images(n=11, height=6, width=10, channels=1, seed=0):
    return Images.of(np.random.default_rng(seed).integers(0, 256, (n, height, width, channels), dtype=np.uint8))


def fitted(name, sample, **settings):
    return OnnxFile(FOLDER / f"{name}.onnx", **settings).fit(sample, seed=0)


def test_maps_become_their_means_over_the_places():
    sample = images(channels=3)
    features = fitted("maps", sample, mean=(0.5, 0.4, 0.3), deviation=(0.2, 0.3, 0.4)).extract(sample)
    x = (torch.from_numpy(np.moveaxis(sample.pixels / 255, 3, 1)) - torch.tensor([0.5, 0.4, 0.3])[:, None, None]) / torch.tensor(
        [0.2, 0.3, 0.4]
    )[:, None, None]
    expected = torch.nn.functional.conv2d(x, torch.from_numpy(kernel()).double()).mean((2, 3))
    np.testing.assert_allclose(features.values, expected, rtol=1e-4, atol=1e-4)


def test_a_graph_for_a_fixed_number_of_images_of_one_size_is_fed_what_it_takes():
    sample = images(n=11)
    lines = (sample.pixels / 255).mean(axis=(2, 3))
    np.testing.assert_allclose(fitted("eights", sample).extract(sample).values, lines, rtol=1e-5)
    larger = Images.of(sample.pixels.repeat(2, axis=1).repeat(2, axis=2))
    np.testing.assert_allclose(fitted("eights", larger).extract(larger).values, lines, atol=0.1)


def test_bytes_are_given_where_bytes_are_taken():
    sample = images()
    expected = np.column_stack([sample.pixels.mean(axis=(1, 2, 3)), sample.pixels.max(axis=(1, 2, 3))])
    np.testing.assert_allclose(fitted("bytes", sample).extract(sample).values, expected, rtol=1e-5)


def test_the_digest_is_of_content_and_settings_and_features_are_kept(tmp_path):
    sample = images(channels=3)
    copy = tmp_path / "renamed.onnx"
    copy.write_bytes((FOLDER / "maps.onnx").read_bytes())
    first, second = fitted("maps", sample), OnnxFile(copy).fit(sample, seed=1)
    assert first.digest == second.digest != fitted("maps", sample, mean=(0.5,)).digest
    kept = [extract(each, sample, tmp_path / "features").values for each in (first, second)]
    assert (kept[0] == kept[1]).all()
    assert len(list((tmp_path / "features").glob("*.npz"))) == 1


def test_generators_are_compared_by_a_network_of_the_users():
    dark = Images.of(images(n=60, channels=3, seed=1).pixels // 3)
    given = {"same": images(n=60, channels=3, seed=2), "dark": dark}
    for extractor in (str(FOLDER / "maps.onnx"), FOLDER / "maps.onnx", OnnxFile(FOLDER / "maps.onnx")):
        found = evaluate(images(n=240, channels=3), given, metrics=["kid"], extractor=extractor, closer=False)
        assert found.conclusions == ("same is better than dark: by kid.",)
        assert found.settings["extractor"] == "onnx_file"


@pytest.mark.parametrize(
    ("name", "sample", "sentence"),
    [
        ("rows", images(), "must take images alone"),
        ("batch", images(), "depends on the batch"),
        ("bytes", images(channels=3), "takes 1 channel, and the images have 3"),
        ("maps", images(height=2, width=2, channels=3), "cannot take images of 2 x 2 pixels with 3 channels"),
        ("nowhere", images(), "nowhere.onnx cannot be read"),
    ],
)
def test_what_cannot_be_is_one_sentence(name, sample, sentence):
    with pytest.raises(InputError, match=sentence) as refusal:
        fitted(name, sample)
    assert "\n" not in str(refusal.value)


def test_foreign_files_are_refused(tmp_path):
    for content in (b"", b"not a graph", (FOLDER / "maps.onnx").read_bytes()[:-40]):
        (tmp_path / "bad.onnx").write_bytes(content)
        with pytest.raises(InputError, match="no ONNX graph"):
            OnnxFile(tmp_path / "bad.onnx").fit(images(), seed=0)
    with pytest.raises(SchemaError):
        fitted("bytes", Texts.of(["no image"]))
