import numpy as np
import pytest
import torch

from evalkit.backbones.vae import VAE
from evalkit.core.errors import InputError, SchemaError
from evalkit.data.pixels import Pixels
from tests.backbones.drawn_images import drawn_images


@pytest.fixture(scope="module")
def images() -> Pixels:
    return drawn_images(600)


@pytest.fixture(scope="module")
def vae(images: Pixels) -> VAE:
    return VAE(steps=400, width=16, latent_size=8).fit_rows(images)


def test_an_image_that_is_not_of_the_kind_scores_higher_and_the_pixel_says_so(vae: VAE) -> None:
    fresh = drawn_images(100, seed=9)
    spoiled = fresh.values.copy()
    spoiled[:, 0, 0, 4], spoiled[:, 0, 10, 8] = 0.6, 0.6
    spoiled = Pixels(spoiled)
    assert np.median(vae.score_rows(spoiled)) > np.quantile(vae.score_rows(fresh), 0.95)
    more = (vae.terms_rows(spoiled) - vae.terms_rows(fresh)).reshape(100, 11, 9)
    assert np.isin(more.reshape(100, -1).argmax(axis=1), [4, 98]).mean() > 0.8


def test_the_code_says_more_than_nothing(vae: VAE, images: Pixels) -> None:
    seen = vae.reconstruct_rows(images).values
    error, plain = ((images.values - guess) ** 2 for guess in (seen, images.values.mean(axis=0)))
    assert error.mean() < 0.6 * plain.mean()


def test_interpolation_goes_from_one_reconstruction_to_the_other(vae: VAE, images: Pixels) -> None:
    first, last = images.take(slice(0, 1)), images.take(slice(1, 2))
    way = vae.interpolate_rows(first, last, 5).values
    np.testing.assert_allclose(way[[0, -1]], vae.reconstruct_rows(images.take(slice(0, 2))).values, atol=1e-6)
    steps = np.abs(np.diff(way, axis=0)).sum(axis=(1, 2, 3))
    assert steps.max() < 0.9 * np.abs(way[-1] - way[0]).sum()


def test_drawn_images_are_as_light_as_the_images(vae: VAE, images: Pixels) -> None:
    drawn = vae.sample_rows(300).values
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(drawn * 255, np.round(drawn * 255), atol=1e-3)
    assert drawn.mean() == pytest.approx(images.values.mean(), rel=0.35)


def test_codes_lie_where_the_map_says(vae: VAE, images: Pixels) -> None:
    codes = vae.latent_rows(images)
    assert codes.shape == (600, 8)
    np.testing.assert_allclose(vae.latent_rows(images.take(slice(5, 6))), codes[5:6], rtol=1e-9)


@pytest.mark.parametrize(("channels", "height", "width"), [(1, 1, 1), (3, 1, 17), (1, 8, 8), (3, 9, 33)])
def test_images_of_any_size_grey_or_coloured(channels: int, height: int, width: int) -> None:
    rows = drawn_images(30, channels=channels, height=height, width=width)
    vae = VAE(steps=3, width=8, latent_size=2).fit_rows(rows)
    assert vae.terms_rows(rows).shape == (30, channels * height * width)
    assert vae.sample_rows(2).layout == rows.layout


def test_images_without_variation_are_no_surprise_but_another_one_is() -> None:
    black = Pixels(np.zeros((60, 1, 5, 5), dtype=np.float32))
    vae = VAE(steps=200, width=8, latent_size=2).fit_rows(black)
    assert vae.score_rows(black).max() < 3
    assert vae.score_rows(Pixels(np.full((1, 1, 5, 5), 0.5, dtype=np.float32))).min() > 30


def test_two_levels_can_be_modelled_as_such(images: Pixels) -> None:
    black_and_white = Pixels((images.values > 0.5).astype(np.float32))
    vae = VAE(steps=200, width=8, latent_size=4, likelihood="bernoulli").fit_rows(black_and_white)
    share = np.clip(black_and_white.values.mean(axis=0), 1e-3, 1 - 1e-3)
    alone = -(black_and_white.values * np.log(share) + (1 - black_and_white.values) * np.log(1 - share)).sum(axis=(1, 2, 3))
    assert vae.score_rows(black_and_white).mean() < alone.mean()
    assert VAE.from_state(vae.to_state()).network_.likelihood == "bernoulli"


def test_what_does_not_fit_is_one_sentence(vae: VAE) -> None:
    with pytest.raises(InputError, match="likelihood must be one of logistic, bernoulli"):
        VAE(likelihood="normal").fit_rows(drawn_images(5))  # type: ignore[arg-type]
    with pytest.raises(SchemaError, match="layout"):
        vae.score_rows(drawn_images(2, height=7))


def test_scoring_is_in_double_precision(vae: VAE, images: Pixels) -> None:
    x = vae.network_.prepare(images.take(slice(0, 3)))
    assert x.dtype == torch.float64
    assert vae.network_.per_row(x, *vae._noise()).dtype == torch.float64
