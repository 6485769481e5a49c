"""What language models of rows promise beside what every family does."""

import numpy as np
import pytest
import torch

from evalkit.backbones.recurrent_lm import RecurrentLM
from evalkit.backbones.transformer_lm import TransformerLM
from evalkit.core.errors import ModelError
from evalkit.core.evidence import Evidence
from evalkit.core.seeds import generator
from evalkit.data.rows import Feature, Rows
from tests.backbones.waves import waves
from tests.backbones.written_texts import written_texts

TINY = {"layers": 1, "heads": 2, "width": 16}


def independent(n: int, seed: int) -> Rows:
    values = generator(seed, "independent").normal(size=(n, 10))
    return Rows(values, tuple(Feature(column=f"c{i}", name=f"c{i}", kind="number") for i in range(10)))


def test_held_out_rows_have_no_part_in_the_bins() -> None:
    model = TransformerLM(**TINY, steps=30).fit_rows(independent(300, 0))
    training, _ = model.split(independent(300, 0))
    assert sum(model.network_.codes.columns[0].counts) == len(training)
    assert isinstance(model.held_out_, Evidence)
    fresh = model.score_rows(independent(2000, 1)).mean()
    assert model.held_out_.low < fresh < model.held_out_.high


def test_going_on_keeps_the_networks_own_context_and_dropout() -> None:
    texts = written_texts(60)
    start = TransformerLM(**TINY, context=16, dropout=0.3, steps=5).fit_rows(texts)
    further = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        further.append(TransformerLM(steps=5).fit_rows(texts, start=start))
    assert further[0].network_.context == 16
    np.testing.assert_array_equal(further[0].score_rows(texts), further[1].score_rows(texts))


@pytest.mark.parametrize("change", [{"length": 5}, {"codes": {"columns": []}}])
def test_a_plan_of_other_windows_is_refused(change: dict[str, object]) -> None:
    state = RecurrentLM(layers=1, width=8, steps=2).fit_rows(waves(40)).to_state()
    with pytest.raises(ModelError):
        RecurrentLM.from_state({**state, "network": {**state["network"], **change}})
