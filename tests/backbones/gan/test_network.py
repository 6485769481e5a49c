import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import norm

from evalkit.backbones.gan.images import ImageNetwork
from evalkit.backbones.gan.network import Choices, GANNetwork
from evalkit.backbones.gan.series import SeriesNetwork
from evalkit.backbones.gan.table import TableNetwork
from evalkit.backbones.gan.window import window_of
from evalkit.core.seeds import generator
from evalkit.data.encoded import Encoded
from tests.backbones.drawn_images import drawn_images
from tests.backbones.mixed_rows import mixed_rows
from tests.backbones.waves import waves


def network(kind: type[GANNetwork], rows: Encoded) -> GANNetwork:
    torch.manual_seed(0)
    return kind.for_rows(rows, Choices(None, 8, 0)).double()


CASES = [
    (SeriesNetwork, waves(40)),
    (TableNetwork, mixed_rows(60)),
    (ImageNetwork, drawn_images(30)),
    (ImageNetwork, drawn_images(30, height=33, width=18)),
]


@pytest.mark.parametrize(("kind", "rows"), CASES)
def test_terms_add_up_to_the_surprise_under_windows_around_the_draws(kind: type[GANNetwork], rows: Encoded) -> None:
    own, eps = network(kind, rows), torch.tensor(generator(0, "eps").normal(size=(20, 1, 64)))
    eps = eps[..., : own.latent_size]
    x = own.prepare(rows)
    with torch.no_grad():
        terms = own.per_row(x, eps)
        places, draws = own.place(x).numpy(), own.place(own.generator(eps[:, 0])).numpy()
    logs = norm.logpdf(places[:, None], draws, own.window).sum(axis=2)
    np.testing.assert_allclose(terms.sum(dim=1), np.log(20) - logsumexp(logs, axis=1), rtol=1e-8)


def test_the_start_has_the_rows_means_and_covariances() -> None:
    rows = mixed_rows(600)
    own = network(TableNetwork, rows)
    assert isinstance(own, TableNetwork)
    vectors = own.seen(rows, generator(0, "start")).numpy()
    noise = torch.tensor(generator(0, "many").normal(size=(20_000, own.latent_size)))
    with torch.no_grad():
        drawn = own.generator.straight(noise).numpy()
    np.testing.assert_allclose(drawn.mean(axis=0), vectors.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(vectors.T), atol=0.08)


def test_the_discriminator_sees_numbers_uncorrelated_and_all_else_as_it_is() -> None:
    rows = mixed_rows(600)
    own = network(TableNetwork, rows).float()
    assert isinstance(own, TableNetwork)
    vectors = own.seen(rows, generator(0, "start"))
    numbers = np.array([block.start for block in own.space.blocks if block.kind == "number"])
    others = np.setdiff1d(np.arange(own.space.width), numbers)
    seen = own.view(vectors).numpy()
    np.testing.assert_allclose(np.cov(seen[:, numbers].T), np.eye(len(numbers)), atol=0.2)
    np.testing.assert_allclose(seen[:, others], (vectors - own.mean).numpy()[:, others])


def test_draws_have_levels_booleans_and_flags_as_rows_have_them() -> None:
    rows = mixed_rows(60)
    own = network(TableNetwork, rows)
    assert isinstance(own, TableNetwork)
    with torch.no_grad():
        drawn = own.generator(torch.tensor(generator(0, "any").normal(size=(200, own.latent_size))))
    again = own.prepare(own.rows_of(drawn))
    others = [block.start + i for block in own.space.blocks if block.kind != "number" for i in range(block.width)]
    torch.testing.assert_close(drawn[:, others], again[:, others])


def test_the_window_is_narrow_among_close_rows_and_one_for_a_single_row() -> None:
    rows = generator(0, "rows").normal(size=(300, 2))
    assert window_of(0.2 * rows, 0) < window_of(rows, 0) < 1.0
    assert window_of(rows[:1], 0) == 1.0
