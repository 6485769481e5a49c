"""Inner products: the definition by double loops, and oneDNN within rounding of it."""

import numpy as np
import pytest

from evalkit.core.errors import InputError, ShapeError
from evalkit.kernels.inner_products import products_with
from evalkit.kernels.inner_products.onednn import has_onednn

onednn = pytest.mark.skipif(not has_onednn(), reason="this PyTorch was built without oneDNN")


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_they_are_the_definition(kind):
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=(5, 7)).astype(kind), draw.normal(size=(4, 7)).astype(kind)
    found = products_with(first)(second)
    assert found.dtype == kind
    wide = first.astype(float), second.astype(float)
    expected = [[sum(a * b for a, b in zip(x, y, strict=True)) for y in wide[1]] for x in wide[0]]
    np.testing.assert_allclose(found, expected, rtol=1e-5 if kind == np.float32 else 1e-12)


@onednn
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 33), (64, 48, 2048), (513, 7, 100)])
def test_onednn_is_within_rounding_of_the_reference(shape):
    n, m, d = shape
    draw = np.random.default_rng(d)
    first, second = (draw.normal(3, 2, size=(rows, d)).astype(np.float32) for rows in (n, m))
    exact = first.astype(float) @ second.astype(float).T
    most = np.linalg.norm(first.astype(float), axis=1)[:, None] * np.linalg.norm(second.astype(float), axis=1)
    for impl in ("reference", "onednn"):
        assert (abs(products_with(first, impl=impl)(second) - exact) <= 4e-7 * np.sqrt(d) * most).all()


@onednn
def test_the_same_rows_give_the_same_bits_also_from_slices_and_read_only_memory():
    rows = np.random.default_rng(1).normal(size=(40, 64)).astype(np.float32)
    products = products_with(rows[::2])
    found = products(rows)
    locked = rows.copy()
    locked.setflags(write=False)
    np.testing.assert_array_equal(found, products_with(locked[::2])(locked))
    np.testing.assert_array_equal(found, products(rows))
    assert products_with(rows[:0])(rows).shape == (0, 40)
    assert products(rows[:0]).shape == (20, 0)


def test_what_cannot_be_is_refused():
    with pytest.raises(ShapeError, match="rows"):
        products_with(np.ones(3))
    with pytest.raises(InputError, match="float32"):
        products_with(np.ones((2, 2)), impl="onednn")
    with pytest.raises(InputError, match="impl must be"):
        products_with(np.ones((2, 2)), impl="fastest")
