"""Absolute gaps: their differences keep the level from equal figures to figures far apart."""

import numpy as np
import pytest

from evalkit.core.errors import ShapeError
from evalkit.statistics.gaps import AbsoluteGap, variance_of_gap_difference
from evalkit.statistics.influence import Estimate, difference


def gap(real: np.ndarray, made: np.ndarray) -> Estimate:
    """Of the means of some columns, as a metric gives it."""
    signed = made.mean(axis=0) - real.mean(axis=0)
    return Estimate.of_gap(AbsoluteGap(signed, -(real - real.mean(axis=0)).T, (made - made.mean(axis=0)).T), "demo", (0.0, np.inf))


@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.parametrize("apart", [0.0, 0.05, 0.1, 0.5])
def test_equal_generators_are_called_different_as_often_as_said(columns, apart):
    draw, n, runs = np.random.default_rng(0), 400, 1500
    rejected = 0
    for _ in range(runs):
        real = draw.normal(size=(n, columns))
        first, second = (gap(real, draw.normal(apart, 1, size=(n, columns))) for _ in range(2))
        rejected += difference(first, second).p_value <= 0.05
    assert 0.03 <= rejected / runs <= 0.07


def test_the_interval_holds_the_gap_of_the_expectations():
    draw, held = np.random.default_rng(1), {0.0: 0, 0.3: 0}
    for apart in held:
        for _ in range(1000):
            found = gap(draw.normal(size=(200, 1)), draw.normal(apart, 1, size=(200, 1))).interval()
            held[apart] += found.low <= apart <= found.high
    assert all(930 <= count <= 970 for count in held.values())


@pytest.mark.parametrize("size", [0.0, 0.1, 0.3, 1.0])
def test_the_interval_of_a_mean_of_gaps_holds_where_one_of_their_signs_is_in_doubt(size):
    """Three that vary together: with the signs that were seen, intervals at the size 0.3 fall short of the bound."""
    draw, n, held = np.random.default_rng(4), 200, 0
    root = np.linalg.cholesky(0.8 + 0.2 * np.eye(3))
    away = size * np.array([1.0, 0.2, 0.5])
    for _ in range(1000):
        real, made = draw.normal(size=(2, n, 3)) @ root.T
        found = gap(real, made + away).interval()
        held += found.low <= away.mean() <= found.high
    assert 930 <= held <= 990


def test_far_from_0_it_is_the_difference_of_the_differences():
    draw = np.random.default_rng(2)
    real, first, second = draw.normal(size=(100, 2)), draw.normal(9, 1, size=(80, 2)), draw.normal(-9, 1, size=(60, 2))
    one, other = gap(real, first), gap(real, second)
    plain = Estimate(one.value, "lower", "demo", one.reference, one.generated)
    beside = Estimate(other.value, "lower", "demo", other.reference, other.generated)
    assert difference(one, other).standard_error == pytest.approx(difference(plain, beside).standard_error, rel=1e-6)
    assert difference(one, other).value == -difference(other, one).value


def test_groups_of_rows_count_as_one():
    draw = np.random.default_rng(3)
    real, made = np.repeat(draw.normal(size=(50, 1)), 4, axis=0), np.repeat(draw.normal(size=(50, 1)), 4, axis=0)
    alone, groups = gap(real, made), np.repeat(np.arange(50), 4)
    together = alone.grouped(groups, groups)
    assert together.variance == pytest.approx(4 * alone.variance, rel=0.05)
    assert together.gap is not None
    near = variance_of_gap_difference(together.gap, together.gap), variance_of_gap_difference(alone.gap, alone.gap)
    assert near[0] > near[1]


def test_gaps_that_do_not_fit_are_refused():
    rows = np.zeros((1, 5))
    with pytest.raises(ShapeError, match="influences of 2 differences"):
        AbsoluteGap(np.zeros(2), rows, rows)
    with pytest.raises(ShapeError, match="same rows"):
        variance_of_gap_difference(AbsoluteGap(np.zeros(1), rows, rows), AbsoluteGap(np.zeros(1), rows[:, :4], rows))
