import numpy as np

from evalkit.metrics import METRICS
from evalkit.run.evaluate import evaluate
from evalkit.run.size_curves import size_curves


def rows(seed, n=300, d=6):
    return np.random.default_rng(seed).normal(size=(n, d))


def test_figures_are_shown_over_the_number_of_rows_where_asked():
    result = evaluate(rows(0, 400), {"near": rows(1)}, metrics=["frechet", "pair_trends"], closer=False, curves=True)
    curves = {each.figure: each for each in result.curves}
    assert set(curves) == {"frechet", "frechet_plain"}
    plain = curves["frechet_plain"]
    assert [point.rows for point in plain.points] == [37, 75, 150, 300]
    assert plain.points[0].value > 2 * plain.points[-1].value
    assert all(point.low <= point.value <= point.high for point in plain.points)
    assert evaluate(rows(0), {"near": rows(1)}, metrics=["kid"], closer=False).curves == ()


def test_a_metric_that_cannot_do_with_few_rows_begins_its_curve_where_it_can():
    curves = list(size_curves([METRICS["prdc"]], rows(0, 40), {"a": rows(1, 40)}, seed=0, progress=lambda step: None))
    assert {each.figure for each in curves} == {"precision", "recall", "density", "coverage"}
    assert all(1 <= len(each.points) < 4 for each in curves)
    assert all(each.points[-1].rows == 40 for each in curves)


def test_a_metric_that_cannot_do_with_all_rows_has_no_curve():
    assert list(size_curves([METRICS["prdc"]], rows(0, 5), {"a": rows(1, 5)}, seed=0, progress=lambda step: None)) == []


def test_where_there_can_be_no_curve_it_is_said():
    result = evaluate(rows(0), {"near": rows(1)}, metrics=["column_shapes"], closer=False, curves=True)
    assert result.curves == ()
    assert any("over the number of rows" in caution for caution in result.cautions)
