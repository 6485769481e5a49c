"""Models of every modality that were saved by the second version. Origin of the figures: tests/golden/make_vae_models_v2.py."""

import json

import numpy as np
import pytest

from evalkit.backbones.checkpoint import load_state
from evalkit.backbones.vae import VAE
from evalkit.core.errors import ModelError
from evalkit.core.schema import Modality
from tests.golden.make_vae_models_v2 import HERE, MAKE, encoded, figures


@pytest.mark.parametrize("modality", MAKE)
def test_it_gives_the_recorded_figures(modality: Modality) -> None:
    kind, state = load_state(HERE / modality)
    recorded = json.loads((HERE / f"{modality}.json").read_text())
    given = figures(VAE.from_state(state), encoded(modality, recorded.pop("rows")))
    assert kind == "vae"
    assert given.keys() == recorded.keys()
    for name, values in recorded.items():
        if modality == "texts" and name in ("reconstructed", "drawn"):
            assert given[name] == values
        else:
            np.testing.assert_allclose(_array(given[name]), _array(values), rtol=1e-9, atol=1e-7 if modality == "images" else 1e-9)


def _array(values: object) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("modality", "change"),
    [
        ("table", {"loadings": np.zeros((5, 2))}),
        ("table", {"shared": {"features": [0, 1]}}),
        ("table", {"pseudo_rows": 10**12}),
        ("images", {"likelihood": "normal"}),
        ("images", {"components": 10**12}),
        ("images", {"width": -8}),
        ("series", {"latent_size": 10**12}),
        ("texts", {"length": 10**12}),
        ("texts", {"length": 0}),
        ("texts", {"width": "12"}),
    ],
)
def test_a_changed_plan_is_refused(modality: Modality, change: dict[str, object]) -> None:
    state = load_state(HERE / modality)[1]
    with pytest.raises(ModelError):
        VAE.from_state({**state, "network": {**state["network"], **change}})


@pytest.mark.parametrize(
    ("modality", "change"),
    [
        ("images", {"height": 10**6}),
        ("images", {"channels": 3}),
        ("series", {"length": 13}),
        ("series", {"channels": ("wave",)}),
        ("texts", {"vocabulary_size": 10**12}),
    ],
)
def test_a_changed_layout_is_refused(modality: Modality, change: dict[str, object]) -> None:
    state = load_state(HERE / modality)[1]
    with pytest.raises(ModelError):
        VAE.from_state({**state, "layout": {**state["layout"], **change}})


@pytest.mark.parametrize("modality", MAKE)
def test_it_is_small(modality: Modality) -> None:
    assert sum(path.stat().st_size for path in (HERE / modality).iterdir()) < 50_000
