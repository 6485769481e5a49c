"""Generators of unequally many rows are not told apart by that alone."""

import numpy as np
import pytest

from evalkit.core.sample import Series
from evalkit.data import load
from evalkit.metrics import METRICS
from evalkit.run.equal_rows import Comparable
from evalkit.run.evaluate import evaluate
from evalkit.statistics.influence import Estimate
from tests.run.laws import table


def estimate(value):
    return Estimate(value, "higher", "demo", np.zeros(2), np.zeros(2))


def test_a_pair_is_of_equally_many_rows_where_that_matters():
    few, many, fewer = estimate(0.4), estimate(0.9), estimate(0.5)
    estimates = {("a", "coverage"): few, ("b", "coverage"): many, ("a", "kid"): few, ("b", "kid"): many}
    found = Comparable(estimates, {"a": 40, "b": 400}, {("b", "coverage", 40): fewer}, {"coverage"})
    assert found.pair("coverage", "a", "b") == (few, fewer)
    assert found.pair("kid", "b", "a") == (many, few)
    assert found.pair("recall", "a", "b") is None
    assert Comparable(estimates, {"a": 40, "b": 400}, {}, {"coverage"}).pair("coverage", "a", "b") is None


@pytest.mark.parametrize("fewest", [40, 100])
def test_more_rows_of_the_same_law_are_not_better(fewest):
    """By coverage and column shapes of all rows the larger sample may win by its number alone."""
    wrong = 0
    for seed in range(4):
        few, many = table(10 + seed, n=fewest), table(20 + seed, n=400)
        asked = {"metrics": ["prdc", "column_shapes"], "closer": False}
        result = evaluate(table(0, n=400), {"few": few, "many": many}, seed=seed, **asked)
        wrong += sum(each.better != "not separable" for each in result.comparisons if each.figure in ("coverage", "column_shapes"))
        assert {each.figure for each in result.comparisons} == {"precision", "recall", "coverage", "column_shapes"}
    assert wrong == 0
    (said,) = (sentence for sentence in result.cautions if "unequally many rows" in sentence)
    assert f"({fewest}, 400). recall, coverage, column_shapes: such figures move" in said


def test_of_three_sizes_each_pair_is_compared_on_the_smaller():
    rows = {"a": table(1, n=60), "b": table(2, n=90), "c": table(3, n=120)}
    result = evaluate(table(0, n=300), rows, metrics=["column_shapes"], closer=False)
    found = {(each.first, each.second): each.difference for each in result.comparisons}
    assert len(found) == 3
    # The smaller one's figure is of all its rows, so what it is compared with differs from pair to pair.
    of_c = [result.of(name)["column_shapes"].value - found[name, "c"] for name in ("a", "b")]
    assert of_c[0] < of_c[1]


def test_whole_series_are_drawn_or_there_is_no_pair():
    def series(seed, n, steps):
        draw = np.random.default_rng(seed)
        return load(Series.of([draw.normal(size=(steps, 1)).cumsum(axis=0) for _ in range(n)], channels=("level",)))

    real, few, many = series(0, 60, 32), series(1, 30, 32), series(2, 50, 32)
    result = evaluate(real, {"few": few, "many": many}, metrics=["prdc"], closer=False)
    assert {each.figure for each in result.comparisons} == {"precision", "recall", "coverage"}
    longer = evaluate(real, {"few": few, "long": series(3, 2, 1600)}, metrics=["prdc"], closer=False)
    assert {each.figure for each in longer.comparisons} == {"precision"}
    (said,) = (sentence for sentence in longer.cautions if "whole series" in sentence)
    assert said.startswith("No whole series of long has as few windows as few gave (30), so that by these figures they are not")
    assert not any("whole series" in sentence for sentence in result.cautions)


@pytest.mark.parametrize("metric", ["frechet", "kid", "mmd", "prdc", "copies", "nearest_share"])
def test_what_is_called_steady_does_not_move_with_the_number_of_generated_rows(metric):
    """On average over draws of one law that is not the real one; the bound is that of chance, four standard errors."""
    spec, found = METRICS[metric], {}
    for seed in range(40):
        draw = np.random.default_rng(seed)
        reference, fitted, generated = draw.normal(size=(160, 4)), draw.normal(size=(160, 4)), draw.normal(0.3, 1.2, size=(240, 4))
        for size in (40, 240):
            for figure, each in spec.estimates(reference, generated[:size], seed=seed, fitted=fitted).items():
                found.setdefault(figure, {}).setdefault(size, []).append(each.value)
    for figure in spec.steady:
        apart = np.subtract(*found[figure].values())
        assert abs(apart.mean()) <= 4 * apart.std(ddof=1) / np.sqrt(len(apart)) + 1e-12, figure
    if metric == "prdc":
        apart = np.subtract(*found["coverage"].values())
        assert abs(apart.mean()) > 20 * apart.std(ddof=1) / np.sqrt(len(apart))
