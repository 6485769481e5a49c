"""Adjusted p-values against scipy and the definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import false_discovery_control

from evalkit.core.errors import InputError
from evalkit.statistics import benjamini_hochberg, benjamini_yekutieli, holm

p_values = arrays(float, st.integers(1, 40), elements=st.floats(0, 1))


@given(p_values)
def test_step_up_equals_scipy(p):
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p, method="bh"), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(benjamini_yekutieli(p), false_discovery_control(p, method="by"), rtol=1e-9, atol=1e-300)


@given(p_values, st.floats(0.001, 0.999))
def test_holm_equals_its_step_down_procedure(p, level):
    flagged = np.zeros(len(p), dtype=bool)
    for rank, row in enumerate(np.argsort(p, kind="stable")):
        if p[row] * (len(p) - rank) * (1 - 1e-12) > level:
            break
        flagged[row] = True
    np.testing.assert_array_equal(holm(p) <= level, flagged)


@given(p_values, st.randoms())
def test_order_does_not_matter(p, random):
    order = list(range(len(p)))
    random.shuffle(order)
    for control in (benjamini_hochberg, benjamini_yekutieli, holm):
        np.testing.assert_array_equal(control(p[order]), control(p)[order])


def test_a_p_value_exactly_on_the_line_is_rejected():
    # 10 · 0.03 / 3 is 0.09999999999999999 or 0.1 depending on the order of operations
    p = np.array([0.01, 0.02, 0.03] + [1.0] * 7)
    assert (benjamini_hochberg(p) <= 0.1).tolist() == [True] * 3 + [False] * 7


def test_false_discoveries_stay_below_the_level():
    draw = np.random.default_rng(0)
    shares = []
    for _ in range(2000):
        p = draw.uniform(size=50)
        p[:10] = draw.uniform(size=10) ** 6
        flagged = benjamini_hochberg(p) <= 0.2
        shares.append(flagged[10:].sum() / max(flagged.sum(), 1))
    assert abs(np.mean(shares) - 0.2 * 40 / 50) < 4 * np.std(shares) / np.sqrt(2000)


@pytest.mark.parametrize("bad", [[-0.1], [1.1], [np.nan]])
@pytest.mark.parametrize("control", [benjamini_hochberg, benjamini_yekutieli, holm])
def test_what_is_no_p_value_is_refused(control, bad):
    with pytest.raises(InputError):
        control(np.array(bad))


def test_no_tests_no_values():
    assert benjamini_hochberg(np.array([])).shape == (0,)
