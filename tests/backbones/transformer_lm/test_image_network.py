import numpy as np
import pytest
import torch

from evalkit.backbones.language.drawing import Drawing
from evalkit.backbones.transformer_lm import TransformerLM
from evalkit.backbones.transformer_lm.image_network import ImageTransformer
from evalkit.core.errors import InputError
from evalkit.core.evidence import Evidence
from evalkit.data.pixels import Pixels
from tests.backbones.drawn_images import drawn_images

NONE = torch.zeros(1)


@pytest.fixture(scope="module", params=[1, 3])
def network(request: pytest.FixtureRequest) -> ImageTransformer:
    torch.manual_seed(0)
    images = drawn_images(50, channels=request.param, height=5, width=4)
    made = ImageTransformer.for_rows(images, width=8, layers=1, heads=2, dropout=0.0)
    for parameter in made.parameters():
        parameter.data = (parameter.data + 0.2 * torch.randn(parameter.shape)).double()
    return made.eval()


def test_the_values_of_a_pixel_have_a_distribution(network: ImageTransformer) -> None:
    x = network.prepare(drawn_images(1, channels=network.layout.channels, height=5, width=4)).expand(256, -1).clone()
    x[:, 7] = torch.arange(256)
    c, h, w = network.layout.channels, 5, 4
    with torch.no_grad():
        terms = network.per_row(x, NONE).view(256, c, h, w).permute(0, 2, 3, 1).flatten(1)
    assert torch.exp(-terms[:, 7]).sum() == pytest.approx(1)
    assert (terms[:, :7] == terms[:1, :7]).all(), "what comes later has no influence"
    assert (terms[:, 8:].std(dim=0) > 0).all()


def test_drawing_pixel_by_pixel_is_what_scoring_says(network: ImageTransformer) -> None:
    length = len(network.usual)
    with torch.no_grad():
        half = torch.full((1, length), 0.5, dtype=torch.float64)
        values = network._draw(half, half, Drawing(temperature=0))
        logits = network._logits(network.decoder(network._near(values // 16) + network._places()), network.usual)
    likeliest = logits.masked_fill(network._never(), -torch.inf).argmax(dim=-1)
    assert torch.equal(likeliest, values // 16)


def test_it_begins_with_each_places_levels_and_learns_more() -> None:
    model = TransformerLM(layers=1, heads=2, width=16, steps=150).fit_rows(drawn_images(150, height=6, width=5))
    assert isinstance(model.held_out_, Evidence)
    assert isinstance(model.baseline_, Evidence)
    assert model.held_out_.high < model.baseline_.value
    spoiled = drawn_images(1, seed=4, height=6, width=5)
    usual = model.terms_rows(spoiled)[0]
    spoiled.values[0, 0, 3, 2] = 1.0 if spoiled.values[0, 0, 3, 2] < 0.5 else 0.0
    more = model.terms_rows(spoiled)[0] - usual
    assert more[3 * 5 + 2] > 2


def test_large_images_are_refused() -> None:
    with pytest.raises(InputError, match="4,096 values"):
        TransformerLM(steps=1).fit_rows(Pixels(np.zeros((2, 3, 40, 40), dtype=np.float32)))
