import numpy as np
import pytest
import torch
from scipy.stats import norm

from evalkit.backbones.gan.images import ImageNetwork
from evalkit.backbones.gan.network import Choices
from evalkit.backbones.gan.pieces import pieces_of
from evalkit.core.seeds import generator
from evalkit.data.layouts import PixelLayout
from evalkit.data.pixels import Pixels


def two_kinds(n_light: int, n_dark: int) -> np.ndarray:
    """Images of 4 x 4 pixels: light ones that differ in their first pixel, dark ones that differ in their last."""
    random = generator(0, "two kinds")
    images = np.concatenate([np.full((n_light, 16), 0.8), np.full((n_dark, 16), 0.1)])
    images[:n_light, 0] += random.normal(0, 0.05, n_light)
    images[n_light:, -1] += random.normal(0, 0.02, n_dark)
    return images


def test_each_piece_is_one_kind_with_its_share_mean_and_spread():
    images = two_kinds(90, 60)
    pieces = pieces_of(images, rank=3, seed=0)
    light = int(pieces.means[:, 5].argmax())
    shares = np.diff(norm.cdf(pieces.edges))
    np.testing.assert_allclose([shares[light], shares[1 - light]], [0.6, 0.4])
    for piece, own in ((light, images[:90]), (1 - light, images[90:])):
        np.testing.assert_allclose(pieces.means[piece], own.mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(pieces.directions[piece].T @ pieces.directions[piece], np.cov(own.T, bias=True), atol=1e-12)


@pytest.mark.parametrize(("n", "expected"), [(1, 1), (119, 1), (120, 2), (5000, 48)])
def test_there_are_no_more_pieces_than_the_images_can_fill(n, expected):
    pieces = pieces_of(generator(0, "any").normal(size=(n, 4)), rank=2, seed=0)
    assert pieces.means.shape == (expected, 4)
    assert pieces.directions.shape == (expected, 2, 4)
    assert (np.diff(pieces.edges) > 0).all()
    assert pieces.edges[0] == -np.inf
    assert pieces.edges[-1] == np.inf


def test_equal_images_are_one_piece_without_directions():
    pieces = pieces_of(np.ones((500, 4)), rank=2, seed=0)
    np.testing.assert_array_equal(pieces.means, np.ones((1, 4)))
    np.testing.assert_array_equal(pieces.directions, np.zeros((1, 2, 4)))


def test_the_first_draws_are_of_every_kind_as_often_as_there_are():
    values = two_kinds(900, 100).reshape(-1, 1, 4, 4).astype(np.float32)
    own = ImageNetwork.for_rows(Pixels(values), Choices(None, None, 0))
    assert own.layout == PixelLayout(channels=1, height=4, width=4)
    noise = torch.tensor(generator(0, "many").normal(size=(4000, own.latent_size)), dtype=torch.float32)
    with torch.no_grad():
        drawn = own.generator(noise).flatten(1).numpy()
    light = drawn[:, 5] > 0.45
    assert light.mean() == pytest.approx(0.9, abs=0.02)
    np.testing.assert_allclose(drawn[~light].mean(axis=0), values[900:].reshape(100, 16).mean(axis=0), atol=0.01)
    np.testing.assert_allclose(drawn[light].std(axis=0), values[:900].reshape(900, 16).std(axis=0), atol=0.01)
