import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ncx2

from evalkit.core.errors import InputError
from evalkit.statistics.squared import SquaredDistance, _sankaran, variance_of_difference

SIZES = st.floats(1e-12, 1e12)


@pytest.mark.parametrize("distance", [0.0, 0.5, 2.0, 8.0, 100.0])
@pytest.mark.parametrize("slope", [0.3, 1.0, 3.0])
def test_it_holds_the_distance_in_95_of_100_draws_of_its_own_law(distance: float, slope: float) -> None:
    draw, error, scale = np.random.default_rng(0), SquaredDistance(1.0, slope), slope / 4
    degrees = 1 / (2 * scale**2)
    found = scale * (ncx2.rvs(degrees, distance / scale, size=1500, random_state=draw) - degrees)
    held = [low <= distance <= high for low, high in map(error.interval, found)]
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


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
    assert SquaredDistance(1.0, 1.0, shared=0.5).grouped(4.0).shared == 8
    with pytest.raises(InputError, match="above 0"):
        SquaredDistance(0.0, 1.0)


@pytest.mark.parametrize(("shift", "rows"), [(0.0, (60, 60)), (0.1, (60, 60)), (0.0, (60, 30)), (1.0, (40, 80))])
@pytest.mark.parametrize("opposite", [False, True])
def test_equally_far_generators_are_called_different_as_rarely_as_they_should(
    shift: float, rows: tuple[int, int], opposite: bool
) -> None:
    """Squared distances of the means of 8 normals, of one law or on opposite sides; with bounds of Binomial(1500, 0.05)."""
    n, d, told = 60, 8, 0
    draw = np.random.default_rng(0)
    for _ in range(1500):
        reference, *generated = draw.normal(size=(n, d)), *(draw.normal(size=(size, d)) for size in rows)
        generated[0][:, 0] += shift
        generated[1][:, 0] += -shift if opposite else shift
        distances, influences = [], []
        for side in generated:
            away = reference.mean(axis=0) - side.mean(axis=0)
            distances.append(away @ away - d / n - d / len(side))
            influences.append((2 * (reference - reference.mean(axis=0)) @ away, -2 * (side - side.mean(axis=0)) @ away))
        errors = [SquaredDistance(1.0, 1.0, shared=4 * d / (n * size)) for size in rows]
        told += abs(distances[0] - distances[1]) > 1.96 * variance_of_difference(*influences, *errors) ** 0.5
    most = 115 if opposite else 100
    assert (30 if rows == (60, 60) else 5) <= told <= most


def test_what_else_a_distance_rests_on_widens_a_difference_of_two() -> None:
    rows, draw = np.arange(10.0), np.random.default_rng(0)
    pair = (rows, draw.normal(size=20)), (rows, draw.normal(size=20))
    plain, more = (variance_of_difference(*pair, *[SquaredDistance(1.0, 1.0, besides=besides)] * 2) for besides in (0.0, 0.25))
    assert more == pytest.approx(plain + 0.5)


def test_influences_count_as_they_were_before_they_were_scaled() -> None:
    draw = np.random.default_rng(0)
    pair = [(draw.normal(size=30), draw.normal(size=20)) for _ in range(2)]
    plain = SquaredDistance(1.0, 1.0, shared=0.01)
    halves = SquaredDistance(1.0, 1.0, shared=0.01, scales=(0.5, 0.25))
    scaled = [(ours * 0.5, theirs * 0.25) for ours, theirs in pair]
    assert variance_of_difference(*scaled, halves, halves) == pytest.approx(variance_of_difference(*pair, plain, plain))
