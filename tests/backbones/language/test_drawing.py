import numpy as np
import pytest
import torch

from evalkit.backbones.language.backbone import LanguageModel
from evalkit.backbones.language.drawing import Choice, Drawing, draw
from evalkit.backbones.recurrent_lm import RecurrentLM
from evalkit.backbones.transformer_lm import TransformerLM
from evalkit.core.errors import InputError
from evalkit.core.seeds import generator
from evalkit.data.tokens import END_OF_TEXT
from tests.backbones.written_texts import as_tokens, written_texts

LOGITS = torch.log(torch.tensor([[0.1, 0.4, 0.2, 0.3]]))


def shares(drawing: Drawing) -> np.ndarray:
    uniform = torch.from_numpy((np.arange(10_000) + 0.5) / 10_000)
    return np.bincount(drawing.choose(LOGITS.double().expand(10_000, -1), uniform), minlength=4) / 10_000


def test_tokens_are_drawn_with_the_probabilities_that_the_settings_leave() -> None:
    np.testing.assert_allclose(shares(Drawing()), [0.1, 0.4, 0.2, 0.3], atol=2e-4)
    np.testing.assert_allclose(shares(Drawing(top_k=2)), [0, 4 / 7, 0, 3 / 7], atol=2e-4)
    np.testing.assert_allclose(shares(Drawing(top_p=0.75)), [0, 4 / 9, 2 / 9, 3 / 9], atol=2e-4)
    np.testing.assert_allclose(shares(Drawing(temperature=0)), [0, 1, 0, 0])
    squares = np.array([0.01, 0.16, 0.04, 0.09])
    np.testing.assert_allclose(shares(Drawing(temperature=0.5)), squares / squares.sum(), atol=2e-4)


@pytest.mark.parametrize("choice", [{"temperature": -1.0}, {"temperature": np.nan}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.5}])
def test_settings_out_of_range_are_refused(choice: Choice) -> None:
    with pytest.raises(InputError, match=next(iter(choice))):
        Drawing(**choice)


@pytest.fixture(scope="module", params=["transformer", "lstm", "gru"])
def model(request: pytest.FixtureRequest) -> LanguageModel:
    if request.param == "transformer":
        return TransformerLM(layers=2, heads=2, width=16, context=10, steps=40).fit_rows(written_texts())
    return RecurrentLM(kind=request.param, layers=2, width=16, context=10, steps=40).fit_rows(written_texts())


@pytest.mark.parametrize("choice", [{"temperature": 0.0}, {}, {"top_k": 3}, {"top_p": 0.8, "temperature": 1.3}])
def test_what_is_remembered_changes_nothing(model: LanguageModel, choice: Choice) -> None:
    prompts = as_tokens("", "a cat ", "the dog hears the sea. one bird likes")
    fast = model.complete_rows(prompts, 40, **choice)
    slow = model.complete_rows(prompts, 40, remember=False, **choice)
    np.testing.assert_array_equal(fast.ids, slow.ids)
    assert fast.lengths.max() > 20


def test_a_token_is_drawn_with_the_probability_that_it_is_scored_with(model: LanguageModel) -> None:
    prompt = written_texts(1).row(0)[:-1].astype(np.int64)
    with torch.no_grad():
        drawn = draw(model.network_, prompt, np.arange(300), 1, Drawing(), 0)[:, 0]
    chances = np.zeros(257)
    for token in np.unique(drawn):
        text = as_tokens("").of([np.append(prompt, token)] if token != END_OF_TEXT else [prompt], 257)
        chances[token] = np.exp(-model.terms_rows(text)[0, len(prompt)])
    shares = np.bincount(drawn, minlength=257) / 300
    assert np.abs(shares - chances).max() < 0.1


def test_rows_draw_by_themselves_and_only_what_training_texts_had(model: LanguageModel) -> None:
    many, few = model.sample_rows(70, 3, length=20), model.sample_rows(66, 3, length=20)
    for i in range(66):
        np.testing.assert_array_equal(many.row(i), few.row(i))
    assert set(many.ids.tolist()) <= set(written_texts().ids.tolist())
    longer = model.sample_rows(3, 3, length=30)
    for i in range(3):
        np.testing.assert_array_equal(longer.row(i)[:-1][:20], many.row(i)[:-1])
    random = generator(0, "prompt").integers(97, 100, 25)
    with torch.no_grad():
        assert draw(model.network_, random, np.array([0]), 3, Drawing(), 0).shape[1] <= 3
