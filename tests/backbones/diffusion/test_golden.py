"""Models of every modality as the first version saved them. Origin of the figures: tests/golden/make_diffusion_models_v1.py."""

import json

import numpy as np
import pytest

from evalkit.backbones.checkpoint import load_state
from evalkit.backbones.diffusion import Diffusion
from evalkit.core.errors import ModelError
from evalkit.core.schema import Modality
from tests.golden.make_diffusion_models_v1 import HERE, MAKE, figures


@pytest.mark.parametrize("modality", MAKE)
def test_it_gives_the_recorded_figures(modality: Modality) -> None:
    kind, state = load_state(HERE / modality)
    recorded = json.loads((HERE / f"{modality}.json").read_text())
    given = figures(Diffusion.from_state(state), MAKE[modality](6, seed=5))
    assert kind == "diffusion"
    assert given.keys() == recorded.keys()
    for name, values in recorded.items():
        drawn = name in ("reconstructed", "drawn")
        tolerance = 1e-4 if modality == "images" and drawn else 1e-9
        np.testing.assert_allclose(_array(given[name]), _array(values), rtol=tolerance, atol=tolerance)


def _array(values: object) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("modality", "change"),
    [
        ("table", {"depth": 10**12}),
        ("table", {"depth": "1"}),
        ("table", {"width": 10**12}),
        ("series", {"width": -8}),
        ("images", {"depth": 0}),
        ("images", {"captioned": False}),
        ("images", {"shape": [1, 9, 9]}),
        ("images", {"pixels": {"mean": 0.0}}),
        ("images", {"subjects": [["light", 0.5], ["dark", 0.4]]}),
        ("images", {"subjects": [["light", float("nan")]]}),
        ("images", {"subjects": ["light"]}),
    ],
)
def test_a_changed_plan_is_refused(modality: Modality, change: dict[str, object]) -> None:
    state = load_state(HERE / modality)[1]
    with pytest.raises(ModelError):
        Diffusion.from_state({**state, "network": {**state["network"], **change}})


@pytest.mark.parametrize(
    ("modality", "change"),
    [
        ("table", {"features": []}),
        ("images", {"height": 10**6}),
        ("images", {"channels": 3}),
        ("series", {"length": 10**12}),
        ("series", {"length": 0}),
        ("series", {"channels": ("wave",)}),
    ],
)
def test_a_changed_layout_is_refused(modality: Modality, change: dict[str, object]) -> None:
    state = load_state(HERE / modality)[1]
    with pytest.raises(ModelError):
        Diffusion.from_state({**state, "layout": {**state["layout"], **change}})


@pytest.mark.parametrize("modality", MAKE)
def test_it_is_small(modality: Modality) -> None:
    assert sum(path.stat().st_size for path in (HERE / modality).iterdir()) < 100_000
