"""Models of every modality as earlier versions saved them. Origin of the figures: tests/golden/make_gan_models_v1.py and _v2.py."""

import json
from pathlib import Path

import numpy as np
import pytest

from evalkit.backbones.checkpoint import load_state
from evalkit.backbones.gan import GAN
from evalkit.core.errors import ModelError
from evalkit.core.schema import Modality
from tests.golden import make_gan_models_v2
from tests.golden.make_gan_models_v1 import HERE, MAKE, figures

SAVED = [
    *((HERE, modality) for modality in MAKE),
    *((make_gan_models_v2.HERE, modality) for modality in make_gan_models_v2.DECIDING),
]


@pytest.mark.parametrize(("folder", "modality"), SAVED)
def test_it_gives_the_recorded_figures(folder: Path, modality: Modality) -> None:
    kind, state = load_state(folder / modality)
    recorded = json.loads((folder / f"{modality}.json").read_text())
    given = figures(GAN.from_state(state), MAKE[modality](6, seed=5))
    assert kind == "gan"
    assert given.keys() == recorded.keys()
    for name, values in recorded.items():
        np.testing.assert_allclose(_array(given[name]), _array(values), rtol=1e-6 if name == "drawn" else 1e-9, atol=1e-9)


def _array(values: object) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("modality", "change"),
    [
        ("table", {"width": 10**12}),
        ("table", {"latent_size": -1}),
        ("table", {"window": 0.0}),
        ("series", {"window": "wide"}),
        ("images", {"width": 0}),
        ("images", {"latent_size": "8"}),
        ("images", {"n_pieces": 10**9}),
        ("images", {"n_pieces": 0}),
        ("images", {"n_pieces": 2.5}),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(modality: Modality, change: dict[str, object]) -> None:
    _, state = load_state(HERE / modality)
    with pytest.raises(ModelError):
        GAN.from_state({**state, "network": {**state["network"], **change}})
