"""ML efficacy: the known skill of what was planted, intervals, odd columns, refusals."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Table, Texts
from evalkit.core.schema import Column, Schema
from evalkit.metrics.ml_efficacy import MlEfficacy
from evalkit.statistics.influence import difference


def table(frame, **kinds):
    columns = tuple(Column(name=name, kind=kinds.get(name, "number")) for name in frame)
    return Table("demo", Schema(modality="table", columns=columns), pd.DataFrame(frame))


def linear(seed, share, n=400):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=n)
    return table({"x": x, "y": share * x + draw.normal(size=n)})


def labelled(seed, told, n=400):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=n)
    label = np.where((x if told else draw.normal(size=n)) > 0, "yes", "no").astype(object)
    return table({"x": x, "c": label}, c="category")


def measured(reference, generated, seed=0, **settings):
    return MlEfficacy(**settings).estimates(reference, generated, seed=seed)["ml_efficacy"]


def test_rows_that_teach_nothing_lose_the_real_skill():
    """Of y = 3 x + noise 0.9 can be explained; trees of 200 rows come within 0.1 of it. A threshold is
    learned wholly; the noise that trees learn instead may go with it by chance."""
    none = measured(linear(0, 3.0), linear(1, 0.0), target="y")
    assert -1.3 < none.value < -0.7
    assert none.interval().high < -0.5
    label = measured(labelled(0, True), labelled(1, False), target="c")
    assert label.value == pytest.approx(-1, abs=0.5)
    assert "'c'" in label.method


def test_new_real_rows_serve_as_well():
    for reference, generated in ((linear(0, 3.0), linear(1, 3.0)), (labelled(0, True), labelled(1, True))):
        low, high = measured(reference, generated).interval()[1:]
        assert low <= 0 <= high
        assert high - low < 0.2


def test_two_generators_are_compared_over_the_same_real_rows():
    reference = linear(0, 3.0)
    good, same, poor = (measured(reference, linear(seed, share), target="y") for seed, share in ((1, 3.0), (2, 3.0), (3, 1.0)))
    assert difference(good, poor).low > 0
    assert difference(good, same).p_value > 0.05
    # What the real rows taught is the same in both.
    assert difference(good, same).standard_error < np.sqrt(good.variance + same.variance)


def test_one_wild_value_does_not_decide():
    generated = linear(1, 3.0)
    generated.frame.loc[3, "y"] = 1e200
    assert measured(linear(0, 3.0), generated, target="y").value > -0.3


def test_influences_have_mean_0_and_every_side_moves_it():
    estimate = measured(linear(0, 1.0, 200), linear(1, 0.5, 150))
    assert (len(estimate.reference), len(estimate.generated)) == (200, 150)
    assert abs(estimate.reference.mean()) + abs(estimate.generated.mean()) < 1e-12
    assert estimate.reference.std() > 0
    assert estimate.generated.std() > 0


def test_the_order_of_rows_changes_nothing():
    reference, generated = linear(0, 1.0, 100), linear(1, 1.0, 100)
    order = np.random.default_rng(0).permutation(100)
    assert measured(reference.take(order), generated.take(order[::-1])).value == measured(reference, generated).value


@pytest.mark.parametrize("trouble", ["all missing", "constant", "some missing", "new label"])
def test_odd_generated_columns_have_a_figure(trouble):
    reference, generated = labelled(0, True, 120), labelled(1, True, 80)
    if trouble == "all missing":
        generated.frame["c"] = np.full(80, None, dtype=object)
    elif trouble == "constant":
        generated.frame["c"], generated.frame["x"] = "yes", 1.0
    elif trouble == "some missing":
        generated.frame.loc[::3, "c"], reference.frame.loc[::4, "x"] = None, np.nan
    else:
        generated.frame["c"] = "perhaps"
    value, low, high = measured(reference, generated).interval()
    assert low <= value <= high
    if trouble in ("all missing", "new label"):
        assert measured(reference, generated, target="c").value < -0.7


def test_the_targets_are_drawn_by_lot():
    draw = np.random.default_rng(0)
    wide = [table({f"a{i}": values for i, values in enumerate(draw.normal(size=(8, 44)))}) for _ in range(2)]
    named = {measured(*wide, seed=seed, most_targets=2).method.partition(" of the skill")[0] for seed in range(2)}
    assert len(named) > 1
    assert all(one.count("'a") == 2 for one in named)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(ShapeError, match="40 reference"):
        measured(linear(0, 1.0, 39), linear(0, 1.0, 39))
    with pytest.raises(InputError, match="'z'"):
        measured(linear(0, 1.0), linear(1, 1.0), target="z")
    with pytest.raises(InputError, match="two columns"):
        measured(*(table({"x": np.arange(50.0)}) for _ in range(2)))
    with pytest.raises(InputError, match="no column"):
        measured(*(table({"x": np.ones(50), "y": np.ones(50)}) for _ in range(2)))
    with pytest.raises(InputError, match="one target"):
        measured(linear(0, 1.0), linear(1, 1.0), most_targets=0)
    with pytest.raises(InputError, match="two tables"):
        measured(Texts.of(["a"] * 50), Texts.of(["a"] * 50))
