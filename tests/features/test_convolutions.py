"""Pooled activations against loops, and what they see."""

import numpy as np
import pytest

from evalkit.core.sample import Images
from evalkit.features.random_convolutions import RandomConvolutions
from tests.features.contract_samples import SIZE, usual


def by_hand(image: np.ndarray, layers, stride: int) -> np.ndarray:
    """One image, (channels, height, width), by double loops."""
    parts = []
    for weights, biases in layers:
        padded = np.pad(image, ((0, 0), (1, 1), (1, 1)))
        rows, columns = range(0, image.shape[1], stride), range(0, image.shape[2], stride)
        image = np.array(
            [
                [[max(0.0, (w * padded[:, r : r + 3, c : c + 3]).sum() + b) for c in columns] for r in rows]
                for w, b in zip(weights, biases, strict=True)
            ]
        )
        parts += [image.mean(axis=(1, 2)), image.std(axis=(1, 2))]
        stride = 2
    return np.concatenate(parts)


@pytest.mark.parametrize(("side", "stride"), [(7, 1), (21, 2)])
def test_as_double_loops(side: int, stride: int) -> None:
    images = Images.of(np.random.default_rng(0).integers(0, 256, (4, side, 6, 3), dtype=np.uint8))
    fitted = RandomConvolutions(channels=(2, 3)).fit(images, seed=0)
    standard = np.moveaxis((images.pixels[1] / 255 - fitted.center) / fitted.width, 2, 0)
    expected = by_hand(standard, fitted.layers, stride) / fitted.deviation
    np.testing.assert_allclose(fitted.extract(images).values[1], expected, rtol=1e-5, atol=1e-5)


def test_features_have_deviation_1_on_the_reference_or_less() -> None:
    images = usual("images", 200, 0)
    deviation = RandomConvolutions().fit(images, seed=0).extract(images).values.std(axis=0)
    assert deviation.max() == pytest.approx(1.0)
    assert np.median(deviation) == pytest.approx(1.0)


def test_images_of_one_pixel_and_large_ones() -> None:
    for side in (1, 200):
        images = Images.of(np.random.default_rng(0).integers(0, 256, (3, side, side, 3), dtype=np.uint8))
        assert RandomConvolutions().fit(images, seed=0).extract(images).values.shape == (3, 112)


def test_noise_and_blur_are_seen() -> None:
    fitted = RandomConvolutions().fit(usual("images", 150, 0), seed=0)
    one, two = usual("images", 400, 1), usual("images", 400, 2)
    noise = np.random.default_rng(0).normal(0, 12, (400, SIZE, SIZE, 1))
    noisy = Images.of(np.clip(two.pixels + noise, 0, 255).astype(np.uint8))
    blurred = Images.of((two.pixels // 2 + np.roll(two.pixels, 1, axis=2) // 2).astype(np.uint8))
    means = [fitted.extract(images).values.mean(axis=0) for images in (one, two, noisy, blurred)]
    for changed in means[2:]:
        assert np.linalg.norm(changed - means[1]) > 3 * np.linalg.norm(means[0] - means[1])
