import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.backbones.heads import Facts
from evalkit.backbones.language.column_codes import MOST_BINS, ColumnCodes, TableCodes
from evalkit.core.errors import ShapeError
from evalkit.core.seeds import generator
from evalkit.data.rows import Feature
from tests.backbones.mixed_rows import FEATURES, mixed_rows

NUMBER = Feature(column="a", name="a", kind="number")
COUNT = Feature(column="a", name="a", kind="count")
LEVELS = Feature(column="a", name="a", kind="category", levels=("x", "y", "z"))
numbers = st.lists(st.one_of(st.floats(-1e300, 1e300), st.sampled_from([0.0, 1.0, 2.5])), min_size=1, max_size=200)


def skewed(n: int) -> np.ndarray:
    return np.exp(generator(0, "codes").normal(size=n))


@given(numbers)
@settings(max_examples=60, deadline=None)
def test_bins_cover_the_training_rows_and_values_stay_within_them(values: list[float]) -> None:
    known = np.array(values)
    codes = ColumnCodes.fit(NUMBER, known, 1.0)
    assert 1 <= len(codes.atoms) <= MOST_BINS + 2
    assert (np.diff(codes.edges) >= 0).all()
    given_codes, nats = codes.encode(known)
    assert np.isfinite(nats).all()
    np.testing.assert_array_equal(np.bincount(given_codes, minlength=len(codes.counts)), codes.counts)
    for uniform in (1e-9, 0.5, 1 - 1e-9):
        drawn = codes.decode(given_codes, np.full(len(known), uniform))
        assert ((drawn >= known.min()) & (drawn <= known.max())).all()
        np.testing.assert_array_equal(codes.encode(drawn)[0], given_codes)


def test_bins_hold_about_equally_many_rows() -> None:
    codes = ColumnCodes.fit(NUMBER, skewed(2000), 1.0)
    assert len(codes.atoms) == MOST_BINS
    assert codes.counts[:-2].min() > 20
    assert codes.counts[:-2].max() < 45
    assert len(ColumnCodes.fit(NUMBER, skewed(80), 1.0).atoms) == 20


def test_the_density_is_one_in_all() -> None:
    codes = ColumnCodes.fit(NUMBER, skewed(300), 2.0)
    chances = codes.counts[:-2] / codes.counts[:-2].sum()
    grid = np.sort(np.concatenate([np.linspace(-4000, 4000, 2_000_001), codes.edges]))
    middle = (grid[1:] + grid[:-1]) / 2
    bins, nats = codes.encode(middle)
    assert (chances[bins] * np.exp(-nats) * np.diff(grid) / 2.0).sum() == pytest.approx(1, abs=1e-3)


def test_the_probabilities_of_counts_are_one_in_all() -> None:
    values = np.concatenate([generator(0, "counts").poisson(30, 300), [0] * 40]).astype(float)
    codes = ColumnCodes.fit(COUNT, values, 1.0)
    chances = codes.counts[:-2] / codes.counts[:-2].sum()
    whole = np.arange(-5000.0, 5000.0)
    bins, nats = codes.encode(whole)
    assert (chances[bins] * np.exp(-nats)).sum() == pytest.approx(1, abs=1e-3)
    drawn = codes.decode(bins, np.full(len(whole), 0.999999))
    assert (drawn == np.round(drawn)).all()
    np.testing.assert_array_equal(codes.encode(drawn)[0], bins)


def test_a_value_that_many_rows_share_is_drawn_exactly_and_its_neighbours_are_unlikely() -> None:
    codes = ColumnCodes.fit(NUMBER, np.concatenate([np.zeros(100), skewed(100)]), 1.0)
    (code,), (usual,) = codes.encode(np.zeros(1))
    assert codes.atoms[code] == 0.0
    assert codes.decode(np.full(5, code), np.linspace(0.1, 0.9, 5)).tolist() == [0.0] * 5
    assert codes.encode(np.array([1e-6]))[1][0] > usual + 3


def test_what_lies_beyond_is_ever_less_likely_and_never_impossible() -> None:
    codes = ColumnCodes.fit(NUMBER, skewed(100), 1.0)
    nats = codes.encode(np.array([20.0, 1e3, 1e6, 1e300, 1.7e308]))[1]
    assert (np.diff(nats) >= 0).all()
    assert np.isfinite(nats).all()
    assert nats[3] > 400


def test_missing_and_new_levels_have_codes() -> None:
    codes = ColumnCodes.fit(LEVELS, np.array([0.0, 1.0, np.nan, 1.0]), 1.0)
    assert codes.counts.tolist() == [1, 2, 0, 0, 1]
    assert codes.encode(np.array([2.0, 3.0, np.nan]))[0].tolist() == [2, 3, 4]
    np.testing.assert_array_equal(codes.decode(np.array([2, 4]), np.full(2, 0.5)), [2.0, np.nan])
    constant = ColumnCodes.fit(NUMBER, np.array([7.0, 7.0, np.nan]), 1.0)
    np.testing.assert_array_equal(constant.decode(np.array([0, 2]), np.full(2, 0.3)), [7.0, np.nan])
    assert constant.encode(np.array([np.nan]))[0].tolist() == [2]


def test_a_tables_codes_are_saved_and_refused_when_they_do_not_fit() -> None:
    rows = mixed_rows(200)
    codes = TableCodes.fit(FEATURES, rows.values, Facts.fit(rows))
    again = TableCodes.from_state(codes.to_state())
    encoded = codes.encode(rows.values)
    np.testing.assert_array_equal(again.encode(rows.values), encoded)
    decoded = codes.decode(encoded[..., 0].astype(int), np.full(rows.values.shape, 0.5))
    np.testing.assert_array_equal(np.isnan(decoded), np.isnan(rows.values))
    broken = codes.to_state()
    broken["columns"][0]["edges"] = np.zeros(3)
    with pytest.raises(ShapeError, match="edges"):
        TableCodes.from_state(broken)
