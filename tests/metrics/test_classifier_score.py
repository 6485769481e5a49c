"""Classifier score: the definition by loops over torch-fidelity's splits, its ends, and the score of ever more rows."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.core.errors import InputError, ShapeError
from evalkit.metrics.classifier_score import ClassifierScores, classifier_score, classifier_score_estimate
from evalkit.statistics.influence import difference


def probabilities(seed, n=200, classes=5, spread=0.4):
    return np.random.default_rng(seed).dirichlet(np.full(classes, spread), size=n)


def by_loops(rows):
    mean = [sum(row[k] for row in rows) / len(rows) for k in range(len(rows[0]))]
    total = sum(p * (math.log(p) - math.log(q)) for row in rows for p, q in zip(row, mean, strict=True) if p > 0)
    return math.exp(total / len(rows))


@pytest.mark.parametrize(("n", "splits"), [(200, 10), (203, 10), (40, 1), (7, 7)])
def test_it_is_the_definition_over_shuffled_splits(n, splits):
    """torch-fidelity, metric_isc.py: one permutation of seed 2020, parts from i n / splits on, population spread."""
    rows = probabilities(0, n)
    shuffled = rows[np.random.RandomState(2020).permutation(n)]
    scores = [by_loops(shuffled[i * n // splits : (i + 1) * n // splits].tolist()) for i in range(splits)]
    found = classifier_score(rows, splits)
    assert found.value == pytest.approx(np.mean(scores), rel=1e-9)
    assert found.spread == pytest.approx(np.std(scores), rel=1e-9, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 30), st.integers(2, 8))
def test_laws(seed, n, classes):
    """From 1 to the number of classes, whatever the classes' order; a class that never occurs changes nothing."""
    rows = probabilities(seed, n, classes)
    value = classifier_score(rows, 1).value
    assert 1 - 1e-9 <= value <= classes + 1e-9
    assert classifier_score(rows[:, ::-1], 1).value == pytest.approx(value)
    assert classifier_score(np.column_stack([rows, np.zeros(n)]), 1).value == pytest.approx(value)
    estimate = classifier_score_estimate(rows)
    assert estimate.variance >= 0
    assert estimate.generated.mean() == pytest.approx(0, abs=1e-9)


def test_the_ends_of_the_range():
    sure, alike = np.eye(4)[np.arange(40) % 4], np.tile([[0.7, 0.2, 0.1, 0.0]], (40, 1))
    assert classifier_score(sure, 1).value == pytest.approx(4)
    assert classifier_score(alike, 5).value == pytest.approx(1)
    best, least = classifier_score_estimate(sure), classifier_score_estimate(alike)
    assert best.value == 4
    assert best.interval().low < 4
    assert least.value == pytest.approx(1)


def test_the_influences_are_the_slopes_of_added_weight():
    rows, step = probabilities(0, 12), 1e-6
    found, slopes = classifier_score_estimate(rows), []

    def score(weights):
        return math.exp(weights @ (rows * np.log(rows / (weights @ rows))).sum(axis=1))

    base = np.full(12, 1 / 12)
    for i in range(12):
        slopes.append((score((1 - step) * base + step * (np.arange(12) == i)) - score(base)) / step)
    np.testing.assert_allclose(found.generated / found.value, np.array(slopes) / score(base), rtol=1e-3, atol=1e-4)


def test_many_classes_and_few_rows_take_nothing_off_the_estimate():
    """What 300 rows lack, 20,000 do not."""
    truth = classifier_score(probabilities(0, 20_000, 30), 1).value
    found = [classifier_score_estimate(probabilities(seed, 300, 30)) for seed in range(1, 21)]
    printed = [classifier_score(probabilities(seed, 300, 30)).value for seed in range(1, 21)]
    assert np.mean([estimate.value for estimate in found]) == pytest.approx(truth, rel=0.01)
    assert np.mean(printed) < 0.97 * truth
    assert np.mean([estimate.interval().low <= truth <= estimate.interval().high for estimate in found]) >= 0.8


def test_a_generator_that_drops_classes_has_a_lower_score():
    all_of_them, dropped = probabilities(0), probabilities(1, classes=5)
    dropped[:, 3:] = 0
    dropped /= dropped.sum(axis=1, keepdims=True)
    assert difference(*map(classifier_score_estimate, (all_of_them, dropped))).low > 0


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="10 rows and 2 classes"):
        classifier_score(probabilities(0, 9))
    with pytest.raises(ShapeError, match="2 classes"):
        classifier_score(np.ones((20, 1)))
    with pytest.raises(InputError, match="one split"):
        classifier_score(probabilities(0), 0)
    for broken in (np.nan, -0.5):
        rows = probabilities(0)
        rows[3, 1] = broken
        with pytest.raises(InputError, match="softmax"):
            classifier_score_estimate(rows)
    with pytest.raises(InputError, match="softmax"):
        classifier_score(3 * probabilities(0))


def test_the_metric_is_the_estimate_with_the_references_score_beside_it():
    real, made = probabilities(0), probabilities(1, 150)
    found = ClassifierScores().estimates(real, made, seed=0)["classifier_score"]
    alone = classifier_score_estimate(made)
    assert found.interval() == alone.interval()
    assert found.method.endswith(f"{classifier_score_estimate(real).value:.4g} in the reference")
    assert len(found.reference) == len(real)
    with pytest.raises(ShapeError, match="same classes"):
        ClassifierScores().estimates(real, probabilities(1, classes=4), seed=0)
    with pytest.raises(InputError, match="softmax"):
        ClassifierScores().estimates(real, np.log(made), seed=0)
