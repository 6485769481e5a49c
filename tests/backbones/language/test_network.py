import numpy as np
import pytest
import torch

from evalkit.backbones.language.network import LanguageNetwork, check_plan
from evalkit.backbones.language.windows import window_start
from evalkit.backbones.recurrent_lm.network import RecurrentNetwork
from evalkit.backbones.transformer_lm.network import TransformerNetwork
from evalkit.core.errors import ModelError
from evalkit.core.seeds import generator
from evalkit.data.tokens import END_OF_TEXT, Tokens

CONTEXT = 6
NONE = torch.zeros(1)


@pytest.fixture(scope="module", params=["transformer", "lstm", "gru"])
def network(request: pytest.FixtureRequest) -> LanguageNetwork:
    torch.manual_seed(0)
    sizes = {"width": 8, "context": CONTEXT, "longest": 30, "layers": 2, "dropout": 0.0}
    made: LanguageNetwork
    if request.param == "transformer":
        made = TransformerNetwork(torch.ones(257), heads=2, **sizes)
    else:
        made = RecurrentNetwork(torch.ones(257), kind=request.param, **sizes)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return made.double().eval()


def texts(*lengths: int) -> Tokens:
    return Tokens.of([generator(n, "network test").integers(0, 256, n) for n in lengths], 257)


def test_each_token_is_predicted_from_the_window_of_its_place(network: LanguageNetwork) -> None:
    tokens = texts(21)
    with torch.no_grad():
        terms = network.per_row(network.prepare(tokens), NONE)[0]
        inputs = torch.tensor([END_OF_TEXT, *tokens.ids[:-1]])
        for place, token in enumerate(tokens.ids.tolist()):
            start = window_start(place, CONTEXT)
            said = network.predict(network.read(network.embed(inputs[None, start : place + 1])))[0, -1]
            torch.testing.assert_close(terms[place], -torch.log_softmax(said, 0)[token])


def test_rows_of_any_length_lie_together(network: LanguageNetwork) -> None:
    tokens = texts(0, 3, 30, CONTEXT, CONTEXT - 1)
    with torch.no_grad():
        together = network.per_row(network.prepare(tokens), NONE)
        assert together.shape == (5, 31)
        for i, length in enumerate(tokens.lengths):
            alone = network.per_row(network.prepare(tokens.take(np.array([i]))), NONE)[0]
            torch.testing.assert_close(together[i, :length], alone, rtol=1e-12, atol=1e-12)
            assert (together[i, length:] == 0).all()


def test_long_rows_are_read_in_pieces(network: LanguageNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    x = network.prepare(texts(40, 25))
    with torch.no_grad():
        whole = network.per_row(x, NONE)
        monkeypatch.setattr("evalkit.backbones.language.network._MOST_NUMBERS", 2 * CONTEXT * 257)
        torch.testing.assert_close(network.per_row(x, NONE), whole, rtol=1e-12, atol=1e-12)


def test_what_comes_later_has_no_influence(network: LanguageNetwork) -> None:
    ids = texts(CONTEXT - 1).ids
    other = ids.copy()
    other[3] = (other[3] + 1) % 256
    with torch.no_grad():
        one, two = (network.per_row(torch.tensor(each[None].astype(np.int64)), NONE)[0] for each in (ids, other))
    assert (one[:3] == two[:3]).all()
    assert (one[3:] != two[3:]).any()


def test_before_anything_is_learned_tokens_are_as_likely_as_they_are_frequent() -> None:
    counts = torch.ones(257)
    counts[65] = 1000
    network = TransformerNetwork(counts, width=8, context=4, longest=9, layers=1, heads=2, dropout=0.0)
    torch.nn.init.zeros_(network.embedding)
    with torch.no_grad():
        terms = network.per_row(torch.tensor([[65, 66]]), NONE)[0]
    np.testing.assert_allclose(terms, -np.log(np.array([1000.5, 1.5]) / (1000.5 + 256 * 1.5)), rtol=1e-5)


@pytest.mark.parametrize("wrong", [{"layers": 10**9}, {"heads": 0}, {"context": -1}, {"width": 2.5}, {"vocabulary": 2**40}])
def test_a_plan_that_no_network_has_is_refused(wrong: dict[str, float]) -> None:
    plan = {"vocabulary": 257, "width": 8, "context": 4, "layers": 1, "heads": 2}
    check_plan(plan)
    with pytest.raises(ModelError, match=next(iter(wrong))):
        check_plan({**plan, **wrong})
