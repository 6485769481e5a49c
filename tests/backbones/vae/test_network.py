import numpy as np
import pytest
import torch
from torch import Tensor, nn

from evalkit.backbones.heads import Facts, TableHeads
from evalkit.backbones.vae import VAE
from evalkit.backbones.vae.table import TableNetwork
from evalkit.core.seeds import generator
from tests.backbones.mixed_rows import mixed_rows


def network(n_pseudo_rows: int = 5) -> tuple[TableNetwork, Tensor]:
    rows = mixed_rows(40)
    heads = TableHeads(Facts.fit(rows))
    torch.manual_seed(0)
    x = heads.prepare(torch.tensor(rows.values))
    return TableNetwork(rows.layout, heads, 3, 16, heads.inputs(x)[:n_pseudo_rows].float()).double(), x


def noise(draws: int, rows: int, width: int) -> Tensor:
    return torch.tensor(generator(0, "noise").normal(size=(draws, rows, width)))


@pytest.mark.parametrize("n_pseudo_rows", [0, 1, 5])
def test_terms_add_up_to_the_importance_weighted_bound(n_pseudo_rows: int) -> None:
    net, x = network(n_pseudo_rows)
    eps = noise(6, 1, 3)
    with torch.no_grad():
        mean, log_sigma = net.encode(net.heads.inputs(x))
        code = mean + torch.exp(log_sigma) * eps
        normal = torch.distributions.Normal(mean, torch.exp(log_sigma))
        log_weight = -net.heads.terms(x, net.decode(code)).sum(-1) + net.log_prior(code) - normal.log_prob(code).sum(-1)
        bound = torch.logsumexp(log_weight, 0) - np.log(6)
        terms = net.per_row(x, eps)
    assert terms.shape == (40, 7)
    np.testing.assert_allclose(-terms.sum(1), bound, rtol=1e-10)


def test_more_draws_tighten_the_bound() -> None:
    net, x = network()
    with torch.no_grad():
        loose, tight = (float(net.per_row(x, noise(draws, 40, 3)).sum(1).mean()) for draws in (1, 200))
    assert tight < loose


def test_the_prior_is_a_density_and_draws_follow_it() -> None:
    rows = mixed_rows(40)
    heads = TableHeads(Facts.fit(rows))
    torch.manual_seed(0)
    net = TableNetwork(rows.layout, heads, 1, 16, heads.inputs(heads.prepare(torch.tensor(rows.values)))[:3].float()).double()
    grid = torch.linspace(-12, 12, 20_001, dtype=torch.float64)[:, None]
    random = generator(0, "codes")
    with torch.no_grad():
        density = torch.exp(net.log_prior(grid)).numpy()
        codes = net.draw_codes(torch.tensor(random.normal(size=(20_000, 1))), torch.tensor(random.random(20_000))).numpy()
    assert np.trapezoid(density, grid[:, 0]) == pytest.approx(1, abs=1e-6)
    mean = np.trapezoid(density * grid[:, 0].numpy(), grid[:, 0])
    assert codes.mean() == pytest.approx(mean, abs=0.05)


def test_the_mixture_is_the_sum_of_its_components() -> None:
    net, _ = network()
    code = noise(1, 7, 3)[0]
    with torch.no_grad():
        mean, log_sigma = net.encode(net.pseudo_rows)
        each = [torch.distributions.Normal(m, torch.exp(s)).log_prob(code).sum(-1) for m, s in zip(mean, log_sigma, strict=True)]
        each.append(torch.distributions.Normal(0.0, 1.0).log_prob(code).sum(-1))
        np.testing.assert_allclose(net.log_prior(code), torch.logsumexp(torch.stack(each), 0) - np.log(6), rtol=1e-9)


def test_per_row_with_its_preparation_is_one_graph_for_any_number_of_rows() -> None:
    class Graph(nn.Module):
        def __init__(self, net: TableNetwork, eps: Tensor) -> None:
            super().__init__()
            self.net = net
            self.register_buffer("eps", eps)

        def forward(self, values: Tensor) -> Tensor:
            return self.net.per_row(self.net.heads.prepare(values), self.eps)

    net, _ = network()
    graph = Graph(net, noise(4, 1, 3))
    values = torch.tensor(mixed_rows(30).values)
    exported = torch.export.export(graph, (values[:5],), dynamic_shapes=({0: torch.export.Dim("rows")},))
    np.testing.assert_array_equal(exported.module()(values).detach(), graph(values).detach())


def test_the_prior_is_the_same_in_the_precision_of_a_gpu() -> None:
    torch.manual_seed(0)
    rows = mixed_rows(200)
    network = VAE(steps=30, width=16).fit_rows(rows).network_.float()
    code = 2 * torch.randn(50, network.latent_size)
    with torch.no_grad():
        exact = network.log_prior(code)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rough = network.log_prior(code)
    assert (rough - exact).abs().mean() < 0.1
