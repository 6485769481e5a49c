"""Vendi score: published values, the definition from the whole kernel, influences by adding weight to a row, and odd rows."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from evalkit.core.errors import InputError, ShapeError
from evalkit.metrics.vendi import Vendi, _products, _score, _variety, vendi_score, vendi_score_of_kernel
from tests.golden.make_peer_figures_v1 import FILE, vendi_rows

GOLDEN = json.loads(FILE.read_text())["vendi"]
ORDERS = [0.5, 1, 2, 5.5, math.inf]


def rows(seed, n=40, d=4, scale=1.0):
    return np.random.default_rng(seed).normal(scale, 1, size=(n, d))


def by_definition(kernel, q):
    """From the eigenvalues of the kernel, as a general matrix."""
    shares = np.linalg.eigvals(kernel / len(kernel)).real.clip(0)
    shares = shares[shares > 1e-12]
    if q == 1:
        return math.exp(entropy(shares))
    return 1 / shares.max() if q == math.inf else sum(share**q for share in shares.tolist()) ** (1 / (1 - q))


def cosines(values):
    return np.array([[np.dot(a, b) / math.sqrt(np.dot(a, a) * np.dot(b, b)) for b in values] for a in values])


def test_published_values():
    """The README of vertaix/Vendi-Score: six numbers of three kinds under exp(-|a - b|), whose score is
    printed there cut, not rounded; and a kernel of three rows."""
    samples = np.array([0.0, 0, 10, 10, 20, 20])
    assert vendi_score_of_kernel(np.exp(-abs(samples[:, None] - samples))) == pytest.approx(2.9999, abs=1e-4)
    assert vendi_score_of_kernel([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]]) == pytest.approx(2.1573, abs=5e-5)


@pytest.mark.parametrize("q", ORDERS)
@pytest.mark.parametrize(("n", "d"), [(40, 4), (10, 30), (12, 12)])
def test_equals_the_definition_by_rows_or_by_features(q, n, d):
    values = rows(0, n, d)
    expected = by_definition(cosines(values), q)
    assert vendi_score(values, q) == pytest.approx(expected, rel=1e-6)
    assert vendi_score_of_kernel(cosines(values), q) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['n']}x{case['d']}")
def test_equals_vendi_score(case):
    values = vendi_rows(case["n"], case["d"])
    for name in ("score_X", "score_dual", "score_K"):
        assert vendi_score(values) == pytest.approx(case[f"{name}, q=1"], rel=1e-9)
    for q in (2, math.inf):
        for name in ("score_dual", "score_K"):
            assert vendi_score(values, q) == pytest.approx(case[f"{name}, q={q}"], rel=1e-9)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['n']}x{case['d']}")
def test_the_order_counts_where_score_x_of_vendi_score_ignores_it(case):
    """Its score_X gives the figure of order 1 whatever q is; its other two functions do not."""
    values = vendi_rows(case["n"], case["d"])
    for q in (2, math.inf):
        assert case[f"score_X, q={q}"] == case["score_X, q=1"]
        assert vendi_score(values, q) == pytest.approx(by_definition(cosines(values), q), rel=1e-9)
        assert vendi_score(values, q) < case[f"score_X, q={q}"] - 0.1


@pytest.mark.parametrize("q", ORDERS)
@pytest.mark.parametrize(("n", "d"), [(40, 4), (10, 30)])
def test_the_influences_are_the_slopes_of_added_weight(q, n, d):
    """A row of weight 1 + step / n times the others' is repeated in the kernel as a row stretched by the weight's root."""
    values = rows(1, n, d)
    units = values / np.linalg.norm(values, axis=1, keepdims=True)
    found, step, slopes = _variety(units, q, seed=0), 1e-4, []
    for i in range(n):
        ends = []
        for sign in (1, -1):
            weights = (np.full(n, 1 / n) * (1 - sign * step)) + sign * step * (np.arange(n) == i)
            stretched = units * np.sqrt(weights * n)[:, None]
            ends.append(math.log(by_definition(stretched @ stretched.T, q)))
        slopes.append((ends[0] - ends[1]) / (2 * step))
    np.testing.assert_allclose(found.influences, slopes, atol=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 20), st.integers(1, 25), st.sampled_from(ORDERS))
def test_laws(seed, n, d, q):
    """Between 1 and n; unmoved by turns, lengths, order and repetition; falling with the order."""
    draw = np.random.default_rng(seed)
    values, turn = draw.normal(size=(n, d)), np.linalg.qr(draw.normal(size=(d, d)))[0]
    score = vendi_score(values, q)
    assert 1 - 1e-9 <= score <= min(n, d) + 1e-6
    for same in (values @ turn, values * draw.uniform(1e-3, 1e3, size=(n, 1)), values[::-1], np.repeat(values, 3, axis=0)):
        assert vendi_score(same, q) == pytest.approx(score, rel=1e-5)
    assert vendi_score(values, 3) <= vendi_score(values, 0.7) + 1e-9


@pytest.mark.parametrize("q", ORDERS)
def test_the_ends_of_the_range(q):
    assert vendi_score(np.eye(6), q) == pytest.approx(6)
    assert vendi_score(np.ones((6, 3)), q) == pytest.approx(1)
    assert vendi_score(np.repeat(np.eye(3), 5, axis=0), q) == pytest.approx(3)


def test_rows_of_zeros_are_one_kind_of_their_own():
    assert vendi_score([[0.0, 0.0]] * 3 + [[1.0, 0.0]] * 3) == pytest.approx(2)
    assert vendi_score(np.zeros((5, 2))) == pytest.approx(1)
    assert vendi_score(rows(0) * 1e-200) == pytest.approx(vendi_score(rows(0)))


def test_equal_samples_have_no_gap_and_dull_ones_have_one():
    real = rows(0, 300)
    assert Vendi().estimates(real, real, seed=0)["vendi_gap"].value == 0
    dull = rows(1, 300) * [5, 1, 1, 1]
    found = Vendi().estimates(real, dull, seed=0)
    assert found["vendi_gap"].interval().low > 0
    assert found["vendi_gap"].value == pytest.approx(abs(math.log(vendi_score(dull) / vendi_score(real))))
    assert found["vendi"].value == pytest.approx(vendi_score(dull))


def test_the_gap_is_at_equal_numbers_of_rows():
    """Of one law: the score of 100 rows of 40 features is far below that of 1,000, the gap is not."""
    few, many = rows(0, 100, 40, scale=0.0), rows(1, 1000, 40, scale=0.0)
    naive = abs(math.log(vendi_score(few) / vendi_score(many)))
    for pair in ((few, many), (many, few)):
        gap = Vendi().estimates(*pair, seed=0)["vendi_gap"]
        assert gap.value < naive / 5
        assert gap.further_variance > 0


def test_errors_are_right_with_few_rows_for_the_features():
    scale, draw, values, errors = (1 + np.arange(40)) ** -0.5, np.random.default_rng(5), [], []
    for _ in range(150):
        first, second = draw.normal(size=(2, 60, 40)) * scale
        found = Vendi().estimates(first, second, seed=0)["vendi"]
        values.append(found.value)
        errors.append(found.variance)
    # By the influences alone it is 0.7 of it.
    assert np.mean(errors) == pytest.approx(np.var(values, ddof=1), rel=0.25)


@pytest.mark.parametrize("q", [0.5, 1, 2, 5.5])
def test_products_of_rows_are_the_second_differences(q):
    values = rows(2, 40, 4)
    units = values / np.linalg.norm(values, axis=1, keepdims=True)
    covariance, step = units.T @ units / len(units), 1e-3
    eigenvalues, vectors = np.linalg.eigh(covariance)
    influences = _variety(units, q, seed=0).influences
    found = _products(units @ (vectors / np.sqrt(eigenvalues)), eigenvalues, influences, q)
    ours, theirs = (np.outer(row, row) - covariance for row in units[[3, 7]])

    def score(*signs):
        moved = covariance + step * (signs[0] * ours + signs[1] * theirs)
        return math.log(_score(np.linalg.eigvalsh(moved), q))

    seen = (score(1, 1) - score(1, -1) - score(-1, 1) + score(-1, -1)) / (2 * step) ** 2
    assert found[3, 7] == pytest.approx(seen, rel=1e-3)


@pytest.mark.parametrize("q", [1, 2])
def test_errors_are_right_where_hardly_a_score_could_be_larger(q):
    """Rows alike in all directions: influences are noise there, and twice the variance without it."""
    found = [Vendi(q).estimates(*rows(seed, 200, 6).reshape(2, 100, 6), seed=seed)["vendi"] for seed in range(150)]
    known = np.mean([one.variance for one in found])
    assert 0.7 < known / np.var([one.value for one in found], ddof=1) < 1.5


def test_few_rows_widen_what_is_no_noise_only():
    """Of 150 rows of 40 features alike in all directions: nearly all is noise, of which the score has half however few they are."""
    found = [np.log(vendi_score(rows(seed, 150, 40, 0.0))) for seed in range(1500)]
    estimates = [Vendi().estimates(*rows(seed, 300, 40, 0.0).reshape(2, 150, 40), seed=seed)["vendi"] for seed in range(40)]
    known = np.mean([one.variance / one.value**2 for one in estimates])
    assert 0.85 < known / np.var(found) < 1.08


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="order q above 0"):
        vendi_score(rows(0), 0)
    with pytest.raises(InputError, match="order q above 0"):
        Vendi(q=math.nan)
    with pytest.raises(InputError, match="positive semidefinite"):
        vendi_score_of_kernel([[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(InputError, match="1 on the diagonal"):
        vendi_score_of_kernel([[2.0, 0.0], [0.0, 1.0]])
    with pytest.raises(ShapeError, match="all pairs"):
        vendi_score_of_kernel([[1.0, 0.0]])
    with pytest.raises(ShapeError, match="8 rows"):
        Vendi().estimates(rows(0), rows(1, 7), seed=0)
