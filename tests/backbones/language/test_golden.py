"""Models as the first version saved them. Origin of the figures: tests/golden/make_language_models_v1.py."""

import json

import numpy as np
import pytest

from evalkit.backbones import BACKBONES
from evalkit.backbones.checkpoint import load_state
from evalkit.core.errors import ModelError
from evalkit.core.schema import Modality
from tests.golden.make_language_models_v1 import FAMILIES, HERE, figures


@pytest.mark.parametrize("case", FAMILIES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_it_gives_the_recorded_figures(case: tuple[str, Modality]) -> None:
    name, modality = case
    kind, state = load_state(HERE / f"{name}_{modality}")
    recorded = json.loads((HERE / f"{name}_{modality}.json").read_text())
    given = figures(BACKBONES[kind].load().from_state(state), modality)
    assert kind == name
    for figure, values in recorded.items():
        np.testing.assert_allclose(given[figure], values, rtol=1e-9, atol=1e-9)


def test_they_are_small() -> None:
    assert sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file()) < 300_000


@pytest.mark.parametrize(
    ("case", "change"),
    [
        (("transformer_lm", "texts"), {"layers": 10**12}),
        (("transformer_lm", "texts"), {"heads": 0}),
        (("transformer_lm", "texts"), {"vocabulary": 10**9}),
        (("transformer_lm", "table"), {"width": "8"}),
        (("transformer_lm", "table"), {"codes": {"columns": []}}),
        (("transformer_lm", "images"), {"levels": np.zeros((3, 16), dtype=np.int64)}),
        (("transformer_lm", "images"), {"values": np.zeros(7, dtype=np.int64)}),
        (("transformer_lm", "series"), {"length": -1}),
        (("recurrent_lm", "series"), {"length": 2**40}),
        (("recurrent_lm", "texts"), {"kind": "rnn"}),
    ],
)
def test_a_plan_that_was_tampered_with_is_refused(case: tuple[str, Modality], change: dict[str, object]) -> None:
    name, modality = case
    _, state = load_state(HERE / f"{name}_{modality}")
    with pytest.raises(ModelError):
        BACKBONES[name].load().from_state({**state, "network": {**state["network"], **change}})
