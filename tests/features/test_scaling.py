"""Robust scales of awkward columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.features.scaling import CHANGED, scale_of

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def test_a_normal_column_has_deviation_1_whatever_its_offset_and_unit() -> None:
    values = np.random.default_rng(0).normal(size=4001)
    points = scale_of(values).points(values)
    assert points.std() == pytest.approx(1.0, abs=1e-12)
    far = scale_of(1e6 + 1000 * values)
    np.testing.assert_allclose(far.points(1e6 + 1000 * values), points, atol=1e-9)


def test_the_formula() -> None:
    values = np.arange(101.0)
    points = scale_of(values).points(np.array([80.0]))
    raw = np.arcsinh((values - 50) / (50 / 1.349))
    assert points[0] == pytest.approx(np.arcsinh(30 / (50 / 1.349)) / raw.std())


def test_one_huge_value_neither_hides_the_others_nor_is_hidden() -> None:
    values = np.append(np.random.default_rng(0).normal(size=1000), 1e300)
    points = scale_of(values).points(values)
    assert points[:-1].std() > 0.7
    assert points[-1] > 10


def test_the_place_between_two_heaps_stays_between_them() -> None:
    heaps = np.concatenate([np.random.default_rng(0).normal(at, 1.0, 500) for at in (0.0, 100.0)])
    low, middle, high = scale_of(heaps).points(np.array([0.0, 50.0, 100.0]))
    assert middle - low > 0.8
    assert high - middle > 0.8


def test_a_change_of_a_constant_is_seen_and_rounding_is_not() -> None:
    scale = scale_of(np.full(5, 0.1))
    assert scale.points(np.array([0.1, 0.1 + 1e-17, 0.2, 0.0, np.nan])).tolist() == [0.0, 0.0, CHANGED, -CHANGED, 0.0]


def test_many_zeros_leave_the_rest_its_scale() -> None:
    values = np.concatenate([np.zeros(800), np.random.default_rng(0).lognormal(size=200)])
    points = scale_of(values).points(np.array([0.0, 1.0, 2.0]))
    assert 0.5 < points[1] < 2.0
    assert points[2] > points[1]


def test_a_column_without_values_gives_zeros() -> None:
    assert scale_of(np.full(3, np.nan)).points(np.array([1.0, np.nan])).tolist() == [0.0, 0.0]


@given(st.lists(NUMBERS, min_size=1, max_size=20), st.lists(NUMBERS, min_size=2, max_size=5))
def test_points_are_finite_and_in_the_order_of_the_values(reference, values) -> None:
    points = scale_of(np.array(reference)).points(np.sort(np.array(values)))
    assert np.isfinite(points).all()
    assert (np.diff(points) >= 0).all()
