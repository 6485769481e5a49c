"""Intraclass correlations: the table of Shrout and Fleiss with the intervals that R's psych prints, laws, coverage."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError, ShapeError, UndefinedError
from evalkit.ratings.agreement import FORMS, icc
from tests.ratings.agreement.published import FOUR_JUDGES


@pytest.mark.parametrize(
    ("form", "value", "low", "high"),
    [
        ("ICC1", 0.165742, -0.133, 0.72),
        ("ICC2", 0.289764, 0.019, 0.76),
        ("ICC3", 0.714841, 0.342, 0.95),
        ("ICC1k", 0.442797, -0.884, 0.91),
        ("ICC2k", 0.620051, 0.071, 0.93),
        ("ICC3k", 0.909316, 0.676, 0.99),
    ],
)
def test_the_table_of_shrout_and_fleiss(form, value, low, high):
    found = icc(FOUR_JUDGES, form=form)
    assert found.value == pytest.approx(value, abs=1e-6)
    assert (found.low, found.high) == (pytest.approx(low, abs=6e-4), pytest.approx(high, abs=6e-3))


def test_laws():
    table = np.array(FOUR_JUDGES, dtype=float)
    for form in FORMS:
        assert icc(table * 3 - 7, form=form) == pytest.approx(icc(table, form=form))
        assert icc(table[::-1, ::-1], form=form) == pytest.approx(icc(table, form=form))
    stricter = table - np.arange(4)
    assert icc(stricter, form="ICC3").value == pytest.approx(icc(table, form="ICC3").value)
    assert icc(stricter, form="ICC2").value != pytest.approx(icc(table, form="ICC2").value, abs=0.01)
    long = pd.DataFrame([(i, j, label) for i, row in enumerate(FOUR_JUDGES) for j, label in enumerate(row)])
    assert icc(long.set_axis(["unit", "rater", "label"], axis=1)) == pytest.approx(icc(table))


def test_perfect_agreement_is_one_and_consistency_forgives_a_constant():
    table = np.array([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]])
    for form in FORMS:
        assert icc(table, form=form).value == pytest.approx(1)
    assert icc(table + np.array([0, 1]), form="ICC3").value == pytest.approx(1)
    assert icc(table + np.array([0, 1]), form="ICC2").value < 0.9


@pytest.mark.parametrize("form", ["ICC1", "ICC2", "ICC3"])
def test_intervals_hold_the_truth(form):
    """600 draws of 20 units and 8 raters, variances 1 (units), 0.5 (raters), 1 (rest): 95 % within 3 standard errors."""
    truth = {"ICC1": 1 / 2.5, "ICC2": 1 / 2.5, "ICC3": 0.5}[form]
    held = 0
    for seed in range(600):
        draw = np.random.default_rng(seed)
        raters = draw.normal(0, 0.5**0.5, (1, 8)) if form != "ICC1" else draw.normal(0, 0.5**0.5, (20, 8))
        found = icc(draw.normal(size=(20, 1)) + raters + draw.normal(size=(20, 8)), form=form)
        held += found.low <= truth <= found.high
    assert 0.92 <= held / 600 <= 0.98


def test_what_is_undefined_or_does_not_suit_is_said():
    with pytest.raises(UndefinedError, match="all ratings are equal"):
        icc([[1, 1], [1, 1]])
    with pytest.raises(UndefinedError, match="units do not differ"):
        icc([[1, 2], [1, 2], [1, 2]], form="ICC3")
    with pytest.raises(UndefinedError, match="units do not differ"):
        icc([[1, 2, 3], [1, 2, 3]])
    assert np.isfinite(icc([[3, 1], [2, 2]])).all()
    for incomplete in ([[1, 2], [3, None]], [[1, None], [2, None]]):
        with pytest.raises(ShapeError, match="every rater's rating"):
            icc(incomplete)
    with pytest.raises(ShapeError, match="two units"):
        icc([[1, 2]])
    with pytest.raises(InputError, match="numbers"):
        icc([["a", "b"], ["b", "a"]])
    with pytest.raises(InputError, match="form must be"):
        icc(FOUR_JUDGES, form="ICC4")
