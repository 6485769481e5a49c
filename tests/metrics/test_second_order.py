import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.metrics.second_order import tempered


def variance(influences: np.ndarray, further: float) -> float:
    return float(influences.var(ddof=1)) / len(influences) + further


@given(st.floats(0.0, 10.0), st.floats(0.0, 10.0), st.integers(2, 50))
def test_the_whole_is_what_was_there_less_half_the_noise_or_half_the_noise(size: float, noise: float, n: int) -> None:
    rows = np.random.default_rng(n).normal(size=n)
    rows *= np.sqrt(size * n / rows.var(ddof=1))
    scaled, further = tempered(rows, noise)
    assert variance(scaled, further) == pytest.approx(max(size, noise) - noise / 2, rel=1e-9, abs=1e-12)
    assert further >= 0


def test_mean_of_squares_of_a_squared_mean() -> None:
    """(mean of n normals)² less its bias has variance 4 mu² / n + 2 / n²: the estimates' mean says so."""
    n, repeats = 200, 4000
    for mu in (0.0, 3 / np.sqrt(n)):
        draw = np.random.default_rng(0)
        said, figures = [], []
        for _ in range(repeats):
            rows = draw.normal(mu, 1, size=n)
            centred = rows - rows.mean()
            figures.append(rows.mean() ** 2 - rows.var(ddof=1) / n)
            said.append(variance(*tempered(2 * rows.mean() * centred, 4 * rows.var(ddof=1) ** 2 / n**2)))
        truth = 4 * mu**2 / n + 2 / n**2
        assert np.var(figures) == pytest.approx(truth, rel=0.1)
        # Where the noise is larger than the influences, no variance is negative: at equality the mean is above the truth.
        assert truth * 0.95 < np.mean(said) < truth * (1.1 if mu else 2.1)


def test_no_influence_at_all_is_no_error() -> None:
    rows, further = tempered(np.zeros(3), 0.0)
    assert rows.tolist() == [0, 0, 0]
    assert further == 0
