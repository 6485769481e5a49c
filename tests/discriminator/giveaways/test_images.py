"""Images: each planted break is named first; equal laws give nothing; statistics by plain loops."""

import numpy as np
import pytest

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Images
from evalkit.discriminator.giveaways import find_giveaways
from evalkit.discriminator.giveaways.images import image_statistics

N = 60


def pixels(seed, n=N, side=16):
    """Smooth blobs on noise, well inside black and white."""
    draw = np.random.default_rng(seed)
    x, y = draw.uniform(3, 12, size=(2, n, 1, 1))
    rows, columns = np.indices((side, side))
    blobs = 60 * np.exp(-((rows - x) ** 2 + (columns - y) ** 2) / 8)
    return np.clip(90 + blobs + draw.normal(0, 8, size=(n, side, side)), 1, 254)


def images(values):
    return Images.of(np.clip(np.round(values), 0, 255).astype(np.uint8)[..., None])


def darker(values):
    return values - 25


def flatter(values):
    return values.mean(axis=(1, 2), keepdims=True) + 0.6 * (values - values.mean(axis=(1, 2), keepdims=True))


def black_frame(values):
    values[:, [0, -1]] = values[:, :, [0, -1]] = 40
    return values


def blackened(values):
    values[:, 5, 5:8] = 0
    return values


def whitened(values):
    values[:, 5, 5:8] = 255
    return values


def coarse(values):
    return 8 * np.round(values / 8)


def blurred(values):
    return (values + np.roll(values, 1, 1) + np.roll(values, 1, 2) + np.roll(values, (1, 1), (1, 2))) / 4


def chequered(values):
    return values + 6 * (np.indices(values.shape[1:]).sum(axis=0) % 2 * 2 - 1)


BREAKS = {
    darker: {"brightness"},
    flatter: {"contrast", "levels"},
    black_frame: {"border"},
    blackened: {"black"},
    whitened: {"white"},
    coarse: {"levels"},
    blurred: {"frequencies"},
    chequered: {"checkerboard"},
}


@pytest.mark.parametrize("broken", BREAKS, ids=lambda one: one.__name__)
def test_a_planted_break_is_among_the_clearest(broken):
    found = find_giveaways(images(pixels(0)), images(broken(pixels(1))), seed=0)
    clearest = [one for one in found if one.size >= found[0].size - 0.02]
    assert {one.what for one in clearest} & BREAKS[broken]
    assert found[0].p_value < 0.01
    assert all(one.low <= one.figure <= one.high for one in found)


def test_equal_laws_give_nothing():
    least = [find_giveaways(images(pixels(2 * i, 25)), images(pixels(2 * i + 1, 25)), seed=i)[0].p_value <= 0.05 for i in range(16)]
    assert np.mean(least) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 16)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_statistics_by_loops(channels, depth):
    most = np.iinfo(depth).max
    values = np.random.default_rng(0).integers(0, most, (3, 7, 9, channels), endpoint=True, dtype=depth)
    values[0, 0] = 0
    found = image_statistics(Images.of(values))
    for i, image in enumerate(values):
        grey = image.mean(axis=2) / most
        inside = grey[1:-1, 1:-1]
        outer = (grey.sum() - inside.sum()) / (grey.size - inside.size)
        assert found["brightness", ""][i] == pytest.approx(grey.mean())
        assert found["contrast", ""][i] == pytest.approx(grey.std())
        assert found["black", ""][i] == pytest.approx((image == 0).mean())
        assert found["levels", ""][i] == len(set(image.ravel().tolist()))
        assert found["border", ""][i] == pytest.approx(outer - inside.mean())
    bands = [values for (what, _), values in found.items() if what == "frequencies"]
    np.testing.assert_allclose(np.sum(bands, axis=0), 1)


def test_images_that_are_still_or_tiny_have_statistics():
    flat = Images.of(np.full((12, 6, 6, 1), 7, dtype=np.uint8))
    assert find_giveaways(flat, flat, seed=0) == ()
    for side in (1, 2, 3):
        draw = np.random.default_rng(side)
        pair = [Images.of(draw.integers(0, 256, (12, side, side, 3), dtype=np.uint8)) for _ in range(2)]
        assert find_giveaways(*pair, seed=0)
    assert find_giveaways(flat, images(pixels(0, 12, 6)), seed=0)[0].p_value < 0.05


def test_refusals():
    with pytest.raises(ShapeError, match="10 images"):
        find_giveaways(images(pixels(0, 9)), images(pixels(1)), seed=0)
    with pytest.raises(InputError, match="16 x 16"):
        find_giveaways(images(pixels(0)), images(pixels(1, side=12)), seed=0)
