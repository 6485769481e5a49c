"""nearest() against a double loop, and the laws it promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.errors import InputError, ShapeError
from evalkit.kernels.neighbours import nearest
from evalkit.kernels.neighbours import reference as implementation


def by_double_loop(reference, query, k, metric):
    difference = np.abs(reference - query)
    distances = (difference**2).sum(1) if metric == "squared_euclidean" else difference.sum(1)
    order = np.argsort(distances, kind="stable")[:k]
    return distances[order], order


@pytest.mark.parametrize("metric", ["squared_euclidean", "manhattan"])
@given(n=st.integers(1, 40), d=st.integers(1, 6), k=st.integers(1, 40), seed=st.integers(0, 10**6))
def test_equals_the_definition(metric, n, d, k, seed):
    draw = np.random.default_rng(seed)
    reference, queries, k = draw.normal(size=(n, d)), draw.normal(size=(7, d)), min(k, n)
    found = nearest(reference, queries, k, metric=metric)
    for row, query in enumerate(queries):
        distances, order = by_double_loop(reference, query, k, metric)
        np.testing.assert_allclose(found.distances[row], distances, rtol=1e-12)
        np.testing.assert_array_equal(found.indices[row], order)


def test_a_row_alone_gets_the_same_bits_as_in_a_batch(monkeypatch):
    draw = np.random.default_rng(0)
    reference, queries = draw.normal(size=(300, 5)), draw.normal(size=(50, 5))
    together = nearest(reference, queries, 4)
    monkeypatch.setattr(implementation, "_BLOCK_DISTANCES", 1000)
    small_blocks = nearest(reference, queries, 4)
    alone = [nearest(reference, query[None], 4) for query in queries]
    np.testing.assert_array_equal(together.distances, small_blocks.distances)
    np.testing.assert_array_equal(together.distances, np.concatenate([found.distances for found in alone]))
    np.testing.assert_array_equal(together.indices, np.concatenate([found.indices for found in alone]))


def test_leave_one_out_skips_the_row_itself_but_not_its_copies(monkeypatch):
    monkeypatch.setattr(implementation, "_BLOCK_DISTANCES", 4)
    rows = np.array([[0.0], [0.0], [5.0], [9.0]])
    found = nearest(rows, rows, 1, leave_one_out=True)
    assert found.indices[:, 0].tolist() == [1, 0, 3, 2]
    assert found.distances[:, 0].tolist() == [0.0, 0.0, 16.0, 16.0]


def test_near_duplicates_far_from_the_origin_keep_their_distance():
    # |a|² - 2ab + |b|² loses this distance altogether in float64.
    reference = np.full((1, 3), 1e8)
    found = nearest(reference, reference + 1e-3, 1)
    np.testing.assert_allclose(found.distances[0, 0], 3e-6, rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"reference": [[1.0]], "queries": [[1.0, 2.0]], "k": 1}, ShapeError),
        ({"reference": [[1.0]], "queries": [[1.0]], "k": 2}, ShapeError),
        ({"reference": [[1.0]], "queries": [[1.0]], "k": 0}, ShapeError),
        ({"reference": [[1.0]], "queries": [[1.0]], "k": 1, "leave_one_out": True}, ShapeError),
        ({"reference": [[1.0], [2.0]], "queries": [[1.0]], "k": 1, "leave_one_out": True}, ShapeError),
        ({"reference": [1.0], "queries": [[1.0]], "k": 1}, ShapeError),
        ({"reference": [[1.0]], "queries": [[1.0]], "k": 1, "metric": "cosine"}, InputError),
        ({"reference": [[1.0]], "queries": [[1.0]], "k": 1, "impl": "fast"}, InputError),
    ],
)
def test_what_does_not_fit_is_refused(arguments, error):
    with pytest.raises(error):
        nearest(**arguments)
