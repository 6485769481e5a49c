"""The judges of drawn tables know real rows, copies and noise apart."""

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.backbone_tables import conformed, figures, halves, load, nearer_to_training, two_sample_auc


@pytest.fixture(scope="module")
def rows():
    return halves("wine", load("wine", None), seed=0)


def test_the_halves_are_a_split_of_the_rows(rows):
    whole = load("wine", None)
    both = pd.concat(rows, ignore_index=True)
    assert len(both) == len(whole)
    assert both.sort_values(list(both)).to_numpy().tolist() == whole.sort_values(list(whole)).to_numpy().tolist()


def test_copies_lie_closer_to_what_was_fitted_and_held_out_rows_do_not(rows):
    train, held_out = rows
    assert nearer_to_training(train, train, held_out) == 1.0
    assert nearer_to_training(held_out, train, held_out) == 0.0


def test_trees_tell_shuffled_columns_from_real_rows_but_not_real_rows_from_each_other(rows):
    train, held_out = rows
    draw = np.random.default_rng(0)
    shuffled = train.apply(draw.permutation)
    assert two_sample_auc(held_out, shuffled) > 0.65
    assert two_sample_auc(held_out, train) < 0.6


def test_labels_are_the_same_as_text_number_or_truth():
    real = pd.DataFrame({"label": ["0", "1"], "x": [1.5, 2.0]})
    for values in ([0, 1], [0.0, 1.0], [False, True], ["0", "1"]):
        drawn = conformed(pd.DataFrame({"x": ["1.5", "2"], "label": values}), real)
        assert drawn["label"].tolist() == ["0", "1"]
        assert drawn["x"].tolist() == [1.5, 2.0]
        assert list(drawn) == ["label", "x"]


def test_bars_are_held_against_one_family_and_the_peers():
    row = {"seed": 0, "nearer_to_training": 0.5, "fit_seconds": 1.0, "sample_seconds": 1.0}
    told = [("tvae", 0.8, 0.7), ("vae", 0.85, 0.6), ("recurrent_lm", 0.99, 0.99)]
    runs = [row | {"dataset": "wine", "generator": name, "quality": quality, "auc": auc} for name, quality, auc in told]
    bars = {one.figure: one.holds for one in figures(pd.DataFrame(runs)) if one.bar is not None}
    assert bars == {
        "wine, best of ours: SDMetrics quality": True,
        "wine, best of ours: AUC of boosted trees, real against drawn": True,
        "wine: SDMetrics quality, VAE less ctgan TVAE": True,
    }
