"""Images made smaller."""

import numpy as np
import pytest

from evalkit.core.errors import InputError
from evalkit.core.sample import Images
from evalkit.features.pictures import shape_of

DRAW = np.random.default_rng(0)


def test_means_of_squares_the_last_ones_cut_off() -> None:
    images = Images.of(DRAW.integers(0, 256, (2, 7, 5, 3), dtype=np.uint8))
    shape = shape_of("demo", images, largest_side=3)
    assert shape.factor == 3
    small = shape.pixels(images)
    assert small.shape == (2, 3, 2, 3)
    for row, column in ((0, 0), (2, 1), (1, 1)):
        square = images.pixels[1, 3 * row : 3 * row + 3, 3 * column : 3 * column + 3, 2]
        assert small[1, row, column, 2] == pytest.approx(square.mean() / 255, rel=1e-12)


@pytest.mark.parametrize(("values", "factor"), [(35, 1), (34, 2), (12, 2), (1, 7), (0, 7)])
def test_no_more_values_than_asked_for(values: int, factor: int) -> None:
    assert shape_of("demo", Images.of(np.zeros((1, 7, 5, 1), dtype=np.uint8)), most_values=values).factor == factor


def test_16_bits_are_the_same_from_0_to_1() -> None:
    eight = DRAW.integers(0, 256, (2, 4, 4, 1), dtype=np.uint8)
    shape = shape_of("demo", Images.of(eight))
    np.testing.assert_allclose(shape.pixels(Images.of(eight.astype(np.uint16) * 257)), shape.pixels(Images.of(eight)), rtol=1e-15)


def test_another_form_is_one_sentence() -> None:
    shape = shape_of("demo", Images.of(np.zeros((1, 7, 5, 1), dtype=np.uint8)))
    for form in ((1, 5, 7, 1), (1, 7, 5, 3)):
        with pytest.raises(InputError, match="5 x 7 pixels with 1 channel"):
            shape.read("demo", Images.of(np.zeros(form, dtype=np.uint8)))


def test_portions_hold_every_image_once() -> None:
    images = Images.of(DRAW.integers(0, 256, (5, 4, 4, 1), dtype=np.uint8))
    shape = shape_of("demo", images)
    parts = shape.portions(images, 8 * 2**20)
    assert [len(part) for part in parts] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate([part.pixels for part in parts]), images.pixels)
