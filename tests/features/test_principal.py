"""Principal components against singular vectors."""

import numpy as np
import pytest

from evalkit.features.principal import principal_components


@pytest.mark.parametrize("shape", [(50, 8), (8, 50)])
def test_as_the_singular_vectors(shape: tuple[int, int]) -> None:
    rows = np.random.default_rng(0).normal(size=shape) * np.arange(1, shape[1] + 1) + 100
    mean, directions = principal_components(rows, 5)
    expected = np.linalg.svd(rows - rows.mean(axis=0))[2][:5]
    np.testing.assert_allclose(mean, rows.mean(axis=0))
    np.testing.assert_allclose(np.abs(directions @ expected.T), np.eye(5), atol=1e-9)
    assert (directions.max(axis=1) == np.abs(directions).max(axis=1)).all()


@pytest.mark.parametrize("rows", [np.full((7, 3), 0.1), np.full((3, 7), 0.1), np.ones((1, 4)), np.zeros((5, 2))])
def test_equal_rows_have_no_direction(rows: np.ndarray) -> None:
    assert principal_components(rows, 2)[1].shape == (0, rows.shape[1])


def test_as_many_directions_as_there_is_variance_in() -> None:
    draw = np.random.default_rng(0)
    plane = draw.normal(size=(100, 2)) @ draw.normal(size=(2, 9))
    assert principal_components(plane, 64)[1].shape == (2, 9)
