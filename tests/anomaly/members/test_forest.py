import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor

from evalkit.anomaly.members.forest import Forest

DRAW = np.random.default_rng(0)
X, Y = DRAW.normal(size=(200, 4)), DRAW.normal(size=200)


def grown(n_trees=6, **settings):
    settings = {"bootstrap": True, "random_state": 0} | settings
    fitted = ExtraTreesRegressor(n_trees, min_samples_leaf=4, **settings).fit(X, Y)
    return fitted, Forest.from_sklearn(fitted, [tree.tree_.value[:, :, 0] for tree in fitted.estimators_], len(X))


def test_the_halves_average_to_what_scikit_learn_says():
    fitted, forest = grown()
    new = DRAW.normal(size=(50, 4))
    np.testing.assert_allclose(np.mean(forest.predict(new), axis=0)[:, 0], fitted.predict(new), atol=1e-6)


def test_own_rows_are_judged_by_the_trees_that_have_not_seen_them():
    fitted, forest = grown(40, oob_score=True)
    np.testing.assert_allclose(forest.predict_own(X)[0][:, 0], fitted.oob_prediction_, atol=1e-6)


def test_a_row_that_all_trees_have_seen_is_judged_by_all():
    _, forest = grown(1)
    seen = forest.seen[0]
    np.testing.assert_array_equal(forest.predict_own(X)[0][seen], forest.predict(X)[0][seen])


def test_a_forest_read_from_a_state_refuses_to_judge_its_own_rows():
    again = Forest.from_state(grown()[1].to_state())
    with pytest.raises(ValueError, match="training rows"):
        again.predict_own(X)
