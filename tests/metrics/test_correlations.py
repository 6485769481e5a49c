"""Correlations against NumPy's, and influences against leaving rows out."""

import numpy as np
import pytest

from evalkit.metrics.correlations import all_correlations, correlation, spread_out


@pytest.fixture
def values():
    draw = np.random.default_rng(0)
    made = draw.normal(size=(60, 4)) @ draw.normal(size=(4, 4))
    made[draw.random(made.shape) < 0.1] = np.nan
    return made


def test_complete_rows_as_numpy_has_them(values):
    together = all_correlations(np.column_stack([spread_out(column) for column in values.T]))
    for i in range(4):
        for j in range(4):
            complete = ~np.isnan(values[:, [i, j]]).any(axis=1)
            expected = np.corrcoef(values[complete][:, [i, j]].T)[0, 1] if i != j else 0.0
            assert together[i, j] == pytest.approx(expected, abs=1e-12)
            if i != j:
                assert correlation(values[:, i], values[:, j])[0] == pytest.approx(expected, abs=1e-12)


def test_influences_are_what_leaving_a_row_out_does(values):
    found, influences = correlation(values[:, 0], values[:, 1])
    n = len(values)
    without = [correlation(*np.delete(values[:, :2], i, axis=0).T)[0] for i in range(n)]
    left_out = (n - 1) * (found - np.array(without))
    assert np.corrcoef(left_out, influences)[0, 1] > 0.99
    assert influences.std() == pytest.approx(left_out.std(), rel=0.1)


def test_constants_have_none():
    constant, rising = np.full(9, 0.1 + 0.2), np.arange(9.0)
    assert correlation(constant, rising)[0] == 0.0
    assert not correlation(constant, rising)[1].any()
    assert not all_correlations(np.column_stack([spread_out(constant), spread_out(rising)])).any()
