"""Conformal p-values: the definition, validity, ties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evalkit.core.errors import InputError, ShapeError
from evalkit.statistics import benjamini_hochberg, calibration_rows_needed, conformal_p_values

scores = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))


@given(arrays(float, st.integers(1, 30), elements=scores), arrays(float, st.integers(0, 10), elements=scores))
def test_equals_the_definition(calibration, new):
    expected = [(1 + sum(c >= s - 1e-9 * abs(s) for c in calibration)) / (len(calibration) + 1) for s in new]
    np.testing.assert_allclose(conformal_p_values(calibration, new), expected)


def test_uniform_for_exchangeable_rows():
    draw = np.random.default_rng(0)
    p = np.concatenate([conformal_p_values(draw.normal(size=99), draw.normal(size=1)) for _ in range(20_000)])
    for level in (0.01, 0.05, 0.1, 0.5):
        assert abs((p <= level).mean() - level) < 4 * np.sqrt(level * (1 - level) / 20_000)


def test_the_last_bit_of_a_score_cannot_change_a_p_value():
    calibration = np.array([1.0, 2.0, 3.0])
    noisy = np.nextafter(2.0, 3.0), 2.0, np.nextafter(2.0, 1.0)
    assert len(set(conformal_p_values(calibration, np.array(noisy)))) == 1


def test_a_lone_anomaly_is_flagged_from_the_named_number_of_rows_on():
    for fdr, n_rows in ((0.1, 200), (0.05, 37), (0.2, 1), (0.3, 10)):
        needed = calibration_rows_needed(fdr, n_rows)
        for n_calibration, flagged in ((needed, True), (needed - 1, False)):
            p = np.ones(n_rows)
            p[0] = 1 / (n_calibration + 1)
            assert (benjamini_hochberg(p)[0] <= fdr) == flagged


def test_refusals():
    with pytest.raises(ShapeError):
        conformal_p_values(np.array([]), np.array([1.0]))
    with pytest.raises(InputError):
        conformal_p_values(np.array([1.0]), np.array([np.nan]))
    with pytest.raises(InputError):
        calibration_rows_needed(1.5, 10)
