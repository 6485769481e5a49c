"""Halves: every row in one, copies together, equal counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.errors import InputError, ShapeError
from evalkit.discriminator.halves import Half, balanced_samples, halves

cells = st.lists(st.integers(0, 40), min_size=10, max_size=40).map(lambda drawn: np.array(drawn, dtype=float)[:, None])


@given(cells, cells, st.integers(0, 5))
def test_every_row_is_in_one_half_and_copies_are_together(reference, generated, seed):
    training, held_out = halves(reference, generated, seed=seed)
    for name, n in (("reference", len(reference)), ("generated", len(generated))):
        rows = np.concatenate([getattr(training, name), getattr(held_out, name)])
        assert sorted(rows) == list(range(n))
    known = np.concatenate([reference[training.reference], generated[training.generated]])
    asked = np.concatenate([reference[held_out.reference], generated[held_out.generated]])
    counts = dict(zip(*np.unique(np.concatenate([known, asked]), return_counts=True), strict=True))
    assert all(counts[value] > 20 for value in np.intersect1d(known, asked))


@pytest.mark.parametrize("n", [10, 11, 200])
def test_rows_without_copies_are_halved_exactly(n):
    draw = np.random.default_rng(n)
    training, held_out = halves(draw.normal(size=(n, 2)), draw.normal(size=(n, 2)), seed=1)
    assert [len(rows) for rows in (*training, *held_out)] == [n - n // 2, n - n // 2, n // 2, n // 2]


def test_single_rows_make_up_for_what_copies_unbalance():
    draw = np.random.default_rng(0)
    reference = np.concatenate([np.repeat(draw.normal(size=30), 10), draw.normal(size=700)])[:, None]
    generated = draw.normal(size=(1000, 1))
    training, held_out = halves(reference, generated, seed=0)
    assert [len(rows) for rows in (*training, *held_out)] == [500, 500, 500, 500]


def test_common_values_are_on_both_sides():
    draw = np.random.default_rng(0)
    training, held_out = halves(*draw.integers(0, 2, (2, 200, 1)).astype(float), seed=0)
    assert [len(rows) for rows in (*training, *held_out)] == [100] * 4


def test_minus_zero_is_a_copy_of_zero():
    reference, generated = np.arange(20.0)[:, None], np.arange(20.0)[:, None] + 0.5
    generated[0] = -0.0
    for seed in range(10):
        training, _ = halves(reference, generated, seed=seed)
        assert (0 in training.reference) == (0 in training.generated)


def test_the_same_reference_rows_for_every_generator():
    draw = np.random.default_rng(0)
    reference = draw.normal(size=(100, 2))
    first, second = (halves(reference, draw.normal(size=(m, 2)), seed=3)[1].reference for m in (100, 250))
    assert (first == second).all()


def test_the_larger_sample_is_cut():
    chosen = balanced_samples(np.zeros((300, 1)), np.zeros((40, 1)), seed=0)
    assert [len(rows) for rows in chosen] == [40, 40]
    assert len(set(chosen.reference)) == 40
    assert Half(np.arange(5), np.arange(9)).balanced(0).reference.tolist() == [0, 1, 2, 3, 4]


def test_refusals():
    with pytest.raises(ShapeError, match="10 rows a side"):
        balanced_samples(np.zeros((9, 1)), np.zeros((20, 1)), seed=0)
    with pytest.raises(ShapeError, match="same features"):
        balanced_samples(np.zeros((20, 1)), np.zeros((20, 2)), seed=0)
    with pytest.raises(ShapeError, match="same features"):
        balanced_samples(np.zeros(20), np.zeros(20), seed=0)
    with pytest.raises(InputError, match="finite"):
        balanced_samples(np.full((20, 1), np.nan), np.zeros((20, 1)), seed=0)
