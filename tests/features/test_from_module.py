import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from evalkit.core.errors import InputError
from evalkit.core.sample import Images
from evalkit.features import FromModule
from evalkit.features.network_input import NetworkInput


def images(n=9):
    return Images.of(np.random.default_rng(0).integers(0, 256, (n, 6, 6, 1), dtype=np.uint8))


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5))


def test_the_module_is_run_as_for_use_and_not_as_for_training():
    module = network().train()
    features = FromModule(module, "mine", NetworkInput(channels=3)).fit(images(), seed=0).extract(images())
    with torch.no_grad():
        grey = torch.from_numpy(images().pixels.astype(np.float32) / 255).permute(0, 3, 1, 2)
        expected = module.eval()(grey.expand(-1, 3, -1, -1)).mean((2, 3))
    assert features.extractor == "mine"
    np.testing.assert_allclose(features.values, expected, atol=1e-6)


def test_weights_come_from_a_safetensors_file_and_must_fit(tmp_path):
    save_file(network(seed=1).state_dict(), tmp_path / "weights.safetensors")
    form = NetworkInput(channels=3)
    loaded = FromModule(network(), "mine", form, tmp_path / "weights.safetensors").fit(images(), seed=0)
    assert loaded.digest == FromModule(network(seed=1), "mine", form).fit(images(), seed=0).digest
    assert loaded.digest != FromModule(network(), "mine", form).fit(images(), seed=0).digest
    with pytest.raises(InputError, match="does not fit"):
        FromModule(nn.Conv2d(3, 4, 3), "mine", form, tmp_path / "weights.safetensors").fit(images(), seed=0)
    (tmp_path / "weights.pt").write_bytes(b"\x80\x04 pickled")
    with pytest.raises(InputError, match="cannot be read as a"):
        FromModule(network(), "mine", form, tmp_path / "weights.pt").fit(images(), seed=0)
