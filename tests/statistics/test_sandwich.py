"""The sandwich: against its definition by loops, and how often intervals of a mean hold."""

import numpy as np
import pytest
from scipy import sparse, stats

from evalkit.core.errors import ShapeError
from evalkit.statistics.sandwich import clustered_meat, groups_of, sandwich, two_way_meat


def drawn(seed=0, n=60, p=3):
    draw = np.random.default_rng(seed)
    return draw.normal(size=(n, p)), draw.integers(0, 7, n), draw.integers(0, 5, n)


def by_loops(scores, groups):
    total = np.zeros((scores.shape[1],) * 2)
    for group in set(groups):
        of_group = scores[groups == group].sum(axis=0)
        total += np.outer(of_group, of_group) / (1 - np.mean(groups == group))
    return total


def test_the_definition():
    scores, first, second = drawn()
    rows = sparse.csr_array(scores)
    np.testing.assert_allclose(clustered_meat(rows, first).matrix, by_loops(scores, first))
    both = by_loops(scores, first) + by_loops(scores, second) - by_loops(scores, first * 5 + second)
    values, vectors = np.linalg.eigh(both)
    np.testing.assert_allclose(two_way_meat(rows, first, second).matrix, vectors @ np.diag(values.clip(0)) @ vectors.T)


def test_many_small_groups_give_the_same_as_a_plain_product():
    scores = sparse.random_array((4000, 600), density=0.003, rng=np.random.default_rng(0), format="csr")
    groups = np.arange(4000) // 2
    np.testing.assert_allclose(clustered_meat(scores, groups).matrix, by_loops(scores.toarray(), groups), atol=1e-12)


def test_intervals_of_a_mean_hold_when_groups_are_unequal():
    """15 groups, one of them with a third of the rows: 95 % of 2,000 within 93 … 98 %."""
    groups = np.concatenate([np.zeros(30, dtype=int), np.repeat(np.arange(1, 15), 4)])
    n, hits, draw = len(groups), 0, np.random.default_rng(0)
    for _ in range(2000):
        values = draw.normal(size=15)[groups] + draw.normal(size=n)
        meat = clustered_meat(sparse.csr_array((values - values.mean())[:, None]), groups)
        error = np.sqrt(sandwich(np.eye(1) / n, meat.matrix)[0, 0])
        hits += abs(values.mean()) <= stats.t.ppf(0.975, meat.degrees) * error
    assert 0.93 <= hits / 2000 <= 0.98


def test_degrees_of_freedom_are_those_of_equal_groups():
    scores, _, _ = drawn(n=60)
    assert clustered_meat(sparse.csr_array(scores), np.arange(60) % 6).degrees == pytest.approx(5)
    assert clustered_meat(sparse.csr_array(scores), np.minimum(np.arange(60) // 10, 1)).degrees == 1


def test_one_group_is_refused():
    for groups in (np.zeros(60, dtype=int), np.ones(60, dtype=int)):
        with pytest.raises(ShapeError, match="two groups"):
            clustered_meat(sparse.csr_array(drawn()[0]), groups)
    assert groups_of(["b", "a", "b"]).tolist() == [1, 0, 1]
