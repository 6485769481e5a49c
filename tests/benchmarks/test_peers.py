"""The peer's bound is computed as ours is."""

from types import SimpleNamespace

import torch

from tests.benchmarks.peers import bound


def _model(decoded):
    """Codes that say nothing of the image, as the prior draws them, and what is decoded from them."""

    def encoder(x):
        return SimpleNamespace(embedding=torch.zeros(len(x), 2), log_covariance=torch.zeros(len(x), 2))

    return SimpleNamespace(encoder=encoder, decoder=lambda z: SimpleNamespace(reconstruction=decoded(z)))


def test_where_the_code_does_not_matter_the_bound_is_the_log_likelihood():
    x = torch.tensor([[1.0, 0.0], [1.0, 1.0]]).reshape(2, 1, 1, 2)
    half = bound(_model(lambda z: torch.full((2, 1, 1, 2), 0.25)), x, draws=3)
    assert torch.allclose(half, torch.tensor([0.25 * 0.75, 0.25 * 0.25]).log())


def test_with_many_draws_the_bound_comes_to_the_log_likelihood():
    # One pixel that is lit with chance one half: sigmoid of a standard normal, averaged, is one half.
    torch.manual_seed(0)
    x = torch.ones(1, 1, 1, 1)
    many = bound(_model(lambda z: torch.sigmoid(2 * z[:, :1]).reshape(1, 1, 1, 1)), x, draws=20_000)
    assert torch.allclose(many, torch.tensor([0.5]).log(), atol=0.02)
