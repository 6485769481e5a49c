"""Precision, recall, density and coverage against prdc, the definition by double loops, and simulated truths."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.errors import InputError, ShapeError
from evalkit.metrics.precision_recall import Prdc, coverage_of_equals, precision_recall
from tests.golden.make_peer_figures_v1 import FILE, duplicated_rows

PEERS = json.loads(FILE.read_text())
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "prdc_v1.json").read_text())["cases"]
NAMES = ("precision", "recall", "density", "coverage")


def by_double_loop(reference, generated, k, closed):
    def inside(row, ball, radius):
        distance = ((row - ball) ** 2).sum()
        return distance <= radius if closed else distance < radius

    def radii(rows):
        return [sorted(((rows[i] - rows[j]) ** 2).sum() for j in range(len(rows)) if j != i)[k - 1] for i in range(len(rows))]

    ours, theirs = radii(reference), radii(generated)
    hits = np.array([[inside(row, ball, ours[i]) for row in generated] for i, ball in enumerate(reference)])
    back = np.array([[inside(row, ball, theirs[j]) for j, ball in enumerate(generated)] for row in reference])
    others = [sum(inside(row, ball, ours[i]) for row in reference) - 1 if closed else k for i, ball in enumerate(reference)]
    density = sum(hits[i].sum() / others[i] for i in range(len(reference))) / len(generated)
    return hits.any(0).mean(), back.any(1).mean(), density, hits.any(1).mean()


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"d={case['d']}")
@pytest.mark.parametrize("closed", [True, False])
def test_equals_prdc_on_data_without_ties(case, closed):
    draw = np.random.default_rng(case["seed"])
    reference = case["offset"] + draw.normal(size=(case["n"], case["d"]))
    generated = case["offset"] + case["shift"] + case["scale"] * draw.normal(size=(case["m"], case["d"]))
    found = precision_recall(reference, generated, k=5, closed=closed)
    np.testing.assert_allclose(found, [case[name] for name in NAMES], atol=1e-12)


@given(seed=st.integers(0, 10**6), n=st.integers(4, 12), m=st.integers(4, 12), k=st.integers(1, 3), lattice=st.booleans())
@pytest.mark.parametrize("closed", [True, False])
def test_equals_the_definition_with_and_without_ties(closed, seed, n, m, k, lattice):
    draw = np.random.default_rng(seed)
    reference, generated = draw.normal(size=(n, 2)), draw.normal(size=(m, 2))
    if lattice:
        reference, generated = np.round(reference), np.round(generated)
    found = precision_recall(reference, generated, k=k, closed=closed)
    np.testing.assert_allclose(found, by_double_loop(reference, generated, k, closed), rtol=1e-12)


def test_equal_constant_samples_are_found_equal():
    """Where prdc gives 0, 0, 0, 0."""
    assert set(PEERS["prdc"]["constant"].values()) == {0.0}
    constant = np.full((50, 3), 0.1)
    np.testing.assert_allclose(precision_recall(constant, constant), [1, 1, 50 / 49, 1])
    assert precision_recall(constant, constant, closed=False) == (0, 0, 0, 0)
    estimates = Prdc().estimates(constant, constant, seed=0)
    assert all(estimates[name].interval().low > 0.9 for name in NAMES)


def test_duplicates_are_found_equal():
    """Where prdc gives about a half for a sample against itself if half of its rows are duplicates of one."""
    rows = duplicated_rows()
    assert all(value == pytest.approx(0.5, abs=0.1) for value in PEERS["prdc"]["duplicates"].values())
    precision, recall, density, coverage = precision_recall(rows, rows)
    assert (precision, recall, coverage) == (1, 1, 1)
    assert density == pytest.approx(1, abs=0.25)


def test_a_law_against_itself_has_the_coverage_of_the_formula_and_density_1():
    found = [
        precision_recall(*np.random.default_rng(seed).normal(size=(2, 150, 3)))[2:] for seed in range(60)
    ]  # four standard errors of 60 means
    np.testing.assert_allclose(np.mean(found, axis=0), [1, coverage_of_equals(150, 150)], atol=0.035)
    assert coverage_of_equals(1000, 1000) == pytest.approx(0.9690, abs=1e-4)
    assert coverage_of_equals(1, 1, k=1) == pytest.approx(1.0)


def test_a_part_of_the_reference_is_precise_and_forgets():
    """Precision is of the generated rows, recall of the reference rows."""
    draw = np.random.default_rng(0)
    reference = draw.normal(size=(400, 2))
    generated = reference[reference[:, 0] > 0.8] + 1e-9
    found = precision_recall(reference, generated)
    assert found.precision > 0.95
    assert found.recall < 0.4


def test_offset_features_give_the_same_figures():
    draw = np.random.default_rng(0)
    reference, generated = np.round(draw.normal(size=(2, 200, 64)), 6)
    near, far = precision_recall(reference, generated), precision_recall(reference + 1024, generated + 1024)
    np.testing.assert_allclose(near, far, atol=1e-9)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("d", [3, 64])
@pytest.mark.parametrize("duplicated", [0, 30])
def test_float32_features_give_the_figures_of_their_float64_copies(d, duplicated, closed):
    reference, generated = (1000 + np.random.default_rng(0).normal(size=(2, 150, d))).astype(np.float32)
    generated[:duplicated] = reference[:duplicated]
    reference[:duplicated] = reference[0]
    wide = (rows.astype(np.float64) for rows in (reference, generated))
    assert precision_recall(reference, generated, closed=closed) == precision_recall(*wide, closed=closed)


def test_float32_features_are_not_copied_whole(monkeypatch):
    monkeypatch.setattr("evalkit.kernels.neighbours.counting.BLOCK_DISTANCES", 32**2)
    monkeypatch.setattr("evalkit.kernels.neighbours.products._MOST_WAITING", 1)
    reference, generated = np.random.default_rng(0).normal(size=(2, 600, 1000)).astype(np.float32)
    precision_recall(reference[:10], generated[:10])
    tracemalloc.start()
    precision_recall(reference, generated)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < reference.nbytes / 2


def test_the_estimates_are_the_figures_and_their_influences_have_mean_0():
    draw = np.random.default_rng(1)
    reference, generated = draw.normal(size=(80, 3)), 0.3 + draw.normal(size=(60, 3))
    estimates = Prdc(k=3).estimates(reference, generated, seed=0)
    figures = precision_recall(reference, generated, k=3)
    for name in NAMES:
        one = estimates[name]
        assert one.value == getattr(figures, name)
        assert (len(one.reference), len(one.generated)) == (80, 60)
        assert abs(one.reference.mean()) < 1e-12
        assert abs(one.generated.mean()) < 1e-12
        assert one.interval().low < one.value < one.interval().high or one.value == 1


def test_the_seed_moves_the_interval_and_not_the_figure():
    draw = np.random.default_rng(1)
    reference, generated = draw.normal(size=(60, 2)), draw.normal(size=(60, 2))
    first, again, other = (Prdc().estimates(reference, generated, seed=seed)["precision"] for seed in (0, 0, 1))
    assert first.interval() == again.interval()
    assert first.value == other.value
    assert first.interval() != other.interval()


def test_far_apart_is_0_with_an_interval_that_is_not():
    rows = np.random.default_rng(0).normal(size=(60, 2))
    for estimate in Prdc().estimates(rows, rows + 100, seed=0).values():
        assert estimate.value == 0
        assert 0 < estimate.interval().high < 0.1


def test_most_intervals_of_one_law_hold_the_expectation():
    """A quick look at one cell; tests/benchmarks has the figures. Binomial(20, 0.93) is below 15 once in 1,000 times."""
    held = 0
    for seed in range(20):
        reference, generated = np.random.default_rng([seed, 5]).normal(size=(2, 60, 2))
        low, high = Prdc().estimates(reference, generated, seed=seed)["coverage"].interval()[1:]
        held += low <= coverage_of_equals(60, 60) <= high
    assert held >= 15


@pytest.mark.parametrize(
    ("n", "m", "k", "error"), [(5, 50, 5, ShapeError), (50, 5, 5, ShapeError), (50, 50, 0, InputError), (20, 50, 5, None)]
)
def test_too_few_rows_are_refused_in_one_sentence(n, m, k, error):
    reference, generated = np.random.default_rng(0).normal(size=(n, 2)), np.random.default_rng(1).normal(size=(m, 2))
    if error is None:
        precision_recall(reference, generated, k=k)
        error = ShapeError
    else:
        with pytest.raises(error):
            precision_recall(reference, generated, k=k)
    with pytest.raises(error):
        Prdc(k=k).estimates(reference, generated, seed=0)
