"""Copies: by double loops, against SDMetrics' closest records, and what known copying gives."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Table
from evalkit.core.schema import Column, Schema
from evalkit.metrics.copies import Copies, authentic, distance_to_closest_record, exact_copies, nearest_share
from evalkit.metrics.precision_recall import precision_recall
from tests.golden.make_peer_figures_v1 import FILE

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "sdmetrics_v1.json").read_text())


def golden(side, holes=False):
    frame = pd.DataFrame(GOLDEN[side]).astype({"colour": object})
    frame["day"] = pd.to_datetime(frame["day"], unit="D").astype("datetime64[ns]")
    if holes:
        for place, name in enumerate(frame.columns):
            frame.loc[frame.index % 7 == place, name] = {"colour": None, "day": pd.NaT}.get(name, np.nan)
    columns = tuple(Column(name=name, kind=kind) for name, kind in GOLDEN["kinds"].items())
    return Table("demo", Schema(modality="table", columns=columns), frame)


def one_column(values):
    schema = Schema(modality="table", columns=(Column(name="x", kind="number"),))
    return Table("demo", schema, pd.DataFrame({"x": np.asarray(values, dtype=float)}))


@given(seed=st.integers(0, 10**6), n=st.integers(2, 12), m=st.integers(1, 12), lattice=st.booleans())
def test_equals_the_definition_by_loops(seed, n, m, lattice):
    draw = np.random.default_rng(seed)
    reference, generated = draw.normal(size=(n, 2)), draw.normal(size=(m, 2))
    if lattice:
        reference, generated = np.round(reference), np.round(generated)
    copied, new = exact_copies(reference, generated), authentic(reference, generated)
    for j, row in enumerate(generated):
        apart = ((reference - row) ** 2).sum(1)
        assert copied[j] == any((row == other).all() for other in reference)
        nearest_rows = np.flatnonzero(apart == apart.min())
        own = [min(((reference[i] - reference[other]) ** 2).sum() for other in range(n) if other != i) for i in nearest_rows]
        assert new[j] in [apart.min() > one for one in own]


def test_a_duplicated_reference_row_is_its_own_neighbour():
    reference = np.array([[0.0], [0.0], [5.0]])
    assert authentic(reference, np.array([[0.0], [1.0]])).tolist() == [False, True]


@pytest.mark.parametrize("d", [3, 64])
def test_float32_features_give_the_copies_of_their_float64_copies(d):
    reference, generated = (1000 + np.random.default_rng(0).normal(size=(2, 150, d))).astype(np.float32)
    generated[:40] = reference[:40]
    wide = [rows.astype(np.float64) for rows in (reference, generated)]
    for of_rows in (exact_copies, authentic):
        np.testing.assert_array_equal(of_rows(reference, generated), of_rows(*wide))
    assert exact_copies(reference, generated).sum() == 40


def test_the_share_of_copies_is_measured():
    draw = np.random.default_rng(0)
    reference, generated = draw.normal(size=(2, 200, 5))
    generated[:50] = reference[:50]
    estimates = Copies().estimates(reference, generated, seed=0)
    copied, new = estimates["exact_copies"], estimates["authenticity"]
    assert copied.value == 0.25
    assert 0.1 < copied.interval().low < 0.25 < copied.interval().high < 0.4
    assert new.value == authentic(reference, generated).mean() < 0.5
    for estimate in (copied, new):
        assert abs(estimate.reference.mean()) + abs(estimate.generated.mean()) < 1e-12
        assert (len(estimate.reference), len(estimate.generated)) == (200, 200)


def test_no_copies_is_0_with_an_upper_end():
    draw = np.random.default_rng(0)
    copied = Copies().estimates(*draw.normal(size=(2, 100, 3)), seed=0)["exact_copies"]
    assert copied.value == copied.interval().low == 0
    assert 0.01 < copied.interval().high < 0.1


def test_constant_samples_are_copies():
    rows = np.full((20, 2), 0.1)
    estimates = Copies().estimates(rows, rows, seed=0)
    assert (estimates["exact_copies"].value, estimates["authenticity"].value) == (1, 0)


def test_a_generator_that_copies_lies_near_what_it_was_fitted_to():
    draw = np.random.default_rng(0)
    fitted, held_out, generated = draw.normal(size=(3, 200, 4))
    assert nearest_share(fitted, held_out, fitted).value == 1
    assert nearest_share(held_out, fitted, fitted).value == 0
    assert nearest_share(fitted, fitted, generated).value == 0.5
    low, high = nearest_share(fitted, held_out, fitted).interval()[1:]
    assert 0.95 < low < high == 1


@pytest.mark.parametrize("copied", [0, 40])
def test_the_interval_of_the_nearest_share_holds(copied):
    """Nothing copied: exactly one half. With copies: the mean over the repetitions. Binomial(200, 0.95) lies in 178 ... 199."""
    found = []
    for seed in range(200):
        fitted, held_out, generated = np.random.default_rng(seed).normal(size=(3, 150, 3))
        generated[:copied] = fitted[:copied] + 1e-3
        found.append(nearest_share(fitted, held_out, generated).interval())
    truth = 0.5 if copied == 0 else np.mean([value for value, _, _ in found])
    assert 178 <= sum(low <= truth <= high for _, low, high in found) <= 199


def test_closest_records_equal_sdmetrics():
    found = distance_to_closest_record(golden("reference"), golden("generated"))
    np.testing.assert_allclose(found, GOLDEN["closest_record"], atol=1e-12)
    found = distance_to_closest_record(golden("reference", holes=True), golden("generated", holes=True))
    np.testing.assert_allclose(found, GOLDEN["closest_record_with_holes"], atol=1e-12)


def test_closest_records_of_sdmetrics_own_test_and_of_a_range_of_0():
    """[3, 5] to [0, 5, 8, 9, 10]: 0.2 and 0, from tests/integration/single_table/privacy/test_dcr_utils.py of SDMetrics."""
    assert json.loads(FILE.read_text())["closest_record"] == [0.2, 0.0]
    np.testing.assert_allclose(distance_to_closest_record(one_column([0, 5, 8, 9, 10]), one_column([3, 5])), [0.2, 0.0])
    found = distance_to_closest_record(one_column([2, 2]), one_column([2, 3, np.nan]))
    assert found.tolist() == [0, 1, 1]
    assert distance_to_closest_record(one_column([0, 1]), one_column([99])).tolist() == [1]
    assert distance_to_closest_record(one_column([np.nan]), one_column([1, np.nan])).tolist() == [1, 0]


def test_blocks_change_no_closest_record(monkeypatch):
    whole = distance_to_closest_record(golden("reference"), golden("generated"))
    monkeypatch.setattr("evalkit.kernels.neighbours.records._BLOCK_DISTANCES", 200)
    np.testing.assert_array_equal(distance_to_closest_record(golden("reference"), golden("generated")), whole)


def test_what_does_not_fit_is_refused():
    rows = np.random.default_rng(0).normal(size=(20, 2))
    with pytest.raises(ShapeError, match="8 rows"):
        Copies().estimates(rows[:7], rows, seed=0)
    with pytest.raises(ShapeError, match="two reference rows"):
        authentic(rows[:1], rows)
    with pytest.raises(ShapeError, match="as many held-out"):
        nearest_share(rows, rows[:5], rows)
    with pytest.raises(ShapeError):
        distance_to_closest_record(one_column([]), one_column([1]))


@pytest.mark.parametrize("modes", [1, 3])
def test_a_generator_of_few_modes_is_not_called_a_copier(modes):
    """All rows of a mode have one nearest row, on one side by chance: they are no more than one witness."""
    accused = 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        fitted, held_out = draw.normal(size=(2, 100, 3))
        found = nearest_share(fitted, held_out, np.repeat(draw.normal(size=(modes, 3)), 200 // modes, axis=0)).interval()
        accused += not found.low <= 0.5 <= found.high
    assert accused <= 4


def test_what_is_no_array_of_finite_real_numbers_is_refused():
    rows = np.random.default_rng(0).normal(size=(20, 2))
    lacking = np.where(np.arange(20)[:, None] < 5, np.nan, rows)
    for function in (exact_copies, authentic, precision_recall):
        assert_equal_result(function(rows.tolist(), pd.DataFrame(rows)), function(rows, rows))
        for bad in (lacking, rows * 1e200, rows + 1j, np.ma.masked_less(rows, 0)):
            with pytest.raises(InputError):
                function(rows, bad)
        for bad in (rows[:, 0], rows[:, :1], rows[:, :0]):
            with pytest.raises(ShapeError):
                function(rows, bad)


def assert_equal_result(found, expected):
    np.testing.assert_array_equal(found, expected)
