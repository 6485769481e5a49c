import numpy as np
import pytest
import torch

from evalkit.backbones.language.drawing import Drawing
from evalkit.backbones.language.series_network import SeriesNetwork
from evalkit.backbones.recurrent_lm import RecurrentLM
from evalkit.backbones.recurrent_lm.network import RecurrentSeries
from evalkit.backbones.transformer_lm import TransformerLM
from evalkit.backbones.transformer_lm.series_network import TransformerSeries
from evalkit.core.evidence import Evidence
from evalkit.core.seeds import generator
from tests.backbones.waves import waves

NONE = torch.zeros(1)


@pytest.fixture(scope="module", params=["transformer", "recurrent"])
def network(request: pytest.FixtureRequest) -> SeriesNetwork:
    windows = waves(100)
    codes = SeriesNetwork.codes_of(windows)
    torch.manual_seed(0)
    made: SeriesNetwork
    if request.param == "transformer":
        made = TransformerSeries(codes, length=12, width=8, layers=1, heads=2, dropout=0.0)
    else:
        made = RecurrentSeries(codes, length=12, width=8, kind="gru", layers=1, dropout=0.0)
    made.begin_with_lines(windows)
    for parameter in made.parameters():
        parameter.data = (parameter.data + 0.1 * torch.randn(parameter.shape)).double()
    return made.eval()


def test_a_step_is_predicted_from_what_was_before(network: SeriesNetwork) -> None:
    x = network.prepare(waves(3, seed=1))
    with torch.no_grad():
        before = network.per_row(x, NONE).view(3, 12, 3)
        for step, channel in ((0, 0), (5, 1), (11, 2)):
            changed = x.clone()
            changed[:, step, channel, 0] = (changed[:, step, channel, 0] + 1) % 2
            after = network.per_row(changed, NONE).view(3, 12, 3)
            place = step * 3 + channel
            assert torch.equal(before.flatten(1)[:, :place], after.flatten(1)[:, :place])
            assert (before.flatten(1)[:, place] != after.flatten(1)[:, place]).any()
            assert place == 35 or (before.flatten(1)[:, place + 1 :] != after.flatten(1)[:, place + 1 :]).any()


def test_steps_are_drawn_with_the_probabilities_they_are_scored_with(network: SeriesNetwork) -> None:
    """The likeliest code drawn step by step is the one that scoring, which reads all steps at once, finds likeliest."""
    with torch.no_grad():
        nothing, half = torch.zeros(1, 0, 3, dtype=torch.int64), torch.full((1, 12, 3), 0.5, dtype=torch.float64)
        codes = network._draw(nothing, half, Drawing(temperature=0))
        behind = network._draw(codes[:, :5], half[:, 5:], Drawing(temperature=0))
        torch.testing.assert_close(behind, codes[:, 5:])
        x = torch.stack([codes.double(), torch.zeros_like(codes).double()], dim=-1)
        chosen = network.per_row(x, NONE).view(12, 3)
        for step, channel in ((0, 0), (1, 2), (6, 1), (11, 0)):
            for code in range(int(network.head.seen[channel].sum())):
                if network.head.seen[channel, code]:
                    other = x.clone()
                    other[:, step, channel, 0] = code
                    assert network.per_row(other, NONE).view(12, 3)[step, channel] >= chosen[step, channel] - 1e-12


def test_it_begins_as_a_linear_autoregression() -> None:
    windows = waves(200)
    made = RecurrentSeries(SeriesNetwork.codes_of(windows), length=12, width=8, kind="gru", layers=1, dropout=0.0)
    x = made.prepare(waves(200, seed=1)).float()
    with torch.no_grad():
        torch.testing.assert_close(made.per_row(x, NONE), made.independent(x).float())
        made.begin_with_lines(windows)
        gain = (made.independent(x) - made.per_row(x, NONE)).view(200, 12, 3).mean(dim=0)
    assert (gain[4:, 0] > 0.5).all()


@pytest.mark.parametrize("family", [TransformerLM, RecurrentLM])
def test_a_spoiled_step_is_found(family: type[TransformerLM] | type[RecurrentLM]) -> None:
    model = family(width=16, steps=150).fit_rows(waves(300))
    assert isinstance(model.held_out_, Evidence)
    assert isinstance(model.baseline_, Evidence)
    assert model.held_out_.high < model.baseline_.low
    usual = waves(50, seed=3)
    spoiled = waves(50, seed=3)
    places = generator(0, "spoiled").integers(5, 12, 50)
    spoiled.values[np.arange(50), places, 0] *= -1
    spoiled.values[np.arange(50), places, 0] += 0.3
    more = (model.terms_rows(spoiled) - model.terms_rows(usual)).reshape(50, 12, 3)
    assert (more[np.arange(50), places, 0] > 1).mean() > 0.7
    assert (model.score_rows(spoiled) > model.score_rows(usual)).mean() > 0.75
