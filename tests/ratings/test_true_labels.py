"""True labels: a published toy, the marginal likelihood by brute force, recovery of what was drawn, laws."""

import itertools

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError, UndefinedError
from evalkit.ratings import true_labels


def drawn(seed, n=400, accuracies=(0.95, 0.9, 0.6, 0.55, 0.5), missing=0.2):
    draw = np.random.default_rng(seed)
    truth = draw.choice(3, n, p=[0.5, 0.3, 0.2])
    columns = [np.where(draw.random(n) < right, truth, (truth + draw.integers(1, 3, n)) % 3) for right in accuracies]
    table = np.array(columns).T.astype(float)
    table[draw.random(table.shape) < missing] = np.nan
    return truth, pd.DataFrame(table)


@pytest.mark.parametrize("model", ["confusion", "one_coin"])
def test_good_raters_are_found_and_believed(model):
    truth, table = drawn(0)
    found = true_labels(table, model=model)
    assert found.converged
    majority = table.mode(axis=1)[0].to_numpy()
    assert (found.labels.to_numpy() == truth).mean() > (majority == truth).mean()
    np.testing.assert_allclose(found.accuracy, [0.95, 0.9, 0.6, 0.55, 0.5], atol=0.08)
    np.testing.assert_allclose(found.prevalence, [0.5, 0.3, 0.2], atol=0.07)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(found.confusion.sum(axis=2), 1)


@pytest.mark.parametrize("model", ["confusion", "one_coin"])
def test_the_likelihood_is_the_sum_over_all_truths(model):
    _, table = drawn(1, n=5, missing=0.3)
    found = true_labels(table, model=model, values=[0.0, 1.0, 2.0])
    total = 0.0
    for truths in itertools.product(range(3), repeat=5):
        chance = np.prod(found.prevalence[list(truths)])
        for unit, truth in enumerate(truths):
            for rater, said in enumerate(table.iloc[unit]):
                chance *= found.confusion[rater, truth, int(said)] if pd.notna(said) else 1
        total += chance
    assert found.log_likelihood == pytest.approx(np.log(total), abs=1e-6)


def test_a_rater_who_always_says_the_opposite_still_tells():
    draw = np.random.default_rng(2)
    truth = draw.integers(0, 2, 200)
    honest = [np.where(draw.random(200) < 0.8, truth, 1 - truth) for _ in range(3)]
    found = true_labels(np.column_stack([*honest, 1 - truth]))
    assert found.accuracy.iloc[3] < 0.1
    assert (found.labels.to_numpy() == truth).mean() > 0.97


def test_names_order_and_words_do_not_matter():
    _, table = drawn(3, n=60)
    found = true_labels(table)
    words = true_labels(table.replace({0.0: "x", 1.0: "y", 2.0: "z"}))
    np.testing.assert_allclose(words.probabilities.to_numpy(), found.probabilities.to_numpy(), atol=1e-6)
    turned = true_labels(table.iloc[::-1, ::-1])
    np.testing.assert_allclose(turned.probabilities.to_numpy()[::-1], found.probabilities.to_numpy(), atol=1e-6)
    long = table.stack().rename_axis(["unit", "rater"]).rename("label").reset_index()
    np.testing.assert_allclose(
        true_labels(long).probabilities.loc[table.index].to_numpy(), found.probabilities.to_numpy(), atol=1e-6
    )


def test_smoothing_keeps_one_label_from_certainty_and_is_said():
    table = pd.DataFrame([["a", "a", None], ["b", "b", None], ["a", "b", "b"], ["a", "a", "a"]])
    loose, tight = (true_labels(table, smoothing=s).probabilities.max(axis=1).mean() for s in (0.01, 2.0))
    assert tight < loose
    assert "0.01 labels added" in true_labels(table, smoothing=0.01).method


def test_what_tells_nothing_is_refused():
    with pytest.raises(UndefinedError, match="two different labels"):
        true_labels([["a", "a"], ["a", "a"]])
    with pytest.raises(UndefinedError, match="two raters"):
        true_labels([["a", None], [None, "b"]])
    with pytest.raises(InputError, match="smoothing"):
        true_labels([["a", "b"], ["b", "b"]], smoothing=0)
