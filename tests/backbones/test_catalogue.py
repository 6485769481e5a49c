import subprocess
import sys

from evalkit.backbones import BACKBONES
from evalkit.backbones.base import Backbone


def test_names_are_the_keys_and_every_family_loads() -> None:
    for name, spec in BACKBONES.items():
        family = spec.load()
        assert spec.name == name
        assert issubclass(family, Backbone)
        assert family().get_params()["random_state"] == 0
        assert set(family.capabilities) == set(spec.modalities)
        assert all({"score", "sample"} <= able for able in family.capabilities.values())
        assert spec.what_it_is.endswith(".")


def test_the_catalogue_is_read_without_torch() -> None:
    code = "import sys, evalkit.backbones; assert evalkit.backbones.BACKBONES; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
