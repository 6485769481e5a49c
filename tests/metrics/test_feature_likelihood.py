"""Feature likelihood divergence: the variances by a general optimiser, the density by SciPy, copies, and odd rows."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from evalkit.core.errors import InputError, ShapeError
from evalkit.metrics.feature_likelihood import FeatureLikelihood, feature_likelihood_divergence, fitted_variances


def rows(seed, n=60, d=3, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, size=(n, d))


def by_scipy(scored, centres, variances):
    """Nats a feature, row by row and law by law."""
    found = []
    for row in scored:
        laws = [
            multivariate_normal.logpdf(row, centre, variance * np.eye(len(row)))
            for centre, variance in zip(centres, variances, strict=True)
        ]
        found.append(-(logsumexp(laws) - math.log(len(centres))) / len(row))
    return np.array(found)


def test_the_variances_are_the_likeliest():
    """No general optimiser finds variances under which the rows are likelier, the fld package's broad component among them."""
    fitted, centres = rows(0, 80, 2), rows(1, 4, 2)
    squares = ((fitted[:, None] - centres) ** 2).sum(axis=2)
    broad = 0.81 * ((fitted - fitted.mean(axis=0)) ** 2).sum(axis=1)

    def surprise(logs):
        each = -squares / (2 * np.exp(logs[:-1])) - logs[:-1] - math.log(len(centres))
        return -logsumexp(np.column_stack([each, -broad / (2 * np.exp(logs[-1])) - logs[-1]]), axis=1).mean()

    best = minimize(surprise, np.zeros(5), method="L-BFGS-B").fun
    found = np.log(fitted_variances(fitted, centres))
    assert minimize(lambda last: surprise(np.append(found, last)), np.zeros(1)).fun == pytest.approx(best, abs=1e-3)
    assert surprise(np.zeros(5)) > best + 0.02


def test_it_is_the_definition():
    """Standardised by the scored rows, less the half of the fitted rows that foretells with the other half's widths."""
    fitted, scored, made = rows(0, 30, 2), 3 * rows(1, 25, 2) + 5, rows(2, 20, 2)
    found = feature_likelihood_divergence(fitted, scored, made)
    first, second, centres = ((one - scored.mean(axis=0)) / scored.std(axis=0, ddof=1) for one in (fitted, scored, made))
    own = by_scipy(second, centres, fitted_variances(first, centres))
    usual = by_scipy(second, first[:15], fitted_variances(first[15:], first[:15]))
    np.testing.assert_allclose(found.rows, 100 * (own - usual), rtol=1e-9)
    assert found.value == pytest.approx(100 * (own.mean() - usual.mean()))


def test_the_influences_are_the_slopes_of_added_weight():
    fitted, scored, made = rows(0, 30, 2), rows(1, 25, 2), rows(2, 12, 2)
    found, step = feature_likelihood_divergence(fitted, scored, made), 1e-5
    first, second, centres = ((one - scored.mean(axis=0)) / scored.std(axis=0, ddof=1) for one in (fitted, scored, made))
    variances = fitted_variances(first, centres)

    def surprise(weights):
        laws = [
            np.log(w) + multivariate_normal.logpdf(second, c, v * np.eye(2))
            for w, c, v in zip(weights, centres, variances, strict=True)
        ]
        return -100 * logsumexp(laws, axis=0).mean() / 2

    base = np.full(12, 1 / 12)
    slopes = [(surprise((1 - step) * base + step * (np.arange(12) == i)) - surprise(base)) / step for i in range(12)]
    np.testing.assert_allclose(found.generated, slopes, rtol=1e-3, atol=1e-3)
    assert found.generated.mean() == pytest.approx(0, abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 5))
def test_laws(seed, d):
    """Unmoved by shifts and scales of a feature; finite."""
    draw = np.random.default_rng(seed)
    sides = [draw.normal(size=(n, d)) for n in (20, 15, 12)]
    value, scale = feature_likelihood_divergence(*sides).value, draw.uniform(0.1, 10, d)
    moved = feature_likelihood_divergence(*(side * scale + 7 for side in sides)).value
    assert moved == pytest.approx(value, rel=1e-6, abs=1e-6)


def test_bad_rows_lost_modes_and_copies_are_all_worse_than_new_real_rows():
    draw = np.random.default_rng(0)

    def modes(n, kinds=4):
        return 6 * np.eye(4)[draw.integers(0, kinds, n)] + draw.normal(size=(n, 4))

    fitted, scored = modes(150), modes(150)
    fresh, lost, copied = modes(150), modes(150, kinds=2), np.repeat(fitted[:30] + 1e-4, 5, axis=0)
    fine, *worse = (
        feature_likelihood_divergence(fitted, scored, made).value for made in (fresh, fresh + 1, lost, copied, fitted + 1e-6)
    )
    assert abs(fine) < 10
    assert min(worse) > fine + 10


def test_the_interval_tells_worse_rows_and_names_them():
    real, made = rows(0, 200), rows(1, 200)
    made[:20] += 5
    found = FeatureLikelihood().estimates(real, made, seed=0)["feature_likelihood"]
    assert found.direction == "lower"
    np.testing.assert_allclose(found.generated[:20], found.generated.max(), rtol=0.1)
    assert (found.generated[20:] < 0).any()
    far = FeatureLikelihood().estimates(real, rows(1, 200, shift=2.0), seed=0)["feature_likelihood"]
    assert far.interval().low > found.interval().high


def test_odd_rows_are_defined():
    ones = np.ones((40, 3))
    assert FeatureLikelihood().estimates(ones, ones, seed=0)["feature_likelihood"].value == pytest.approx(0)
    for real, made in (
        (rows(0), ones),
        (ones, rows(0)),
        (rows(0, 900), rows(1, 8)),
        (rows(0, 32), rows(1, 900)),
        (rows(0) + 1e6, rows(1) + 1e6),
        (rows(0, 40, 90), rows(1, 40, 90)),
    ):
        assert np.isfinite(FeatureLikelihood().estimates(real, made, seed=0)["feature_likelihood"].interval()).all()


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="32 reference rows, got 31"):
        FeatureLikelihood().estimates(rows(0, 31), rows(1), seed=0)
    with pytest.raises(ShapeError, match="8 rows a side, got 60 and 7"):
        FeatureLikelihood().estimates(rows(0), rows(1, 7), seed=0)
    with pytest.raises(ShapeError, match="4 rows to fit to, got 3"):
        feature_likelihood_divergence(rows(0, 3), rows(1), rows(2))
    with pytest.raises(InputError, match="half or more repeat others"):
        FeatureLikelihood().estimates(np.repeat(rows(0), 2, axis=0), rows(1), seed=0)
    with pytest.raises(InputError, match="finite"):
        feature_likelihood_divergence(rows(0), rows(1), rows(2) * np.nan)
