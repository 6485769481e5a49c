import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ncx2

from evalkit.core.errors import InputError
from evalkit.statistics.squared import SquaredDistance, _sankaran

SIZES = st.floats(1e-12, 1e12)


@pytest.mark.parametrize("distance", [0.0, 0.5, 2.0, 8.0, 100.0])
@pytest.mark.parametrize("slope", [0.3, 1.0, 3.0])
def test_it_holds_the_distance_in_95_of_100_draws_of_its_own_law(distance: float, slope: float) -> None:
    draw, error, scale = np.random.default_rng(0), SquaredDistance(1.0, slope), slope / 4
    degrees = 1 / (2 * scale**2)
    found = scale * (ncx2.rvs(degrees, distance / scale, size=1500, random_state=draw) - degrees)
    held = [low <= distance <= high for low, high in map(error.interval, found)]
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("distance", [0.0, 2.0, 30.0])
@pytest.mark.parametrize("degrees", [8.0, 60.0])
def test_with_its_bias_left_in_it_holds_the_mean_in_95_of_100_draws(distance: float, degrees: float) -> None:
    # In units in which the noise is 1.
    draw, scale = np.random.default_rng(0), (2 * degrees) ** -0.5
    bias = degrees * scale
    error = SquaredDistance(1.0, 4 * scale, bias)
    found = scale * ncx2.rvs(degrees, distance / scale, size=1500, random_state=draw)
    held = [low <= bias + distance <= high for low, high in map(error.interval, found)]
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


def test_no_mean_lies_below_the_bias() -> None:
    error = SquaredDistance(1.0, 1.0, bias=5.0)
    for value in (0.0, 1.0, 5.0, 50.0):
        low, high = error.interval(value)
        assert 0 <= low <= value <= max(high, 5.0)
        assert high >= 5
    assert error.interval(0.0)[0] == 0


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("bias", [1e-9, 1e9])
def test_a_bias_that_is_next_to_nothing_or_all_has_an_interval(bias: float, level: float) -> None:
    for value in (0.0, bias, 2 * bias):
        low, high = SquaredDistance(1.0, 1.0, bias).interval(value, level=level)
        assert 0 <= low <= high < np.inf


@given(st.floats(-5, 1e4), SIZES)
def test_it_grows_with_the_units_of_the_figure(value: float, unit: float) -> None:
    plain = SquaredDistance(1.0, 1.0).interval(value)
    scaled = SquaredDistance(unit**2, unit).interval(value * unit)
    assert np.array(scaled) / unit == pytest.approx(plain, rel=1e-3, abs=1e-3)


@given(st.floats(-3, 1e5), st.floats(0, 10), st.floats(1e-3, 1e3))
def test_a_larger_estimate_has_no_smaller_ends(value: float, more: float, slope: float) -> None:
    error = SquaredDistance(1.0, slope)
    (low, high), (lower, higher) = error.interval(value), error.interval(value + more)
    assert 0 <= low <= high
    assert lower >= low - 1e-6 * (1 + low)
    assert higher >= high - 1e-6 * (1 + high)


def test_far_from_0_it_is_the_normal_interval() -> None:
    low, high = SquaredDistance(1.0, 1.0).interval(1e6)
    assert (low, high) == pytest.approx((1e6 - 1960, 1e6 + 1960), abs=5)


@pytest.mark.parametrize(("degrees", "away"), [(9000.0, 900.0), (10.0, 9900.0), (5000.0, 5000.0)])
def test_many_degrees_are_as_good_as_normal(degrees: float, away: float) -> None:
    for share in (0.025, 0.5, 0.975):
        x = ncx2.isf(share, degrees, away)
        assert _sankaran(x, degrees, away) == pytest.approx(share, abs=1e-4)


def test_groups_make_it_wider_and_nothing_is_refused() -> None:
    error = SquaredDistance(1.0, 1.0)
    assert error.grouped(4.0) == SquaredDistance(16.0, 4.0)
    assert SquaredDistance(1.0, 1.0, 3.0).grouped(4.0) == SquaredDistance(16.0, 4.0, 12.0)
    with pytest.raises(InputError, match="above 0"):
        SquaredDistance(0.0, 1.0)
    with pytest.raises(InputError, match="bias from 0"):
        SquaredDistance(1.0, 1.0, -1.0)
