import torch

from evalkit.backbones.blocks.attention import SelfAttention


def test_nobody_looks_at_what_is_not_there() -> None:
    torch.manual_seed(0)
    layer, x = SelfAttention(8, heads=2), torch.randn(2, 5, 8)
    there = torch.tensor([[True] * 5, [True, True, True, False, False]])
    other = x.clone()
    other[1, 3:] = 7.0
    torch.testing.assert_close(layer(x, there)[:, :3], layer(other, there)[:, :3])
    assert not torch.allclose(layer(x)[1, :3], layer(other)[1, :3])


def test_places_are_treated_alike() -> None:
    torch.manual_seed(0)
    layer, x, order = SelfAttention(8, heads=2), torch.randn(2, 5, 8), torch.tensor([3, 1, 4, 0, 2])
    torch.testing.assert_close(layer(x)[:, order], layer(x[:, order]))
