"""Sliced Wasserstein distance: SciPy's along each direction, shifts by formula, influences by added weight, and its bias."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from evalkit.core.errors import InputError, ShapeError
from evalkit.metrics.sliced_wasserstein import Matching, SlicedWasserstein, _directions, _potential, sliced_wasserstein
from evalkit.statistics.influence import difference


def rows(seed, n=60, d=3, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, size=(n, d))


def cheapest(first, second, weights=None):
    """The squared distance on a line as a transport problem."""
    n, m = len(first), len(second)
    costs = ((first[:, None] - second) ** 2).ravel()
    sums = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    shares = np.concatenate([np.full(n, 1 / n) if weights is None else weights, np.full(m, 1 / m)])
    return linprog(costs, A_eq=sums, b_eq=shares, method="highs").fun


def measured(reference, generated, seed=0, **given):
    return SlicedWasserstein(**given).estimates(reference, generated, seed=seed)


@pytest.mark.parametrize(("n", "m"), [(5, 5), (4, 7), (9, 6), (1, 3)])
def test_the_matching_is_the_cheapest_transport(n, m):
    first, second = rows(0, n, 2), rows(1, m, 2) + 0.3
    found = Matching.of(n, m).costs(np.sort(first, axis=0), np.sort(second, axis=0))
    np.testing.assert_allclose(found, [cheapest(first[:, i], second[:, i]) for i in range(2)], rtol=1e-7)


def test_it_is_the_mean_of_squared_sorted_differences():
    """MIND's definition, direction by direction."""
    first, second, costs = rows(0), 2 * rows(1), []
    for direction in np.concatenate(list(_directions(3, 100, 0)), axis=1).T:
        costs.append(np.mean((np.sort(first @ direction) - np.sort(second @ direction)) ** 2))
    assert len(costs) == 102
    assert sliced_wasserstein(first, second, projections=100) == pytest.approx(3 * 3 * np.mean(costs), rel=1e-12)
    assert measured(first, second, projections=100)["mind"].value == pytest.approx(3 * 3 * np.mean(costs), rel=1e-12)


@pytest.mark.parametrize(("d", "projections"), [(1, 1), (5, 5), (5, 1000), (40, 100)])
def test_a_shift_is_3_d_of_its_square(d, projections):
    """torch-fidelity, tests/test_mind.py holds it to a tenth; whole sets of orthogonal directions give it exactly."""
    first = rows(0, 50, d)
    assert sliced_wasserstein(first, first + 0.5, projections=projections) == pytest.approx(3 * d * 0.25, rel=1e-9)


def test_directions_are_of_length_1_and_orthogonal_in_sets():
    vectors = np.concatenate(list(_directions(4, 100, 0)), axis=1)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=0), 1)
    for start in range(0, 100, 4):
        one = vectors[:, start : start + 4]
        np.testing.assert_allclose(one.T @ one, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(vectors @ vectors.T / 100, np.eye(4) / 4, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 20), st.integers(1, 20), st.integers(1, 6))
def test_laws(seed, n, m, d):
    """0 for equal samples, also of other sizes; symmetric; unmoved by shifts and orders; squared by factors."""
    draw = np.random.default_rng(seed)
    first, second = draw.normal(size=(n, d)), draw.exponential(size=(m, d))
    value = sliced_wasserstein(first, second, projections=20)
    assert sliced_wasserstein(first, first, projections=20) == pytest.approx(0, abs=1e-12)
    assert sliced_wasserstein(first, np.repeat(first, 3, axis=0), projections=20) == pytest.approx(0, abs=1e-12)
    for one, other in ((second, first), (first + 9, second + 9), (first[::-1], second[::-1])):
        assert sliced_wasserstein(one, other, projections=20) == pytest.approx(value, rel=1e-7)
    assert sliced_wasserstein(3 * first, 3 * second, projections=20) == pytest.approx(9 * value, rel=1e-9)


@pytest.mark.parametrize("m", [12, 30])
def test_the_potential_is_the_slope_of_added_weight(m):
    """Of the transport problem, solved anew with a row's weight raised and lowered."""
    draw = np.random.default_rng(0)
    values, others, step = np.sort(draw.normal(size=12)), np.sort(draw.normal(0.5, 2, size=m)), 1e-3
    images, _ = Matching.of(12, m).images(values[:, None], others[:, None])
    found, slopes = _potential(values[:, None], images, np.arange(12)[:, None]), []
    for i in range(12):
        up, down = (cheapest(values, others, (1 - by) / 12 + by * (np.arange(12) == i)) for by in (step, -step))
        slopes.append((up - down) / (2 * step))
    np.testing.assert_allclose(found, np.array(slopes) - np.mean(slopes), atol=0.1 * np.ptp(slopes))


def test_the_bias_is_taken_out_and_the_interval_holds():
    values, plain, held = [], [], []
    for seed in range(15):
        found = measured(rows(seed, 200, 4), rows(1000 + seed, 150, 4), seed=seed, projections=40)
        values.append(found["sliced_wasserstein"].value)
        plain.append(found["mind"].value)
        interval = found["sliced_wasserstein"].interval()
        held.append(interval.low <= 0 <= interval.high)
    assert abs(np.mean(values)) < 0.3 * np.mean(plain)
    assert np.mean(held) >= 0.8


def test_a_worse_generator_is_worse_and_strange_rows_are_to_blame():
    real, near, far = rows(0, 300), rows(1, 300), rows(2, 300)
    far[:20] += 4
    first, second = (measured(real, made, projections=100)["sliced_wasserstein"] for made in (near, far))
    assert difference(first, second).high < 0
    assert set(np.argsort(-second.generated)[:15]) <= set(range(20))


def test_odd_rows_are_defined():
    ones = np.ones((6, 3))
    assert measured(ones, ones)["sliced_wasserstein"].value == 0
    found = measured(ones, ones + 1)["sliced_wasserstein"]
    assert found.value == pytest.approx(9)
    assert found.variance == pytest.approx(0, abs=1e-12)
    far, near = (measured(rows(0) + by, rows(1, 50) + by)["mind"].value for by in (1e6, 0.0))
    assert far == pytest.approx(near, rel=1e-6)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="4 rows a side, got 3 and 60"):
        measured(rows(0, 3), rows(1))
    with pytest.raises(InputError, match="one projection or more, got 0"):
        sliced_wasserstein(rows(0), rows(1), projections=0)
    with pytest.raises(InputError, match="one projection or more, got -1"):
        SlicedWasserstein(projections=-1)
