"""Boundary adherence against its definition by pandas, the law of extremes, and missing values, ties and empty columns."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.errors import InputError, SchemaError, ShapeError
from evalkit.core.sample import Table, Texts
from evalkit.core.schema import Column, Schema
from evalkit.metrics.boundary import BoundaryAdherence, boundary_adherence
from evalkit.statistics.influence import difference
from tests.golden.make_peer_figures_v1 import FILE

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "sdmetrics_v1.json").read_text())


def table(frame, kinds):
    schema = Schema(modality="table", columns=tuple(Column(name=name, kind=kind) for name, kind in kinds.items()))
    return Table("demo", schema, pd.DataFrame(frame))


def golden(side, holes=False):
    frame = pd.DataFrame(GOLDEN[side]).astype({"colour": object})
    frame["day"] = pd.to_datetime(frame["day"], unit="D").astype("datetime64[ns]")
    if holes:
        for place, name in enumerate(frame.columns):
            frame.loc[frame.index % 7 == place, name] = {"colour": None, "day": pd.NaT}.get(name, np.nan)
    return table(frame, GOLDEN["kinds"])


def numbers(values):
    return table({"x": np.asarray(values, dtype=float)}, {"x": "number"})


def labels(values):
    return table({"c": np.array(values, dtype=object)}, {"c": "category"})


def estimate(reference, generated):
    return BoundaryAdherence().estimates(reference, generated, seed=0)["boundary_adherence"]


@pytest.mark.parametrize("holes", [(False, False), (True, True), (False, True), (True, False)])
def test_equals_the_convention_of_sdmetrics(holes):
    """By pandas: ``between`` of what is not missing; ``isin``, missing as one more label."""
    reference, generated = (golden(side, hole) for side, hole in zip(("reference", "generated"), holes, strict=True))
    found = boundary_adherence(reference, generated)
    for name, kind in GOLDEN["kinds"].items():
        ours, theirs = reference.frame[name], generated.frame[name]
        if kind in ("category", "boolean"):
            expected = (theirs.isin(ours.dropna()) | (theirs.isna() & ours.isna().any())).mean()
        else:
            expected = theirs.dropna().between(ours.min(), ours.max()).mean()
        assert found[name] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("case", json.loads(FILE.read_text())["adherence"], ids=lambda case: str(case["holes"]))
def test_equals_sdmetrics(case):
    """But that a missing number leaves the range there, where the reference has none; here missing numbers never count."""
    of_reference, of_generated = case["holes"]
    reference, generated = golden("reference", of_reference), golden("generated", of_generated)
    found = boundary_adherence(reference, generated)
    for name, theirs in case["figures"].items():
        known = generated.frame[name].notna().mean()
        numeric = GOLDEN["kinds"][name] not in ("category", "boolean")
        share = known if numeric and of_generated and not of_reference else 1.0
        assert found[name] * share == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 3], [1, 2, 3, 4], 0.75),  # ends included
        ([1, 3], [np.nan, 2], 1),  # missing left aside
        ([1, 3], [np.nan, np.nan], 0),  # nothing inside
        ([np.nan, np.nan], [1, np.nan], 0),
        ([np.nan, np.nan], [np.nan, np.nan], 1),
        ([5, 5, 5], [5, 5], 1),
        ([5, 5], [6, 6], 0),
    ],
)
def test_numbers(first, second, expected):
    assert boundary_adherence(numbers(first), numbers(second))["x"] == expected
    if min(len(first), len(second)) > 1:
        value, low, high = estimate(numbers(first), numbers(second)).interval()
        assert value == expected
        assert 0 <= low < high <= 1


def test_a_missing_label_is_a_label():
    assert boundary_adherence(labels(["a", "b"]), labels(["a", None, "c", "b"]))["c"] == 0.5
    assert boundary_adherence(labels(["a", None]), labels(["a", None, "c", "b"]))["c"] == 0.5


@given(seed=st.integers(0, 10**6), factor=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_units_do_not_count(seed, factor, shift):
    first, second = np.random.default_rng(seed).integers(-50, 50, size=(2, 40)) / 8
    plain, moved = (estimate(*map(numbers, pair)) for pair in ((first, second), (first * factor + shift, second * factor + shift)))
    assert moved.value == pytest.approx(plain.value, abs=0.1)  # a tie at the end may be rounded apart
    assert estimate(numbers(-first), numbers(-second)).value == plain.value
    assert estimate(numbers(-first), numbers(-second)).variance == pytest.approx(plain.variance)


def test_new_real_rows_fall_outside_as_often_as_the_law_of_extremes_says():
    """Of a continuous column 2 in n + 1 are expected outside; the interval holds that. Binomial(200, 0.95) is at least 180."""
    found = []
    for seed in range(200):
        draw = np.random.default_rng(seed)
        found.append(estimate(numbers(draw.normal(size=200)), numbers(draw.normal(size=200))).interval())
    truth = 1 - 2 / 201
    assert np.mean([value for value, _, _ in found]) == pytest.approx(truth, abs=4 * np.std([value for value, _, _ in found]) / 14)
    assert sum(low <= truth <= high for _, low, high in found) >= 180


@pytest.mark.parametrize("kind", ["number", "category"])
def test_the_interval_of_worse_generators_holds(kind):
    """The truth is the mean over the repetitions; the lower bound is that of Binomial(150, 0.95)."""
    found, told = [], []
    for seed in range(150):
        draw = np.random.default_rng(seed)
        if kind == "number":
            sides = [numbers(draw.normal(size=300) * spread) for spread in (1, 1.5, 1.5)]
        else:
            sides = [labels(draw.zipf(power, 300).astype(str)) for power in (2, 1.7, 1.7)]
        first, second = (estimate(sides[0], side) for side in sides[1:])
        found.append(first.interval())
        told.append(difference(first, second).p_value <= 0.05)
    truth = np.mean([value for value, _, _ in found])
    assert sum(low <= truth <= high for _, low, high in found) >= 133
    assert sum(told) <= 17


@pytest.mark.parametrize("spread", [1.0, 1.3])
def test_the_error_over_several_columns_is_as_large_as_it_needs_to_be(spread):
    """With two rows outside added to each column it came out 1.4 times too large."""
    kinds, found = {"x": "number", "y": "number", "k": "count", "c": "category"}, []
    for seed in range(150):
        draw, sides = np.random.default_rng(seed), []
        for factor in (1.0, spread):
            label = np.array(["a", "b"], dtype=object)[draw.integers(0, 2, 200)]
            frame = {"x": draw.normal(size=200) * factor, "y": draw.exponential(size=200), "k": draw.poisson(3, 200), "c": label}
            sides.append(table(frame, kinds))
        found.append(estimate(*sides))
    values, variances = np.array([(one.value, one.variance) for one in found]).T
    assert 0.85 < (variances.mean() / values.var()) ** 0.5 < 1.3


def test_the_error_by_rare_labels_is_mostly_shared_by_generators_of_one_law():
    """Each label left out by itself, two generators differed by 0.3 of their difference's variance for the reference's sake."""
    found = []
    for seed in range(300):
        draw = np.random.default_rng(seed)
        sides = [labels(draw.zipf(1.5, 200).astype(str)) for _ in range(3)]
        found.append([estimate(sides[0], side) for side in sides[1:]])
    values = np.array([[one.value for one in pair] for pair in found])
    apart = np.mean([(first.reference - second.reference).var(ddof=1) for first, second in found]) / 200
    assert apart < 0.24 * np.var(values[:, 0] - values[:, 1])
    assert 0.85 < np.mean([first.variance for first, _ in found]) / values.var() < 1.3


@pytest.mark.parametrize("opposite", [False, True])
def test_generators_that_leave_the_range_as_often_are_called_different_as_rarely_as_they_should(opposite):
    """At the same end, where the reference's largest row counts for both, or at opposite ends; bounds of Binomial(600, 0.05)."""
    told = 0
    for seed in range(600):
        draw = np.random.default_rng(seed)
        reference, first, second = draw.normal(size=(3, 300)) + np.array([[0], [0.7], [0.7]])
        sides = (estimate(numbers(reference), numbers(side)) for side in (first, -second if opposite else second))
        told += difference(*sides).p_value <= 0.05
    assert 15 <= told <= 46


def test_few_rows_outside_have_an_error_as_of_two_more():
    found = estimate(labels(["a", "b"] * 100), labels(["a", "b"] * 100))
    assert found.value == 1
    assert found.variance == pytest.approx(2 / 204**2, rel=0.02)


def test_the_metric_is_the_mean_and_its_influences_have_mean_0():
    found = estimate(golden("reference", True), golden("generated"))
    shares = boundary_adherence(golden("reference", True), golden("generated"))
    assert found.value == pytest.approx(np.mean(list(shares.values())), abs=1e-12)
    assert (len(found.reference), len(found.generated)) == (90, 70)
    assert abs(found.reference.mean()) + abs(found.generated.mean()) < 1e-12


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(InputError, match="two tables"):
        boundary_adherence(Texts.of(["a", "b"]), Texts.of(["a", "b"]))
    with pytest.raises(ShapeError, match="2 rows"):
        estimate(numbers([1]), numbers([1, 2]))
    with pytest.raises(ShapeError, match="1 rows"):
        boundary_adherence(numbers([]), numbers([1]))
    with pytest.raises(InputError, match="none"):
        boundary_adherence(*(table({"t": ["a", "b"]}, {"t": "text"}) for _ in range(2)))
    with pytest.raises(SchemaError):
        boundary_adherence(golden("reference"), numbers([1, 2]))
