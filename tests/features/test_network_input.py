import numpy as np
import pytest

from evalkit.core.errors import InputError
from evalkit.core.sample import Images
from evalkit.features.network_input import NetworkInput


def prepared(pixels, **settings):
    return np.concatenate(list(NetworkInput(**settings).batches(Images.of(pixels))))


def test_images_come_channel_by_channel_from_0_to_1_and_are_scaled_by_channel():
    pixels = np.random.default_rng(0).integers(0, 256, (130, 5, 7, 3), dtype=np.uint8)
    plain = prepared(pixels)
    np.testing.assert_allclose(plain, np.moveaxis(pixels, 3, 1) / 255, rtol=1e-6)
    scaled = prepared(pixels, mean=(0.1, 0.2, 0.3), deviation=(1.0, 2.0, 4.0))
    np.testing.assert_allclose(scaled[:, 2], (plain[:, 2] - 0.3) / 4, atol=1e-6)


def test_sixteen_bits_keep_their_depth_and_white_is_the_scale():
    pixels = np.array([0, 1, 65_535], dtype=np.uint16).reshape(1, 1, 3, 1)
    np.testing.assert_allclose(prepared(pixels, scale=255.0).ravel(), [0, 255 / 65_535, 255], rtol=1e-6)


def test_smaller_images_are_means_of_their_surroundings():
    stripes = np.tile(np.array([0, 255], dtype=np.uint8), 32).reshape(1, 1, 64, 1).repeat(64, axis=1)
    small = prepared(stripes, size=(8, 8))
    assert small.shape == (1, 1, 8, 8)
    np.testing.assert_allclose(small, 0.5, atol=0.03)
    assert prepared(stripes, size=(64, 64)).tobytes() == prepared(stripes).tobytes()


def test_grey_images_are_repeated_and_coloured_ones_are_not_mixed():
    assert (prepared(np.full((2, 3, 3, 1), 51, dtype=np.uint8), channels=3) == np.float32(0.2)).all()
    with pytest.raises(InputError, match="takes 1 channel, and the images have 3"):
        prepared(np.zeros((2, 3, 3, 3), dtype=np.uint8), channels=1)
    with pytest.raises(InputError, match="deviations above 0"):
        NetworkInput(deviation=(0.0,))
