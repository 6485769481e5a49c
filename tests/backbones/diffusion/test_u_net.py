import pytest
import torch

from evalkit.backbones.blocks.convolution import halvings
from evalkit.backbones.diffusion.u_net import UNet


@pytest.mark.parametrize("size", [(1, 1), (5, 8), (11, 9), (28, 28), (33, 17)])
def test_images_of_any_size_keep_it(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    network = UNet(3, halvings(*size), width=8, depth=2, n_condition=4)
    x, condition = torch.randn(2, 3, *size), torch.randn(2, 4)
    assert torch.equal(network(x, condition), torch.zeros_like(x))
    for parameter in network.leave[-1].parameters():
        torch.nn.init.normal_(parameter)
    said = network(x, condition)
    assert said.shape == x.shape
    torch.testing.assert_close(network(x[:1], condition[:1]), said[:1], rtol=1e-4, atol=1e-4)
    assert not torch.allclose(network(x, condition + 1), said)


def test_far_corners_know_of_each_other() -> None:
    torch.manual_seed(0)
    network = UNet(1, halvings(28, 28), width=8, depth=1, n_condition=4)
    for parameter in network.leave[-1].parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(1, 1, 28, 28)
    other = x.clone()
    other[0, 0, 0, 0] += 10
    change = (network(other, torch.zeros(1, 4)) - network(x, torch.zeros(1, 4))).abs()
    assert change[0, 0, -1, -1] > 0
