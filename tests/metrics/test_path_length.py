from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import trim_mean

from evalkit.core.errors import InputError, ShapeError
from evalkit.metrics.path_length import path_length, path_steps


def test_a_linear_generator_has_the_length_of_its_matrix() -> None:
    """Between two standard normal noises the straight way has a mean squared length of 2 for each direction."""
    matrix = np.random.default_rng(0).normal(size=(5, 7))
    value, low, high = path_length(lambda noise: noise @ matrix, 5, path="linear", trimmed=0)
    expected = 2 * (matrix**2).sum()
    assert low <= expected <= high
    assert value == pytest.approx(expected, rel=0.1)


def test_a_step_is_that_of_the_path() -> None:
    """The identity by the spherical path, against the angle and the lengths at its ends."""
    ends: list[np.ndarray] = []

    def kept(noise: np.ndarray) -> np.ndarray:
        ends.append(noise)
        return noise

    steps = path_steps(kept, 300, pairs=20)
    start, end = np.split(ends[0], 2)
    # In 300 directions the lengths are about sqrt(300) and the angle about a right one.
    assert np.linalg.norm(start, axis=1) == pytest.approx(np.sqrt(300), rel=0.2)
    assert np.sqrt(steps) == pytest.approx(np.sqrt(300) * np.pi / 2, rel=0.2)
    np.testing.assert_allclose(((end - start)[:20] ** 2).sum(axis=1) / 1e-8, steps, rtol=1e-9)


def test_smoother_is_shorter_and_size_of_the_step_hardly_counts() -> None:
    def wave(pace: float) -> Callable[[np.ndarray], np.ndarray]:
        return lambda noise: np.sin(pace * noise)

    slow, fast = (path_length(wave(pace), 6, pairs=500) for pace in (0.5, 3.0))
    assert slow.high < fast.low
    assert path_length(wave(0.5), 6, pairs=500, epsilon=1e-3).value == pytest.approx(slow.value, rel=1e-2)


def test_features_and_images_are_taken() -> None:
    def draw(noise: np.ndarray) -> np.ndarray:
        return np.tile(noise[:, :, None], (1, 1, 4)).astype(np.float32)

    pixels = path_length(draw, 4, pairs=100)
    assert path_length(draw, 4, pairs=100, features=lambda rows: rows.mean(axis=2)).value == pytest.approx(
        pixels.value / 4, rel=1e-2
    )


def test_the_interval_holds_the_laws_trimmed_mean() -> None:
    def draw(noise: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return noise**2

    truth = trim_mean(path_steps(draw, 2, pairs=100_000, path="linear", seed=10**6), 0.01)
    held = []
    for seed in range(200):
        _, low, high = path_length(draw, 2, pairs=300, path="linear", seed=seed)
        held.append(low <= truth <= high)
    assert 0.9 <= np.mean(held) <= 0.99


def test_a_generator_of_one_row_has_no_length() -> None:
    assert path_length(lambda noise: np.ones((len(noise), 3)), 4, pairs=50) == (0, 0, 0)


def test_what_cannot_be_had_is_refused() -> None:
    with pytest.raises(InputError, match="floats, got uint8"):
        path_length(lambda noise: (255 * (noise > 0)).astype(np.uint8), 4)
    with pytest.raises(ShapeError, match="a row for each noise"):
        path_length(lambda noise: noise[1:], 4)
    with pytest.raises(InputError, match="finite"):
        path_length(lambda noise: np.full_like(noise, np.nan), 4)
    for settings in ({"epsilon": 0.0}, {"pairs": 5}, {"path": "winding"}):
        with pytest.raises(InputError, match="20 pairs"):
            path_length(lambda noise: noise, 4, **settings)
    with pytest.raises(InputError, match="spherical"):
        path_length(lambda noise: noise, 1)
    for named in ({"trimmed": 0.5}, {"trimmed": -0.1}, {"level": 1.0}):
        with pytest.raises(InputError, match="below one half"):
            path_length(lambda noise: noise, 4, **named)
