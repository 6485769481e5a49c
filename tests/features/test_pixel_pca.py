"""Principal components of pixels against scikit-learn's."""

import numpy as np
from sklearn.decomposition import PCA

from evalkit.core.sample import Images
from evalkit.features.pixel_pca import PixelPca
from tests.features.contract_samples import usual


def test_as_scikit_learn_computes_them() -> None:
    reference, other = usual("images", 100, 0), usual("images", 30, 1)
    values = PixelPca(components=6).fit(reference, seed=0).extract(other).values
    flat, new = (images.pixels.reshape(len(images), -1) / 255 for images in (reference, other))
    peer = PCA(6, svd_solver="full").fit(flat)
    points = peer.transform(new)
    outside = np.linalg.norm(new - peer.inverse_transform(points), axis=1)
    np.testing.assert_allclose(np.abs(values), np.abs(np.column_stack([points, outside])), atol=1e-9)


def test_noise_lies_outside_and_equal_images_have_the_distance_only() -> None:
    reference = usual("images", 100, 0)
    fitted = PixelPca(components=10).fit(reference, seed=0)
    noisy = reference.pixels ^ np.random.default_rng(0).integers(0, 64, reference.pixels.shape, dtype=np.uint8)
    clean, noise = (fitted.extract(images).values[:, -1] for images in (reference, Images.of(noisy)))
    assert noise.mean() > 2 * clean.mean()
    grey = Images.of(np.full((5, 12, 12, 1), 51, dtype=np.uint8))
    white = Images.of(np.full((1, 12, 12, 1), 255, dtype=np.uint8))
    np.testing.assert_allclose(PixelPca().fit(grey, seed=0).extract(white).values, [[0.8 * 12]])


def test_large_references_and_images_are_cut_down() -> None:
    images = usual("images", 60, 0)
    fitted = PixelPca(most_rows=40, most_values=36).fit(images, seed=0)
    assert fitted.shape.factor == 2
    assert fitted.directions.shape == (36, 36)
    assert fitted.digest != PixelPca(most_rows=40, most_values=36).fit(images, seed=1).digest
