"""Families: deterministic, row by row, finite for anything finite."""

import numpy as np
import pytest

from evalkit.discriminator import FAMILIES
from evalkit.discriminator.families import Bend


def rows(n=120, d=3, seed=0):
    draw = np.random.default_rng(seed)
    real = np.arange(n) < n // 2
    return draw.normal(size=(n, d)) + real[:, None], real


def shaped(name, x):
    """The same numbers as rows that the family reads: each feature as a step or a pixel."""
    return x.reshape(*x.shape, *[1] * (len(FAMILIES[name].axes) - 1))


@pytest.mark.parametrize("name", FAMILIES)
def test_a_seed_decides_and_a_row_stands_for_itself(name):
    x, real = rows()
    x = shaped(name, x)
    first, second = (FAMILIES[name].load()().fit(x, real, seed=5).realness(x) for _ in range(2))
    assert (first == second).all()
    alone = FAMILIES[name].load()().fit(x, real, seed=5).realness(x[7:8])
    assert alone[0] == pytest.approx(first[7], rel=1e-9)
    assert first[real].mean() > first[~real].mean() + 0.1


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("trouble", ["huge", "constant", "two values", "one wild"])
def test_anything_finite_gets_an_answer(name, trouble):
    x, real = rows()
    if trouble == "huge":
        x = np.clip(x, -1.7, 1.7) * 1e308
    elif trouble == "constant":
        x = np.ones_like(x)
    elif trouble == "two values":
        x = (x > 1.5).astype(float)
    else:
        x[3, 0] = 1.7e308
    found = FAMILIES[name].load()().fit(shaped(name, x), real, seed=0).realness(shaped(name, np.concatenate([x, -x])))
    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()
    if trouble == "constant":
        assert np.ptp(found[: len(x)]) == 0


def test_bending_is_straight_in_the_middle_and_logarithmic_outside():
    draw = np.random.default_rng(0)
    x = 5 + 2 * draw.normal(size=(20_000, 1))
    bend = Bend.of(x)
    np.testing.assert_allclose(bend(np.array([[5.0], [6.0], [4.0]]))[:, 0], [0, 0.5, -0.5], atol=0.03)
    np.testing.assert_allclose(bend(np.array([[1e9]]))[0, 0], 3 * np.log(2 * 0.5e9 / 3), rtol=0.01)


def test_wild_values_do_not_blind_the_line():
    x, real = rows(400)
    clean = FAMILIES["logistic"].load()().fit(x, real, seed=0).realness(x)
    x[:3] = 1e200
    wild = FAMILIES["logistic"].load()().fit(x, real, seed=0).realness(x)
    assert np.corrcoef(clean[3:], wild[3:])[0, 1] > 0.95


@pytest.mark.parametrize("n", [5, 15, 40])
def test_boosted_trees_learn_from_few_rows_and_leave_out_what_has_no_values(n):
    draw = np.random.default_rng(0)
    rows = np.column_stack([np.concatenate([draw.normal(9, 1, n), draw.normal(0, 1, n)]), np.full(2 * n, np.nan)])
    realness = FAMILIES["boosted_trees"].load()().fit(rows, np.arange(2 * n) < n, seed=0).realness(rows)
    assert realness[:n].min() > 0.5 > realness[n:].max()
