"""Images as a function of noise: the ones that are drawn, before they are rounded."""

import numpy as np
import pytest

from evalkit.backbones.diffusion import Diffusion
from evalkit.backbones.gan import GAN
from evalkit.backbones.noise import DrawsFromNoise
from evalkit.backbones.vae import VAE
from evalkit.core.errors import CapabilityError, ShapeError
from evalkit.core.sample import Images
from evalkit.core.seeds import normal_by_row


def spots(n=60):
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 40, size=(n, 8, 8, 1))
    pixels[:, 2:5, 2:5] += draw.integers(100, 200, size=(n, 1, 1, 1))
    return Images.of(pixels.astype(np.uint8))


FAMILIES = {
    "vae": (VAE, {}),
    "vae black": (VAE, {"likelihood": "bernoulli"}),
    "gan": (GAN, {}),
    "diffusion": (Diffusion, {"width": 8, "sampling_steps": 3}),
    "ddim": (Diffusion, {"width": 8, "sampling_steps": 3, "sampler": "ddim"}),
}


@pytest.fixture(scope="module", params=FAMILIES.values(), ids=FAMILIES)
def fitted(request):
    family, settings = request.param
    return family(steps=20, random_state=0, **settings).fit(spots())


def test_they_are_the_drawn_images_but_for_rounding(fitted):
    assert isinstance(fitted, DrawsFromNoise)
    noise = normal_by_row(3, np.arange(12), fitted.noise_size_, type(fitted).__name__.lower(), "sample")
    drawn, shares = fitted.sample(12, random_state=3), fitted.draws_from(noise)
    ends = spots().pixels.min() / 255, spots().pixels.max() / 255
    shown = shares.clip(*ends) if isinstance(fitted, GAN) else shares
    np.testing.assert_allclose(shown, drawn.pixels / 255, atol=0.51 / 255 + 1e-6)


def test_a_row_depends_on_its_noise_only_and_moves_with_it(fitted):
    noise = np.random.default_rng(1).normal(size=(5, fitted.noise_size_))
    shares = fitted.draws_from(noise)
    assert shares.shape == (5, 8, 8, 1)
    assert (shares.min() >= 0, shares.max() <= 1) == (True, True)
    np.testing.assert_allclose(fitted.draws_from(noise[[3]])[0], shares[3], atol=1e-9)
    moved = fitted.draws_from(noise + 1e-6)
    assert 0 < abs(moved - shares).max() < 1e-3


def test_noise_of_another_width_and_other_data_are_refused(fitted):
    with pytest.raises(ShapeError, match=rf"\(n, {fitted.noise_size_}\)"):
        fitted.draws_from(np.zeros((2, 3)))


def test_a_diffusion_of_captioned_images_draws_each_kind_by_one_number_more():
    images = spots(80)
    dark, light = images.pixels[:40] // 4, images.pixels[40:]
    captioned = Images.of(np.concatenate([dark, light]), captions=("dark",) * 40 + ("light",) * 40)
    fitted = Diffusion(steps=150, width=8, sampling_steps=4, random_state=0).fit(captioned)
    assert fitted.noise_size_ == 65
    noise = np.random.default_rng(0).normal(size=(12, 65))
    low, high = (fitted.draws_from(np.column_stack([noise[:, :64], np.full(12, end)])).mean() for end in (-2.0, 2.0))
    assert abs(high - low) > 0.02


def test_fresh_noise_is_left_out_where_images_follow_their_own():
    """ddpm renews noise at each step: from given noise it takes the way of the flow."""
    by_steps, by_flow = (
        Diffusion(steps=5, width=8, sampling_steps=3, sampler=sampler, random_state=0).fit(spots()) for sampler in ("ddpm", "flow")
    )
    noise = np.random.default_rng(0).normal(size=(3, 64))
    np.testing.assert_array_equal(by_steps.draws_from(noise), by_flow.draws_from(noise))


@pytest.mark.parametrize("family", [VAE, GAN, Diffusion])
def test_tables_are_not_drawn_so(family):
    table = family(steps=5, random_state=0).fit(np.random.default_rng(0).normal(size=(60, 2)))
    with pytest.raises(CapabilityError, match="not table: fit it to images"):
        table.draws_from(np.zeros((1, table.noise_size_)))
