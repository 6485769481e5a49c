import torch

from evalkit.backbones.blocks.residual import ResidualPerceptron
from evalkit.backbones.blocks.time_embedding import TimeEmbedding


def test_it_starts_at_nothing_and_follows_its_condition() -> None:
    layers, time = ResidualPerceptron(3, 8, 2, depth=2), TimeEmbedding(8)
    x, t = torch.ones(4, 3), torch.tensor([0.0, 0.0, 0.5, 1.0])
    assert torch.equal(layers(x, time(t)), torch.zeros(4, 2))
    torch.nn.init.ones_(layers.leave.weight)
    said = layers(x, time(t))
    assert torch.equal(said[0], said[1])
    assert not torch.equal(said[1], said[2])
    assert not torch.equal(said[2], said[3])


def test_no_row_looks_at_another() -> None:
    layers, time = ResidualPerceptron(3, 8, 2, depth=2).double(), TimeEmbedding(8).double()
    torch.nn.init.ones_(layers.leave.weight)
    x, t = torch.randn(2, 5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)), torch.tensor(0.3).double()
    torch.testing.assert_close(layers(x, time(t))[1, 2], layers(x[1, 2], time(t)), rtol=1e-12, atol=0)
