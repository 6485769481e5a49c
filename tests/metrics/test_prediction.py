"""Skill against scikit-learn's figures and its influences against leaving rows out; what trees are told and what they answer."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import r2_score, roc_auc_score

from evalkit.core.sample import Table
from evalkit.core.schema import Column, Schema
from evalkit.metrics.prediction import answers, by_frequency, places, skill, tasks
from evalkit.metrics.table_columns import columns_of

KINDS = {"x": "number", "y": "number", "c": "category"}


def table(frame, kinds=KINDS):
    schema = Schema(modality="table", columns=tuple(Column(name=name, kind=kind) for name, kind in kinds.items()))
    return Table("demo", schema, pd.DataFrame(frame))


def drawn(seed, n=80, labels=3):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=n)
    c = np.array([f"{code}" for code in np.clip(np.round(x + draw.normal(size=n)), -(labels // 2), labels // 2)], dtype=object)
    return table({"x": x, "y": x + draw.normal(size=n), "c": c})


def of(name, reference, generated):
    return tasks([by_frequency(column) for column in columns_of(reference, generated)])[name]


def test_the_skill_of_numbers_is_r2():
    task = of("y", drawn(0), drawn(1))
    truth, said = np.random.default_rng(0).normal(size=(2, 50))
    assert skill(task, said, truth)[0] == pytest.approx(r2_score(truth, said))
    assert skill(task, np.full(50, truth.mean()), truth)[0] == pytest.approx(0)


def test_the_unit_of_a_number_does_not_count():
    """Squares of 1e-200 are 0, those of 1e200 infinite."""
    task = of("y", drawn(0), drawn(1))
    truth, said = np.random.default_rng(0).normal(size=(2, 50))
    value, influences = skill(task, said, truth)
    for unit in (1e-200, 1e200):
        found = skill(task, said * unit, truth * unit)
        assert found[0] == pytest.approx(value)
        np.testing.assert_allclose(found[1], influences, rtol=1e-9, atol=1e-12)


def test_a_feature_without_values_is_told_to_no_tree():
    nothing = np.full(80, np.nan)
    task = of("y", table(drawn(0).frame.assign(x=nothing)), table(drawn(1).frame.assign(x=nothing)))
    said = answers(task, task.generated, task.drawn, asked=task.reference, seed=0)
    assert np.isfinite(said).all()


def test_the_skill_of_classes_is_the_mean_area_about_chance():
    task, draw = of("c", drawn(0), drawn(1)), np.random.default_rng(0)
    truth, said = draw.integers(0, 3, 60).astype(float), draw.dirichlet(np.ones(3), 60).round(1)
    said /= said.sum(1, keepdims=True)
    expected = 2 * roc_auc_score(truth, said, multi_class="ovr", average="macro") - 1
    assert skill(task, said, truth)[0] == pytest.approx(expected)
    assert skill(task, np.ones((60, 3)), truth)[0] == 0
    assert skill(task, np.eye(3)[truth.astype(int)], truth)[0] == 1


@pytest.mark.parametrize("name", ["y", "c"])
def test_influences_are_what_leaving_a_row_out_changes(name):
    task, draw = of(name, drawn(0), drawn(1)), np.random.default_rng(1)
    n = 400
    truth = draw.normal(size=n) if name == "y" else draw.integers(0, 3, n).astype(float)
    said = truth + draw.normal(size=n) if name == "y" else draw.dirichlet(np.ones(3), n)
    value, influences = skill(task, said, truth)
    without = [skill(task, np.delete(said, i, axis=0), np.delete(truth, i))[0] for i in range(n)]
    np.testing.assert_allclose((n - 1) * (value - np.array(without)), influences, rtol=0.05, atol=0.05)
    assert abs(influences.mean()) < 1e-12


def test_rare_labels_and_classes_are_put_together():
    labels = np.array([f"{i}" for i in np.random.default_rng(0).zipf(1.5, 3000)], dtype=object)
    first = table({"x": np.arange(3000.0), "y": np.arange(3000.0), "c": labels})
    assert of("c", first, first).classes == 6
    assert set(of("c", first, first).real) == set(range(6))
    assert of("y", first, first).reference[:, 1].max() == 250


def test_the_order_of_rows_names_no_label():
    first, second, order = drawn(0), drawn(1), np.random.default_rng(0).permutation(80)
    plain, turned = of("c", first, second), of("c", first.take(order), second.take(order[::-1]))
    np.testing.assert_array_equal(turned.real, plain.real[order])
    np.testing.assert_array_equal(turned.drawn, plain.drawn[order[::-1]])


def test_places_are_mid_ranks_and_wild_values_are_as_good_as_the_largest():
    known = np.random.default_rng(0).integers(0, 9, 100).astype(float)
    np.testing.assert_allclose(places(known, known), (stats.rankdata(known) - 0.5) / 100)
    np.testing.assert_array_equal(places(np.append(known, np.nan), [-1e200, 1e200, np.nan]), [0, 1, np.nan])
    task = of("y", drawn(0), drawn(1))
    placed = task.placed(np.arange(40))
    np.testing.assert_array_equal(placed.drawn, places(task.real[:40], task.drawn))
    label = of("c", drawn(0), drawn(1))
    assert label.placed(np.arange(40)) is label


def test_a_number_whose_asked_values_all_lie_beyond_the_known_ones_is_not_asked():
    rows = table({"x": np.arange(80.0), "y": np.arange(80.0)}, {"x": "number", "y": "number"})
    training, test = np.arange(40), np.arange(40, 80)
    assert not of("y", rows, rows).placed(training).can_be_asked(training, test)
    assert of("y", rows, rows).placed(training).can_be_asked(training, training)


def test_trees_learn_and_stay_within_the_limits():
    reference, generated = drawn(0, 400), drawn(1, 400)
    for name, least in (("y", 0.2), ("c", 0.3)):
        task = of(name, reference, generated).placed(np.arange(400))
        said = answers(task, task.generated, task.drawn, asked=task.reference, seed=0)
        assert skill(task, said, task.real)[0] > least
        assert np.abs(said).max() <= 1


def test_where_nothing_differs_every_row_has_one_answer():
    reference, generated = drawn(0), drawn(1)
    number, label = of("y", reference, generated), of("c", reference, generated)
    for y, said in ((np.full(80, np.nan), 0.5), (np.full(80, 1.0), 1.0)):
        assert answers(number, number.generated, y, asked=number.reference, seed=0) == pytest.approx(np.full(80, said))
        assert np.ptp(answers(label, label.generated, y, asked=label.reference, seed=0)) == 0
