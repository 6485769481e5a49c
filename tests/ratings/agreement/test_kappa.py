"""Kappas: published tables, the definition for two raters, how they are related, coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from evalkit.core.errors import InputError, ShapeError, UndefinedError
from evalkit.ratings.agreement import Labels, cohen_kappa, fleiss_kappa, gwet_ac, krippendorff_alpha
from tests.ratings.agreement.published import FOUR_OBSERVERS, FOURTEEN_RATERS, TWO_ABSTRACTORS, two_raters, units


def test_the_tables_in_print():
    """Wikipedia's two articles; Gwet's abstractors and Krippendorff's table as irrCAC 1.0 prints them, with standard errors."""
    assert cohen_kappa(two_raters([[20, 5], [10, 15]])).value == pytest.approx(0.4)
    assert fleiss_kappa(Labels.of_counts(FOURTEEN_RATERS)).value == pytest.approx(0.2099307, abs=1e-7)
    rows = two_raters(TWO_ABSTRACTORS)
    for measure, expected, error in (
        (cohen_kappa, 0.7964094, 0.05891072),
        (fleiss_kappa, 0.7962397, 0.05905473),
        (gwet_ac, 0.8493305, 0.04321747),
    ):
        found = measure(rows)
        assert found.value == pytest.approx(expected, abs=1e-7)
        # It divides by n, Student's t by n - 1.
        assert (found.value - found.low) / 1.984217 == pytest.approx(error * np.sqrt(100 / 99), rel=1e-3)
    assert fleiss_kappa(units(FOUR_OBSERVERS)).value == pytest.approx(0.76117, abs=1e-5)
    assert gwet_ac(units(FOUR_OBSERVERS)).value == pytest.approx(0.77544, abs=1e-5)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), weights=st.sampled_from(["identity", "linear", "quadratic"]))
def test_cohens_equals_scikit_learn(seed, weights):
    draw = np.random.default_rng(seed)
    first = draw.integers(0, 4, 40)
    second = np.where(draw.random(40) < 0.5, first, draw.integers(0, 4, 40))
    expected = cohen_kappa_score(first, second, labels=range(4), weights=None if weights == "identity" else weights)
    found = cohen_kappa(np.column_stack([first, second]), weights=weights, values=range(4))
    assert found.value == pytest.approx(expected)
    assert found.low <= found.value <= found.high <= 1


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), measure=st.sampled_from([fleiss_kappa, gwet_ac]))
def test_laws(seed, measure):
    draw = np.random.default_rng(seed)
    table = draw.integers(1, 4, (15, 4)).astype(float)
    table[draw.random(table.shape) < 0.15] = np.nan
    found = measure(table, values=[1, 2, 3])
    assert measure(draw.permuted(table, axis=1), values=[1, 2, 3]).value == pytest.approx(found.value)
    assert measure(4 - table, values=[1, 2, 3]).value == pytest.approx(found.value)
    doubled = measure(np.vstack([table, table]), values=[1, 2, 3])
    assert doubled.value == pytest.approx(found.value)
    assert doubled.high - doubled.low < found.high - found.low or found.high == 1


def test_with_complete_labels_alpha_is_fleiss_kappa_less_the_bias_of_few_labels():
    table = np.random.default_rng(0).integers(0, 3, (20, 3))
    kappa = fleiss_kappa(table).value
    assert krippendorff_alpha(table, resamples=0).value == pytest.approx(kappa + (1 - kappa) / 60)


def test_two_labels_of_which_one_is_rare():
    """Feinstein and Cicchetti's paradox: nearly all agree, kappa is low, AC1 is not."""
    table = two_raters([[118, 5], [2, 0]])
    assert cohen_kappa(table).value < 0
    assert gwet_ac(table).value > 0.9


def test_gwets_ordinal_weights_are_not_krippendorffs_metric():
    table = units(FOUR_OBSERVERS)
    assert fleiss_kappa(table, weights="gwet_ordinal").value != pytest.approx(
        krippendorff_alpha(table, scale="ordinal").value, abs=0.01
    )


@pytest.mark.parametrize("measure", [cohen_kappa, fleiss_kappa, gwet_ac])
def test_intervals_hold_the_truth(measure):
    """400 draws of 120 units, a tenth of the labels missing: 95 % within 3 standard errors; the truth from 200,000 units."""

    def drawn(seed, n):
        draw = np.random.default_rng(seed)
        truth = draw.choice(3, n, p=[0.6, 0.3, 0.1])
        table = np.where(draw.random((n, 2)) < 0.7, truth[:, None], draw.integers(0, 3, (n, 2))).astype(float)
        table[draw.random(table.shape) < 0.1] = np.nan
        return table

    truth = measure(drawn(10**6, 200_000)).value
    held = [found.low <= truth <= found.high for found in (measure(drawn(seed, 120)) for seed in range(400))]
    assert 0.915 <= np.mean(held) <= 0.985


def test_what_is_undefined_or_does_not_suit_is_said():
    for measure in (cohen_kappa, fleiss_kappa, gwet_ac):
        with pytest.raises(UndefinedError, match="the same"):
            measure([["a", "a"], ["a", "a"], ["a", "a"]])
        with pytest.raises(UndefinedError, match="two units"):
            measure([["a", "b"], ["a", None]])
    assert gwet_ac([["a", "a"]] * 3, values=["a", "b"]).value == 1
    with pytest.raises(ShapeError, match="two raters"):
        cohen_kappa([["a", "b", "a"], ["a", "a", "b"]])
    with pytest.raises(InputError, match="weights must be"):
        cohen_kappa([["a", "b"], ["a", "a"]], weights="ordinal")
    with pytest.raises(InputError, match="whole numbers"):
        Labels.of_counts([[0.5, 1.5]])
