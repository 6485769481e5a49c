"""FID-infinity: the line by scikit-learn, equal weights of all rows, no bias at equality, and the distance of known laws."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from evalkit.core.errors import InputError, ShapeError
from evalkit.metrics.frechet import Frechet, frechet_distance_of_rows
from evalkit.metrics.frechet_extrapolated import FrechetExtrapolated, _weights, parts_distances


def rows(seed, n=240, d=6, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, size=(n, d))


def measured(reference, generated, seed=0, **settings):
    return FrechetExtrapolated(**settings).estimates(reference, generated, seed=seed)["frechet_extrapolated"]


def test_it_is_the_intercept_of_a_line_in_one_over_the_rows():
    """Fitted by scikit-learn to the distances of each size, over the rows to a part."""
    found = measured(rows(0), rows(1), repeats=2)
    scaled = LinearRegression()
    distances = [np.array(parts_distances(rows(0), rows(1), seed=seed)) for seed in range(2)]
    intercepts = [scaled.fit(np.array([[1 / (240 / k)] for k in range(1, 5)]), one).intercept_ for one in distances]
    for one, intercept in zip(distances, intercepts, strict=True):
        assert one @ _weights(4) == pytest.approx(intercept)
    assert found.value == pytest.approx(np.mean(intercepts), abs=0.1 * distances[0][0])


def test_the_first_distance_is_that_of_all_rows_and_the_others_are_of_disjoint_parts():
    found = parts_distances(rows(0), rows(1, 200), parts=3)
    assert found[0] == pytest.approx(frechet_distance_of_rows(rows(0), rows(1, 200)))
    assert (np.diff(found) > 0).all()
    spread = parts_distances(rows(0, 5), rows(0, 5), parts=2)
    assert spread[0] == pytest.approx(0, abs=1e-9)


def test_the_bias_of_few_rows_is_left_out():
    values, plain, held = [], [], []
    for seed in range(12):
        pair = rows(seed, d=16), rows(100 + seed, d=16)
        found = measured(*pair, seed=seed)
        values.append(found.value)
        plain.append(frechet_distance_of_rows(*pair))
        held.append(found.interval().low <= 0 <= found.interval().high)
    assert abs(np.mean(values)) < 0.15 * np.mean(plain)
    assert np.mean(held) >= 0.8


def test_a_shift_is_its_square_whatever_the_numbers_of_rows():
    for n, m in ((240, 240), (600, 100)):
        interval = measured(rows(0, n), rows(1, m, shift=0.5)).interval()
        assert interval.low < 6 * 0.25 < interval.high
        assert interval.low > 0


def test_it_shares_the_influences_of_the_plain_distance_and_is_never_surer():
    found, plain = measured(rows(0), rows(1)), Frechet().estimates(rows(0), rows(1), seed=0)["frechet_plain"]
    np.testing.assert_array_equal(found.generated, plain.generated)
    assert found.variance > plain.variance


def test_odd_rows_are_defined():
    ones = np.ones((20, 3))
    assert measured(ones, ones).value == pytest.approx(0)
    assert measured(ones, ones + 1).value == pytest.approx(3)
    assert np.isfinite(measured(rows(0, 20, 50), rows(1, 30, 50)).interval()).all()
    far, near = (measured(rows(0) + by, rows(1) + by).value for by in (1e5, 0.0))
    assert far == pytest.approx(near, abs=1e-6)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="8 rows a side, got 7 and 240"):
        measured(rows(0, 7), rows(1))
    with pytest.raises(InputError, match="2 parts and 2 repeats"):
        FrechetExtrapolated(parts=1)


def test_the_interval_is_no_wider_than_it_needs_to_be_where_the_line_is_one():
    """With the distance to a parabola, which is the divisions' chance, the variance came out three times too large."""
    found = [measured(rows(seed, 100), rows(1000 + seed, 100), seed=seed) for seed in range(150)]
    assert np.mean([one.interval().low <= 0 <= one.interval().high for one in found]) >= 0.9
    assert np.mean([one.variance for one in found]) < 2.2 * np.var([one.value for one in found])


def test_bias_that_is_left_widens_the_interval():
    few = measured(rows(0, 60, 40), rows(1, 60, 40))
    by_moments = Frechet().estimates(rows(0, 60, 40), rows(1, 60, 40), seed=0)["frechet"]
    assert few.further_variance > 0.5 * (few.value - by_moments.value) ** 2
