"""A model that was saved by the first version. Origin of the figures: tests/golden/make_vae_model_v1.py."""

import json
from pathlib import Path

import numpy as np
import pytest

from evalkit.backbones import BACKBONES
from evalkit.backbones.base import Backbone
from evalkit.backbones.checkpoint import load_state
from evalkit.data.rows import Rows
from tests.backbones.mixed_rows import FEATURES

GOLDEN = Path(__file__).parents[2] / "golden"
FIGURES = json.loads((GOLDEN / "vae_model_v1.json").read_text())
PROBE = Rows(np.array(FIGURES["rows"], dtype=float), FEATURES)


@pytest.fixture(scope="module")
def model() -> Backbone:
    kind, state = load_state(GOLDEN / "vae_model_v1")
    return BACKBONES[kind].load().from_state(state)


def test_it_gives_the_recorded_figures(model: Backbone) -> None:
    np.testing.assert_allclose(model.score_rows(PROBE), FIGURES["scores"], rtol=1e-9)
    np.testing.assert_allclose(model.terms_rows(PROBE), FIGURES["terms"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(model.reconstruct_rows(PROBE).values, FIGURES["reconstructed"], rtol=1e-9)


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in (GOLDEN / "vae_model_v1").iterdir()) < 50_000
