"""Pair trends against SDMetrics, and constant columns, missing values and the truth of known tables."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Table
from evalkit.core.schema import Column, Schema
from evalkit.metrics.pair_trends import PairTrends, Trends, pair_trends
from evalkit.metrics.table_columns import columns_of
from tests.golden.make_peer_figures_v1 import FILE

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "sdmetrics_v1.json").read_text())


def table(frame, kinds):
    schema = Schema(modality="table", columns=tuple(Column(name=name, kind=kind) for name, kind in kinds.items()))
    return Table("demo", schema, pd.DataFrame(frame))


def golden(side):
    frame = pd.DataFrame(GOLDEN[side])
    frame["day"] = pd.to_datetime(frame["day"], unit="D").astype("datetime64[ns]")
    return table(frame, GOLDEN["kinds"])


def two_numbers(x, y):
    return table({"x": np.asarray(x, dtype=float), "y": np.asarray(y, dtype=float)}, {"x": "number", "y": "number"})


def test_equals_sdmetrics_in_every_pair():
    found = pair_trends(golden("reference"), golden("generated"))
    assert list(found) == list(combinations(GOLDEN["kinds"], 2))
    for one, other, expected in GOLDEN["pair_trends"]:
        assert found[one, other] == pytest.approx(expected, abs=1e-12), (one, other)


def test_the_quality_report_of_sdmetrics_has_other_pairs_and_bins():
    """It leaves out pairs that hardly depend on each other, and cuts numbers into other bins than SDMetrics' own pair figure does.

    Only its correlations can be compared.
    """
    report, found = json.loads(FILE.read_text())["quality"], pair_trends(golden("reference"), golden("generated"))
    assert report["Column Pair Trends"] == pytest.approx(np.mean([score for *_, score in report["pairs"]]), abs=1e-12)
    assert len(report["pairs"]) < len(found)
    theirs = {(one, other): score for one, other, score in report["pairs"]}
    assert found["amount", "day"] == pytest.approx(theirs["amount", "day"], abs=1e-12)
    assert found["amount", "member"] != pytest.approx(theirs["amount", "member"], abs=0.01)


def test_the_metric_is_the_mean_and_its_influences_have_mean_0():
    estimate = PairTrends().estimates(golden("reference"), golden("generated"), seed=0)["pair_trends"]
    assert estimate.value == pytest.approx(np.mean([value for *_, value in GOLDEN["pair_trends"]]), abs=1e-12)
    assert abs(estimate.reference.mean()) + abs(estimate.generated.mean()) < 1e-12
    low, high = estimate.interval()[1:]
    assert 0 < low < estimate.value < high < 1


@pytest.mark.parametrize("value", [0.1, 1e9 + 0.1])
def test_a_constant_has_no_correlation_and_gains_nothing(value):
    x = np.arange(10.0)
    rising, constant = two_numbers(x, x), two_numbers(x, np.full(10, value))
    assert pair_trends(rising, constant)["x", "y"] == pytest.approx(0.5)
    assert pair_trends(constant, constant)["x", "y"] == 1


def test_correlations_are_of_complete_rows():
    x = np.array([1.0, 2, 3, 4, np.nan, 9])
    y = np.array([2.0, 1, 4, 3, 100, np.nan])
    expected = np.corrcoef(x[:4], y[:4])[0, 1]
    found = pair_trends(two_numbers(x, y), two_numbers([1, 2, 3], [5, 5, 5]))["x", "y"]
    assert found == pytest.approx(1 - expected / 2)
    nothing = two_numbers([np.nan, 1, np.nan], [2, np.nan, 3])
    assert pair_trends(nothing, nothing)["x", "y"] == 1


def test_huge_and_tiny_numbers_keep_their_correlation():
    draw = np.random.default_rng(0)
    x = draw.normal(size=50)
    y = x + draw.normal(size=50)
    plain = pair_trends(two_numbers(x, y), two_numbers(x, x))
    assert pair_trends(two_numbers(x * 1e200, y * 1e-200), two_numbers(x, x)) == pytest.approx(plain)


def test_missing_is_a_label_and_values_beyond_the_reference_fall_into_the_outer_bins():
    kinds = {"n": "number", "c": "category"}
    first = table({"n": [0.0, 10.0, np.nan, np.nan], "c": np.array(["a", "b", "a", None], dtype=object)}, kinds)
    second = table({"n": [-50.0, 99.0, np.nan, 0.0], "c": np.array(["a", "b", "a", None], dtype=object)}, kinds)
    assert pair_trends(first, second)["n", "c"] == pytest.approx(0.75)
    empty = table({"n": [np.nan, np.nan], "c": np.array([None, None], dtype=object)}, kinds)
    assert pair_trends(empty, empty)["n", "c"] == 1


def test_the_interval_of_different_tables_holds_the_truth():
    """Correlation 0.8 against 0.2: 1 - 0.6 / 2."""
    held = 0
    for seed in range(80):
        draw = np.random.default_rng(seed)
        sides = []
        for r in (0.8, 0.2):
            x, noise = draw.normal(size=(2, 300))
            sides.append(two_numbers(x, r * x + np.sqrt(1 - r**2) * noise))
        low, high = PairTrends().estimates(*sides, seed=0)["pair_trends"].interval()[1:]
        held += low <= 0.7 <= high
    assert 71 <= held <= 79


def test_the_interval_of_equal_tables_is_as_wide_as_it_needs_to_be():
    """The truth is the mean of the repetitions; by the chosen cells alone the error came out 1.6 times too large."""
    found = []
    for seed in range(100):
        draw = np.random.default_rng(seed)
        sides = []
        for rows in (80, 60):
            x, y = draw.normal(size=(2, rows))
            y[draw.random(rows) < 0.1] = np.nan
            label = np.array(["a", "b", "c"], dtype=object)[draw.integers(0, 3, rows)]
            sides.append(table({"x": x, "y": y, "c": label}, {"x": "number", "y": "number", "c": "category"}))
        estimate = PairTrends().estimates(*sides, seed=0)["pair_trends"]
        found.append((*estimate.interval(), estimate.variance))
    values, lows, highs, variances = np.array(found).T
    assert ((lows <= values.mean()) & (values.mean() <= highs)).mean() > 0.9
    assert 0.8 < (variances.mean() / values.var()) ** 0.5 < 1.4


def test_parts_have_the_figures_of_the_definition():
    columns = columns_of(golden("reference"), golden("generated"))
    figures = pair_trends(golden("reference"), golden("generated"))
    rows = (np.arange(len(column)) for column in (columns[0].reference, columns[0].generated))
    assert Trends.of(columns).apart(*rows) == pytest.approx(sum(1 - figure for figure in figures.values()), abs=1e-9)


def test_labels_alone_are_compared_whatever_the_numbers_of_rows():
    draw, kinds = np.random.default_rng(0), {"a": "boolean", "b": "category"}
    few, many = (table({"a": draw.integers(0, 2, n).astype(float), "b": draw.choice(["x", "y"], n)}, kinds) for n in (30, 80))
    for sides in ((few, many), (many, few)):
        (found,) = PairTrends().estimates(*sides, seed=0).values()
        assert found.interval().low > 0.6


@pytest.mark.parametrize("values", [(0.1 + 0.2, 0.3), (1.0, np.nextafter(1.0, 2)), (5e-324, 0.0)])
def test_a_column_that_is_constant_but_for_rounding_has_bins(values):
    draw = np.random.default_rng(0)
    sides = [
        table({"total": draw.choice(values, 60), "b": draw.choice(["x", "y"], 60)}, {"total": "number", "b": "category"})
        for _ in range(2)
    ]
    (found,) = PairTrends().estimates(*sides, seed=0).values()
    assert 0.5 < found.value <= 1


def test_what_cannot_be_compared_is_refused():
    one = table({"x": [1.0, 2.0]}, {"x": "number"})
    with pytest.raises(InputError, match="two columns"):
        pair_trends(one, one)
    with pytest.raises(ShapeError, match="2 rows"):
        pair_trends(two_numbers([1], [2]), two_numbers([1], [2]))
