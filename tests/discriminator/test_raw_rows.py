"""Raw rows: pixels as shares, one window a series, refusals."""

import numpy as np
import pytest

from evalkit.core.errors import InputError, SchemaError
from evalkit.core.sample import Images, Series, Texts
from evalkit.discriminator.raw_rows import raw_rows


def test_pixels_are_shares_and_large_images_are_made_smaller():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 128, 96, 3), dtype=np.uint8)
    ours, theirs = raw_rows(Images.of(pixels), Images.of(pixels[:2]), seed=0)
    assert (ours.shape, theirs.shape) == ((3, 64, 48, 3), (2, 64, 48, 3))
    np.testing.assert_allclose(ours[0, 0, 0], pixels[0, :2, :2].mean(axis=(0, 1)) / 255)


def test_each_series_is_one_window():
    draw = np.random.default_rng(0)
    values = [draw.normal(size=(n, 2)) for n in (10, 10, 25, 4)]
    values[1][3:5, 0] = np.nan
    ours, theirs = raw_rows(Series.of(values, ("a", "b")), Series.of(values[:1], ("a", "b")), seed=0)
    assert (ours.shape, theirs.shape) == ((4, 10, 4), (1, 10, 4))
    np.testing.assert_array_equal(ours[0, :, :2], values[0])
    assert ours[1, 3, 0] == ours[1, 4, 0] == values[1][2, 0]
    assert ours[1, :, 2].tolist() == [0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    assert ours[3, :, 2].sum() == 6
    assert any((ours[2, :, :2] == values[2][start : start + 10]).all() for start in (0, 10, 15))


def test_others_are_refused():
    images = Images.of(np.zeros((3, 8, 8, 1), dtype=np.uint8))
    with pytest.raises(InputError, match="images, or series"):
        raw_rows(Texts.of(["a"]), Texts.of(["a"]), seed=0)
    with pytest.raises(InputError, match="8 x 8"):
        raw_rows(images, Images.of(np.zeros((3, 8, 9, 1), dtype=np.uint8)), seed=0)
    with pytest.raises(SchemaError, match="channels"):
        raw_rows(*(Series.of([np.zeros((9, 1))], (name,)) for name in "ab"), seed=0)
