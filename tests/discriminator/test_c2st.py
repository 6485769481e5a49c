"""The classifier test: figures of known laws, level, power, degenerate rows."""

import numpy as np
import pytest
from scipy import stats

from evalkit.core.errors import InputError, ShapeError
from evalkit.discriminator import FAMILIES
from evalkit.discriminator.c2st import ClassifierTest, judge
from evalkit.metrics import Metric
from evalkit.statistics import auc
from evalkit.statistics.influence import difference


def gaussians(n, shift, d=4, seed=0, m=None):
    draw = np.random.default_rng(seed)
    generated = draw.normal(size=(m or n, d))
    generated[:, 0] += shift
    return draw.normal(size=(n, d)), generated


@pytest.mark.parametrize("distance", [0.5, 1.0, 2.0])
def test_the_line_reaches_the_best_possible_between_gaussians(distance):
    found = ClassifierTest("logistic").run(*gaussians(4000, distance), seed=1, control=False).found
    assert found.auc.low <= stats.norm.cdf(distance / np.sqrt(2)) <= found.auc.high
    assert found.accuracy.low <= stats.norm.cdf(distance / 2) <= found.accuracy.high
    assert (found.n, found.n_training) == (2000, 2000)


def test_the_test_keeps_its_level():
    rejected = np.zeros(2)
    for seed in range(200):
        found = ClassifierTest("logistic").run(*gaussians(80, 0.0, seed=seed), seed=seed, control=False).found
        rejected += [found.p_value <= 0.05, found.accuracy_p_value <= 0.05]
    assert (rejected / 200 <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)).all()


def test_the_test_keeps_its_level_when_rows_repeat():
    rejected = 0
    for seed in range(200):
        draw = np.random.default_rng(seed)
        samples = draw.integers(0, 6, (2, 80, 2)).astype(float)
        rejected += ClassifierTest("logistic").run(*samples, seed=seed, control=False).found.p_value <= 0.05
    assert rejected / 200 <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)


def test_no_difference_is_one_half_on_average_whatever_the_sizes():
    areas, accuracies = [], []
    for seed in range(64):
        found = ClassifierTest("logistic").run(*gaussians(60, 0.0, seed=seed, m=540), seed=seed, control=False).found
        areas.append(found.auc.value)
        accuracies.append(found.accuracy.value)
        assert (found.n, found.n_training) == (30, 30)
    for values in (areas, accuracies):
        assert abs(np.mean(values) - 0.5) < 4 * np.std(values) / 8


def test_it_has_power():
    p_values = [
        ClassifierTest("logistic").run(*gaussians(400, 0.5, seed=i), seed=i, control=False).found.p_value for i in range(20)
    ]
    assert np.mean(np.array(p_values) <= 0.05) >= 0.9


@pytest.mark.parametrize("family", ["boosted_trees", "mlp"])
def test_curved_families_see_what_a_line_cannot(family):
    draw = np.random.default_rng(0)
    reference, generated = draw.normal(size=(600, 2)), 2 * draw.normal(size=(600, 2))
    assert ClassifierTest(family).run(reference, generated, seed=0).found.auc.low > 0.65
    assert ClassifierTest("logistic").run(reference, generated, seed=0).found.auc.low < 0.6


@pytest.mark.parametrize("family", FAMILIES)
def test_the_control_shows_no_difference_and_a_seed_decides_all(family):
    more = [1] * (len(FAMILIES[family].axes) - 1)
    reference, generated = (rows.reshape(*rows.shape, *more) for rows in gaussians(160, 1.0))
    first, second = (ClassifierTest(family).run(reference, generated, seed=2) for _ in range(2))
    assert (first.found.real == second.found.real).all()
    assert first.found.p_value == second.found.p_value
    assert first.control.auc == second.control.auc
    assert first.control.n == 40
    assert first.control.auc.low <= 0.5 <= first.control.auc.high


def test_a_row_by_heart_helps_nobody():
    """Generated rows that are copies of reference rows, each also twice in the reference: trees must not learn them by heart."""
    p_values = []
    for seed in range(16):
        draw = np.random.default_rng(seed)
        real = draw.normal(size=(100, 3))
        result = ClassifierTest("boosted_trees").run(
            np.repeat(real, 2, axis=0), draw.normal(size=(200, 3)), seed=seed, control=False
        )
        p_values.append(result.found.p_value)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 16)


def test_figures_of_given_answers():
    judged = judge(np.array([0.9, 0.8, 0.5, 0.4]), np.array([0.5, 0.1, 0.2, 0.7]), seed=0)
    assert judged.auc.value == auc(np.array([0.9, 0.8, 0.5, 0.4]), np.array([0.5, 0.1, 0.2, 0.7])) == 12.5 / 16
    assert judged.accuracy.value == 5 / 8
    assert judged.accuracy_p_value == pytest.approx(stats.binomtest(5, 8, alternative="greater").pvalue)


def test_a_constant_answer_is_chance():
    result = ClassifierTest("boosted_trees").run(np.ones((50, 2)), np.ones((50, 2)), seed=0)
    assert (result.found.auc.value, result.found.accuracy.value, result.found.p_value) == (0.5, 0.5, 1.0)


def test_two_generators_are_compared_row_by_row():
    draw = np.random.default_rng(0)
    reference = draw.normal(size=(600, 2))
    near, far = (draw.normal(size=(600, 2)) + shift for shift in (0.2, 1.0))
    test: Metric = ClassifierTest("logistic")
    first, second = (test.estimates(reference, generated, seed=0)["c2st"] for generated in (near, far))
    assert first.direction == "lower"
    assert first.reference.shape == (600,)
    told = difference(first, second)
    assert told.high < 0
    assert told.p_value < 0.001
    # on the same held-out reference rows
    assert (((first.reference != 0) == (second.reference != 0)).mean()) > 0.99


def test_the_estimates_variance_is_that_of_the_held_out_rows():
    result = ClassifierTest("logistic").run(*gaussians(300, 0.7), seed=0, control=False)
    low, high = result.given_the_classifier.interval()[1:]
    np.testing.assert_allclose([low, high], result.found.auc[1:], atol=0.01)


def test_the_estimate_adds_the_chance_of_what_was_learned():
    samples = gaussians(300, 0.7)
    result = ClassifierTest("logistic").run(*samples, seed=0, control=False)
    estimate = ClassifierTest("logistic").estimate(*samples, seed=0)
    assert estimate.value == result.found.auc.value
    assert result.given_the_classifier.variance < estimate.variance < 2 * result.given_the_classifier.variance
    assert "sixths" in estimate.method


def test_few_rows_have_an_estimate_too():
    assert ClassifierTest("logistic").estimate(*gaussians(10, 0.0), seed=0).variance > 0
    copies = np.repeat(np.arange(6.0), 4)[:, None]
    assert ClassifierTest("logistic").estimate(copies, copies + 0.5, seed=0).variance >= 0


def test_few_rows_have_no_control_or_a_sentence():
    assert ClassifierTest("logistic").run(*gaussians(12, 0.0), seed=0).control is None
    with pytest.raises(ShapeError, match="10 rows a side"):
        ClassifierTest("logistic").run(*gaussians(9, 0.0), seed=0)
    with pytest.raises(InputError, match="choose one of logistic"):
        ClassifierTest("oracle")
    with pytest.raises(InputError, match="copies of a few others"):
        rows = np.repeat(np.arange(2.0), 10)[:, None]
        ClassifierTest("logistic").run(rows[:10], rows[10:], seed=0)
