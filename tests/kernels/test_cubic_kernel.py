"""The cubic kernel: the definition by double loops, and PyTorch within rounding of it."""

import numpy as np
import pytest

from evalkit.core.errors import InputError, ShapeError
from evalkit.kernels.cubic_kernel import cubic_kernel_with, pytorch


def rows(n: int, d: int, seed: int, kind: type = np.float64) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.3, 0.5, size=(n, d)).astype(kind)


def test_it_is_the_definition():
    first, second, near = rows(5, 7, 0), rows(4, 7, 1), rows(1, 7, 2)[0]
    found = cubic_kernel_with(first, near, ground=1.3, factor=0.2)(second)
    for i, x in enumerate(first):
        for j, y in enumerate(second):
            r, p, q = 0.2 * float(x @ y), float(x @ near), float(y @ near)
            whole = (r + 1.3 + p + q) ** 3 - (1.3 + p) ** 3 - (1.3 + q) ** 3 + 1.3**3
            assert found[i, j] == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("laid_out", [False, True])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 33), (64, 48, 2048), (513, 7, 100)])
@pytest.mark.parametrize("ground", [0.0, 1.0, 1e-6])
def test_pytorch_is_within_rounding_of_the_reference(shape, ground, laid_out, monkeypatch):
    """By either of its products, whatever the processor."""
    monkeypatch.setattr(pytorch, "_lays_out", lambda: laid_out)
    n, m, d = shape
    first, second, near = rows(n, d, 0, np.float32), rows(m, d, 1, np.float32), rows(1, d, 2, np.float32)[0] / d
    wide = [each.astype(float) for each in (first, near, second)]
    exact = cubic_kernel_with(wide[0], wide[1], ground=ground, factor=1 / d)(wide[2])
    largest = max(1.0, float(abs(exact).max()))
    for impl in ("reference", "pytorch"):
        found = cubic_kernel_with(first, near, ground=ground, factor=1 / d, impl=impl)(second)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, exact, atol=4e-6 * largest)


def test_the_same_rows_give_the_same_bits_also_from_slices_and_read_only_memory():
    first, near = rows(40, 64, 3, np.float32), rows(1, 64, 4, np.float32)[0]
    kernel = cubic_kernel_with(first[::2], near, ground=1.0, factor=0.1)
    found = kernel(first).copy()
    locked = first.copy()
    locked.setflags(write=False)
    np.testing.assert_array_equal(found, cubic_kernel_with(locked[::2], near, ground=1.0, factor=0.1)(locked))
    np.testing.assert_array_equal(found, kernel(first))
    assert cubic_kernel_with(first[:0], near, ground=1.0, factor=0.1)(first).shape == (0, 40)
    assert kernel(first[:0]).shape == (20, 0)


def test_what_cannot_be_is_refused():
    with pytest.raises(ShapeError, match="one number a feature"):
        cubic_kernel_with(np.ones((2, 3)), np.ones(2), ground=1.0, factor=1.0)
    with pytest.raises(InputError, match="float32"):
        cubic_kernel_with(np.ones((2, 2)), np.ones(2), ground=1.0, factor=1.0, impl="pytorch")
    with pytest.raises(InputError, match="float32 or float64 throughout"):
        cubic_kernel_with(np.ones((2, 2), dtype=int), np.ones(2, dtype=int), ground=1.0, factor=0.5)
    kernel = cubic_kernel_with(np.ones((2, 2)), np.ones(2), ground=1.0, factor=1.0)
    for other in (np.ones((2, 3)), np.ones(2), np.ones((2, 2), dtype=np.float32)):
        with pytest.raises(ShapeError, match="2 features of float64"):
            kernel(other)
    with pytest.raises(InputError, match="impl must be"):
        cubic_kernel_with(np.ones((2, 2)), np.ones(2), ground=1.0, factor=1.0, impl="fastest")
