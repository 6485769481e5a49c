import pytest
import torch

from evalkit.backbones.transformer_lm.decoder import Decoder


@pytest.fixture
def decoder() -> Decoder:
    torch.manual_seed(0)
    made = Decoder(layers=2, heads=2, width=8, context=12, dropout=0.0)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return made.double().eval()


def some(n: int, length: int) -> torch.Tensor:
    return torch.randn(n, length, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(length))


def test_attention_looks_back_and_shares_one(decoder: Decoder) -> None:
    with torch.no_grad():
        looks = decoder.attention(some(3, 7))
    assert looks.shape == (2, 2, 3, 7, 7)
    torch.testing.assert_close(looks.sum(-1), torch.ones(2, 2, 3, 7, dtype=torch.float64))
    assert (looks.triu(1) == 0).all()


def test_the_attention_shown_is_the_attention_used(decoder: Decoder) -> None:
    x = some(1, 6)
    block, turn = decoder.blocks[0], decoder._turn(x, 0)
    torch.nn.init.zeros_(block.leave.weight)
    with torch.no_grad():
        _, _, value = block._project(x, turn)
        found = (block.looks(x, turn) @ value).transpose(1, 2).flatten(2)
        torch.testing.assert_close(block(x, turn), x + block.answer(found))


def test_rotary_positions_tell_distances_only(decoder: Decoder) -> None:
    x = some(1, 1).expand(1, 8, 8)
    block = decoder.blocks[0]
    with torch.no_grad():
        query, key, _ = block._project(x, decoder._turn(x, 0))
    products = (query @ key.transpose(2, 3))[0, 0]
    for distance in range(4):
        along = products.diagonal(-distance)
        torch.testing.assert_close(along, along[:1].expand_as(along))
    assert products[3, 3] != products[3, 2]


def test_reading_one_by_one_is_reading_at_once(decoder: Decoder) -> None:
    x = some(2, 12)
    memory = decoder.new_memory(2)
    with torch.no_grad():
        pieces = [decoder(x[:, :5], memory)] + [decoder(x[:, i : i + 1], memory) for i in range(5, 12)]
        torch.testing.assert_close(torch.cat(pieces, dim=1), decoder(x), rtol=1e-12, atol=1e-12)


def test_blocks_begin_as_nothing() -> None:
    x = some(2, 5)
    with torch.no_grad():
        normalised = x / x.pow(2).mean(-1, keepdim=True).sqrt()
        torch.testing.assert_close(Decoder(3, 2, 8, 5, 0.0).double()(x), normalised)


def test_dropout_is_for_training_only() -> None:
    torch.manual_seed(0)
    made = Decoder(layers=1, heads=2, width=8, context=6, dropout=0.5)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    x = some(1, 6).float()
    assert not torch.equal(made(x), made(x))
    assert torch.equal(made.eval()(x), made(x))
