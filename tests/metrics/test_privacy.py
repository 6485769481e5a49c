"""Privacy: the definitions by loops, what known leaks give, coverage and level without a leak."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Table
from evalkit.core.schema import Column, Schema
from evalkit.metrics.copies import distance_to_closest_record
from evalkit.metrics.privacy import closest_record_control, exposure, membership_attack


def table(values):
    schema = Schema(modality="table", columns=tuple(Column(name=f"a{i}", kind="number") for i in range(values.shape[1])))
    return Table("demo", schema, pd.DataFrame(values, columns=[f"a{i}" for i in range(values.shape[1])]))


@given(seed=st.integers(0, 10**6), k=st.integers(1, 3), d=st.integers(1, 40))
def test_exposure_is_the_log_ratio_of_distances(seed, k, d):
    draw = np.random.default_rng(seed)
    rows, generated, population = draw.normal(size=(3, 6, d))
    found = exposure(rows, generated, population, neighbours=k)
    for row, value in zip(rows, found, strict=True):
        near, far = (np.sort([np.linalg.norm(row - other) for other in others])[:k] for others in (generated, population))
        assert value == pytest.approx(np.log(far).mean() - np.log(near).mean(), abs=1e-9)


@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-3, 1.0, 1e3]))
def test_units_and_turns_do_not_count(seed, scale):
    draw = np.random.default_rng(seed)
    rows, generated, population = draw.normal(size=(3, 8, 3))
    turn = np.linalg.qr(draw.normal(size=(3, 3)))[0] * scale
    np.testing.assert_allclose(exposure(rows @ turn, generated @ turn, population @ turn), exposure(rows, generated, population))


def test_the_attack_is_the_mann_whitney_statistic_of_exposures():
    fitted, held_out, generated, population = np.random.default_rng(0).normal(size=(4, 40, 2))
    generated[:20] = fitted[:20] + 0.01
    found = membership_attack(fitted, held_out, generated, seed=0, population=population)
    scores = [exposure(rows, generated, population) for rows in (fitted, held_out)]
    assert found.value == pytest.approx(mannwhitneyu(*scores).statistic / 1600)
    assert found.reference.shape == (80,)
    assert abs(found.reference.mean()) < 1e-12


def test_more_copies_are_seen_better():
    draw = np.random.default_rng(0)
    fitted, held_out, generated = draw.normal(size=(3, 200, 4))
    found = []
    for copied in (0, 100, 200):
        generated[:copied] = fitted[:copied]
        found.append(membership_attack(fitted, held_out, generated, seed=0))
    assert found[0].interval().low <= 0.5 <= found[0].interval().high
    assert found[0].value < found[1].value < found[2].value
    assert found[2].value > 0.95
    assert found[2].interval().high <= 1
    assert exposure(fitted, generated, held_out).min() > exposure(held_out[:100], generated, held_out[100:]).max()


def test_the_attack_is_one_half_and_its_interval_holds_where_nothing_leaks():
    """Binomial(200, 0.95) lies in 178 ... 199."""
    found = [membership_attack(*np.random.default_rng(seed).normal(size=(3, 80, 3)), seed=seed).interval() for seed in range(200)]
    assert np.mean([value for value, _, _ in found]) == pytest.approx(0.5, abs=0.02)
    assert 178 <= sum(low <= 0.5 <= high for _, low, high in found) <= 199


def test_half_of_the_held_out_rows_are_the_population():
    fitted, held_out, generated = np.random.default_rng(0).normal(size=(3, 40, 2))
    found = membership_attack(fitted, held_out, generated, seed=0)
    assert "40 fitted and 20 held-out rows" in found.method
    assert (found.reference[40:] != 0).sum() <= 20
    # The same variance as of the rows that were asked about.
    assert found.variance == pytest.approx(found.reference.var(ddof=1) / 80)


def test_rows_of_few_values_have_a_figure():
    fitted, held_out, generated = np.random.default_rng(0).integers(0, 2, size=(3, 60, 2)).astype(float)
    value, low, high = membership_attack(fitted, held_out, generated, seed=0).interval()
    assert 0 < low < value < high < 1
    same = np.ones((30, 2))
    assert membership_attack(same, same, same, seed=0).value == 0.5


def test_closest_records_beside_held_out_rows():
    draw = np.random.default_rng(0)
    fitted, held_out, new, far = (table(draw.normal(size=(120, 3)) + shift) for shift in (0, 0, 0, 20))
    found = closest_record_control(fitted, held_out, new)
    ours, theirs = (distance_to_closest_record(fitted, rows) for rows in (held_out, new))
    expected = np.mean([(d < e) + (d == e) / 2 for d in theirs for e in ours])
    assert found.value == pytest.approx(expected)
    assert found.interval().low < 0.5 < found.interval().high
    copied = closest_record_control(fitted, held_out, fitted).interval()
    assert 0.9 < copied.low < copied.value == 1
    assert closest_record_control(fitted, held_out, far).value < 0.1


def test_the_interval_of_the_control_holds():
    """Given the fitted rows, the truth is one half for new rows. Binomial(100, 0.95) is 88 or more."""
    held = 0
    for seed in range(100):
        fitted, held_out, generated = map(table, np.random.default_rng(seed).normal(size=(3, 60, 2)))
        low, high = closest_record_control(fitted, held_out, generated).interval()[1:]
        held += low <= 0.5 <= high
    assert 88 <= held <= 100


def test_what_does_not_fit_is_refused():
    rows = np.random.default_rng(0).normal(size=(30, 2))
    with pytest.raises(ShapeError, match="9 held out"):
        membership_attack(rows, rows[:18], rows, seed=0)
    with pytest.raises(ShapeError, match="same features"):
        membership_attack(rows, rows, rows[:, :1], seed=0)
    with pytest.raises(InputError, match="finite"):
        membership_attack(rows, rows, np.where(rows == rows[0, 0], np.nan, rows), seed=0)
    with pytest.raises(ShapeError, match="9 generated"):
        closest_record_control(table(rows), table(rows), table(rows[:9]))
