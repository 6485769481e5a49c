import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.metrics.second_order import Noise, degrees, tempered


def variance(influences: np.ndarray) -> float:
    return float(influences.var(ddof=1)) / len(influences)


@given(st.floats(0.0, 10.0), st.floats(0.0, 10.0), st.integers(2, 50))
def test_influences_lose_half_the_noise_and_at_most_half_of_what_they_are(size: float, noise: float, n: int) -> None:
    rows = np.random.default_rng(n).normal(size=n)
    rows *= np.sqrt(size * n / rows.var(ddof=1))
    scaled, other, further, squared, *_ = tempered(
        (rows, np.zeros(3)), Noise(noise, 0.0, 0.0), plug_in=2.0, at_equality=0.5, besides=0.5
    )
    assert variance(scaled) == pytest.approx(max(size - noise / 2, size / 2), rel=1e-9, abs=1e-12)
    assert further == pytest.approx(max(noise - size, 0) / 2 + 0.5, rel=1e-9, abs=1e-12)
    if size > 1e-6 and noise < 1:
        # Of equal laws a share is left that falls from 1.25 with the square of the figure, 1.5, in units of three deviations.
        left = 1.25 / (1 + 1.5**2 / (4.5 * noise)) if noise > 0 else 0.0
        slope = max(size - (1 - left) * noise, left * noise / 4) / (1.5 + left / 2)
        assert (squared.noise, squared.slope) == pytest.approx((noise / 2 + 0.5, slope))
    # The squared term's variance is always there.
    assert variance(scaled) + further >= noise / 2 * (1 - 1e-9)
    assert not other.any()


@pytest.mark.parametrize("mean", [0.0, 0.14, 0.28, 0.56, 2.0])
def test_a_squared_mean_is_held_wherever_it_lies(mean: float) -> None:
    """The mean of 200 normals, squared, less its bias: one dimension is the least favourable case."""
    n, held = 200, []
    draw = np.random.default_rng(0)
    for _ in range(1500):
        rows = draw.normal(mean, 1, size=n)
        bias = rows.var(ddof=1) / n
        influences = 2 * rows.mean() * (rows - rows.mean()), np.zeros(2)
        found = tempered(influences, Noise(4 * bias**2, 0.0, 0.0), rows.mean() ** 2, at_equality=bias)
        low, high = found.squared.interval(rows.mean() ** 2 - bias)
        held.append(low <= mean**2 <= high)
    assert 0.935 <= np.mean(held) <= 0.965


@pytest.mark.parametrize("place", [0, 7])
def test_a_distance_along_a_wide_or_a_narrow_direction_is_held(place: int) -> None:
    """With the growth of equal laws left in, the interval held 99 % along the narrow one."""
    n, draw, held = 60, np.random.default_rng(0), []
    spread = (1 + np.arange(8.0)) ** -0.5
    noise = 4 * float((spread**4).sum()) / n**2
    distance = 10 * (noise / 2) ** 0.5
    for _ in range(800):
        rows = draw.normal(size=(n, 8)) * spread + np.eye(8)[place] * distance**0.5
        mean, centred = rows.mean(axis=0), rows - rows.mean(axis=0)
        bias = float(centred.var(axis=0, ddof=1).sum()) / n
        found = tempered((2 * centred @ mean, np.zeros(2)), Noise(noise, 0.0, 0.0), float(mean @ mean), at_equality=bias)
        low, high = found.squared.interval(float(mean @ mean) - bias)
        held.append(low <= distance <= high)
    assert 0.915 <= np.mean(held) <= 0.975


def test_no_influence_at_all_is_no_error() -> None:
    first, second, further, *errs = tempered((np.zeros(3), np.zeros(2)), Noise(0.0, 0.0, 0.0), 0.0, at_equality=0.0)
    assert not first.any()
    assert not second.any()
    assert further == 0
    assert errs == [None, None, None]


def test_a_figure_of_all_but_0_leaves_the_error_that_chance_has() -> None:
    rows = np.array([-1.0, 1.0, -1.0, 1.0])
    squared = [tempered((rows, 0 * rows), Noise(1.0, 0.0, 0.0), plug_in, at_equality=0.5).squared for plug_in in (1e-17, 0.0, 1e-3)]
    assert [one.slope for one in squared] == pytest.approx([14 / 3] * 3, rel=0.01)


def test_what_both_sides_owe_to_each_other_counts_on_either() -> None:
    rows = np.random.default_rng(0).normal(size=(2, 40))
    found = tempered((rows[0], rows[1]), Noise(0.002, 0.003, 0.001), 1.0, at_equality=0.1)
    alone = [
        tempered((side, np.zeros(2)), Noise(own, 0.0, 0.0), 1.0, at_equality=0.1)
        for side, own in zip(rows, (0.003, 0.004), strict=True)
    ]
    assert found.pair.by_chance == 0.001
    assert found.squared.noise == pytest.approx((0.003 + 0.004) / 2)
    assert found.pair.scales == (alone[0].pair.scales[0], alone[1].pair.scales[0])
    assert found.reference == pytest.approx(rows[0] * found.pair.scales[0])


@pytest.mark.parametrize("spread", [np.ones(1), np.ones(6), 1 / np.arange(1.0, 20.0)])
def test_degrees_tell_in_how_many_directions_rows_vary(spread: np.ndarray) -> None:
    """Of normals: the fourth powers of the variances are met without bias, and so they do not fall with the rows."""
    draw = np.random.default_rng(0)
    found = [degrees((draw.normal(size=(200, len(spread))) * spread) @ draw.normal(size=(len(spread), 150))) for _ in range(20)]
    assert np.mean(found) == pytest.approx((spread**2).sum() ** 2 / (spread**4).sum(), rel=0.1)


def test_degrees_have_no_unit_and_are_defined_where_nothing_varies() -> None:
    products = np.random.default_rng(0).normal(size=(20, 3)) @ np.random.default_rng(1).normal(size=(3, 30))
    assert degrees(1e150 * products) == pytest.approx(degrees(products))
    assert degrees(np.zeros((4, 4))) == 1
    assert 1 <= degrees(np.eye(6)) <= 6
