"""Ford's condition: against all splits by brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.ratings.connectivity import obstacle


@given(edges=st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=10))
def test_there_is_an_obstacle_where_some_split_is_one_sided(edges):
    edges = {(a, b) for a, b in edges if a != b}
    winners, losers = (np.array([edge[side] for edge in sorted(edges)], dtype=np.int64) for side in (0, 1))
    one_sided = any(
        not any(a in part and b not in part for a, b in edges)
        for size in (1, 2, 3)
        for part in map(set, itertools.combinations(range(4), size))
    )
    assert (obstacle(winners, losers, ("a", "b", "c", "d")) is not None) == one_sided


@pytest.mark.parametrize(
    ("edges", "said"),
    [
        ([(0, 1), (1, 0), (2, 3), (3, 2)], "was never compared with the others"),
        ([(0, 1), (1, 2), (2, 1), (1, 3), (3, 1)], "a never lost to the others, so its strength has"),
        ([(1, 0), (1, 2), (2, 1), (1, 3), (3, 1)], "a never won against the others, so its strength has"),
        ([(0, 1), (1, 0), (0, 2), (1, 3), (2, 3), (3, 2)], "a, b never lost to the others, so their strengths have"),
    ],
)
def test_the_sentence_names_the_smaller_part(edges, said):
    winners, losers = np.array(edges).T
    assert said in obstacle(winners, losers, ("a", "b", "c", "d"))


def test_many_names_are_counted():
    names = tuple(f"m{i}" for i in range(20))
    around = [(i, (i + 1) % 10) for i in range(10)] + [(i, 10 + (i + 1) % 10) for i in range(10, 20)]
    winners, losers = np.array(around).T
    assert "and 5 more" in obstacle(winners, losers, names)
