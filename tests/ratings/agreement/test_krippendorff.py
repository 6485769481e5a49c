"""Alpha: published tables, the definition by double loops, laws, and what is undefined."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.core.errors import InputError, ShapeError, UndefinedError
from evalkit.ratings.agreement import Labels, krippendorff_alpha
from evalkit.ratings.agreement.krippendorff import _ByManyRanks, _ByRank
from tests.ratings.agreement.published import FOUR_OBSERVERS, FOURTEEN_RATERS, THREE_CODERS, units

SCALES = ("nominal", "ordinal", "interval", "ratio")


def value(labels, scale="nominal", **asked):
    return krippendorff_alpha(labels, scale=scale, resamples=0, **asked).value


def by_loops(table, scale):
    """Krippendorff (2011): coincidences of all pairs within units, distances between all labels."""
    rows = [[label for label in unit if label is not None] for unit in table]
    rows = [row for row in rows if len(row) > 1]
    pooled = [label for row in rows for label in row]

    def distance(a, b):
        if scale == "nominal":
            return float(a != b)
        if scale == "interval":
            return float((a - b) ** 2)
        if scale == "ratio":
            return ((a - b) / (a + b)) ** 2 if a + b else 0.0
        low, high = min(a, b), max(a, b)
        between = sum(low <= label <= high for label in pooled)
        return (between - (pooled.count(low) + pooled.count(high)) / 2) ** 2 if a != b else 0.0

    observed = sum(distance(a, b) / (len(row) - 1) for row in rows for i, a in enumerate(row) for j, b in enumerate(row) if i != j)
    expected = sum(distance(a, b) for i, a in enumerate(pooled) for j, b in enumerate(pooled) if i != j)
    return 1 - (len(pooled) - 1) * observed / expected


@pytest.mark.parametrize(
    ("scale", "expected"),
    [("nominal", 904 / 1216), ("ordinal", 0.815387503755), ("interval", 0.849107142857), ("ratio", 0.797402774712)],
)
def test_krippendorffs_own_table(scale, expected):
    """0.743, 0.815, 0.849 and 0.797 in print; further digits from the ``krippendorff`` package 0.9.0."""
    assert value(units(FOUR_OBSERVERS), scale) == pytest.approx(expected, abs=1e-9)


def test_the_table_of_wikipedia():
    assert value(units(THREE_CODERS)) == pytest.approx(0.691358, abs=1e-6)
    assert value(units(THREE_CODERS), "interval") == pytest.approx(0.810845, abs=1e-6)


def test_disagreement_beyond_chance_is_negative():
    table = [(1, 2), (2, 3), (3, 4)]
    assert value(table) == pytest.approx(-0.1538462, abs=1e-7)
    assert value(table, "interval") == pytest.approx(0.5454545, abs=1e-7)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from(SCALES))
def test_the_definition_by_double_loops(seed, scale):
    draw = np.random.default_rng(seed)
    table = draw.integers(0, 4, (6, 4)).astype(object)
    table[draw.random(table.shape) < 0.3] = None
    try:
        found = value(table, scale)
    except UndefinedError:
        return
    assert found == pytest.approx(by_loops(table.tolist(), scale), abs=1e-9)
    assert found <= 1


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from(SCALES))
def test_laws(seed, scale):
    draw = np.random.default_rng(seed)
    table = draw.integers(1, 6, (12, 4)).astype(float)
    table[draw.random(table.shape) < 0.2] = np.nan
    found = value(table, scale)
    assert value(draw.permutation(table), scale) == pytest.approx(found)
    assert value(draw.permuted(table, axis=1), scale) == pytest.approx(found)  # whose label it is does not matter
    assert value(np.vstack([table, [[1, np.nan, np.nan, np.nan]]]), scale) == pytest.approx(found)  # a lone label says nothing
    assert value(table * 3, scale) == pytest.approx(found)
    if scale != "ratio":
        assert value(table * 2 + 5, scale) == pytest.approx(found)
    if scale == "ordinal":
        assert value(table**3, scale) == pytest.approx(found)
    if scale == "nominal":
        assert value(6 - table, scale) == pytest.approx(found)


def test_perfect_agreement_is_one_on_every_scale():
    for scale in SCALES:
        assert value([[1, 1], [2, 2], [5, 5]], scale) == pytest.approx(1)


def test_words_long_tables_and_counts_are_the_same_labels():
    table = units(THREE_CODERS)
    long = pd.DataFrame(
        [(f"u{i}", f"r{j}", label) for i, row in enumerate(table) for j, label in enumerate(row)],
        columns=["unit", "rater", "label"],
    ).sample(frac=1, random_state=0)
    assert value(long) == pytest.approx(value(table))
    words = {1: "poor", 2: "fair", 3: "good", 4: "excellent"}
    said = [[words.get(label) for label in row] for row in table]
    assert value(said) == pytest.approx(value(table))
    assert value(said, "ordinal", values=list(words.values())) == pytest.approx(value(table, "ordinal"))
    counts = Labels.of_counts(FOURTEEN_RATERS)
    # Fleiss' kappa with the correction for few labels.
    assert value(counts) == pytest.approx(0.20993 + (1 - 0.20993) / 140, abs=1e-5)


def test_many_ordinal_values_are_counted_as_few_are():
    counts = np.random.default_rng(0).integers(0, 3, (30, 8)).astype(float)
    counts = counts[counts.sum(axis=1) > 1]
    weights = np.random.default_rng(1).poisson(1.0, (5, len(counts))).astype(float)
    np.testing.assert_allclose(_ByManyRanks(counts).alpha(weights), _ByRank(counts).alpha(weights))


def test_the_interval_resamples_units():
    """Of the table with 11 units that have two labels: plain resampling gives about 0.40 to 1."""
    found = krippendorff_alpha(units(FOUR_OBSERVERS), resamples=4000)
    assert found.low == pytest.approx(0.403, abs=0.03)
    assert found.high == 1
    assert found == krippendorff_alpha(units(FOUR_OBSERVERS), resamples=4000)


@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval"])
def test_intervals_hold_the_truth(scale):
    """200 draws of 150 units: 95 % within 3.5 standard errors; the truth from 100,000 units."""

    def drawn(seed, n):
        draw = np.random.default_rng(seed)
        quality = draw.normal(size=(n, 1))
        return np.clip(np.round(quality + draw.normal(size=(n, 4)) + 3), 1, 5)

    truth = value(drawn(10**6, 100_000), scale)
    held = [
        low <= truth <= high for _, low, high in (krippendorff_alpha(drawn(i, 150), scale=scale, resamples=300) for i in range(200))
    ]
    assert 0.895 <= np.mean(held) <= 1


def test_what_is_undefined_is_said():
    with pytest.raises(UndefinedError, match="all labels are the same"):
        krippendorff_alpha([["a", "a"], ["a", "a"]])
    with pytest.raises(UndefinedError, match="two labels or more"):
        krippendorff_alpha([["a", None], [None, "b"]])
    assert krippendorff_alpha([["a", "a"], ["b", "b"]]) == (1, -1, 1)  # too few units for an interval
    with pytest.raises(ShapeError, match="no labels"):
        krippendorff_alpha([[None, None]])


def test_labels_that_do_not_suit_are_refused():
    with pytest.raises(InputError, match="numbers"):
        krippendorff_alpha([["a", "b"], ["a", "a"]], scale="interval")
    with pytest.raises(InputError, match="0 or more"):
        krippendorff_alpha([[-1, 1], [1, 1]], scale="ratio")
    with pytest.raises(InputError, match="scale must be"):
        krippendorff_alpha([[1, 2], [1, 1]], scale="cardinal")
    with pytest.raises(InputError, match="among the values"):
        krippendorff_alpha([["a", "b"], ["a", "a"]], values=["a", "c"])
    with pytest.raises(InputError, match="more than once"):
        krippendorff_alpha(pd.DataFrame({"unit": [1, 1], "rater": [1, 1], "label": [1, 2]}))
    with pytest.raises(InputError, match="mix"):
        krippendorff_alpha([["a", 1], ["a", "a"]])
