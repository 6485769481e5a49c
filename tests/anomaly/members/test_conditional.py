import numpy as np

from evalkit.anomaly.members import Training
from evalkit.anomaly.members.conditional import Conditional
from evalkit.anomaly.spaces import Spaces
from evalkit.data.rows import Feature, Rows
from tests.anomaly.mixed_rows import encoded


def fit(rows):
    return Conditional.fit(Training(rows, Spaces(rows), np.arange(len(rows)) % 3, seed=0))


def test_a_broken_rule_between_usual_values_is_seen_in_its_columns():
    rows = encoded(800)
    member = fit(rows)
    broken = rows.take(slice(0, 50)).values.copy()
    broken[:, 1] = -broken[:, 1]  # y = -2x: values that are common in y, but not with this x
    far = np.abs(broken[:, 0]) > 1
    scores = member.score(Rows(broken, rows.features))
    assert (scores[far] > np.quantile(member.score(rows, own=True), 0.97)).mean() > 0.9
    top_two = np.argsort(-member.contributions(Rows(broken, rows.features)), axis=1)[:, :2]
    pair = {rows.columns.index("x"), rows.columns.index("y")}
    assert np.mean([bool(pair & set(line)) for line in top_two[far]]) > 0.9


def test_rare_labels_that_nothing_predicts_are_no_more_surprising_than_rare():
    draw = np.random.default_rng(0)
    values = np.column_stack([draw.normal(size=2000), draw.normal(size=2000), draw.random(2000) < 0.01]).astype(float)
    names = ("a", "b", "rare")
    features = tuple(Feature(column=name, name=name, kind="boolean" if name == "rare" else "number") for name in names)
    member = fit(Rows(values, features))
    rare = next(i for i, target in enumerate(member.targets) if target.feature == 2)
    surprise = member._raw(Rows(values, features), own=True)[values[:, 2] == 1, rare]
    assert np.median(surprise) < -np.log(0.01) + 1.5


def test_one_column_has_nothing_to_be_predicted_from():
    rows = Rows(np.arange(300.0)[:, None], (Feature(column="a", name="a", kind="number"),))
    member = fit(rows)
    assert member.targets == ()
    assert (member.score(rows) == 0).all()
    assert (member.contributions(rows) == 0).all()
