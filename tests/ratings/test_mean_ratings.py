"""Mean ratings: what they are, what their errors rest on, and that their intervals hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.errors import InputError, SchemaError, ShapeError
from evalkit.ratings import mean_ratings


def drawn(seed: int, raters: int = 20, items: int = 40, each: int = 30, tastes: float = 0.4) -> pd.DataFrame:
    """Ratings from 1 to 5 of three generators by raters with tastes, on items that differ."""
    draw = np.random.default_rng(seed)
    rater = np.repeat(np.arange(raters), each)
    item, generator = draw.integers(0, items, len(rater)), draw.integers(0, 3, len(rater))
    value = 3 + np.array([0.0, 0.3, 0.6])[generator] + draw.normal(0, tastes, raters)[rater] + draw.normal(0, tastes, items)[item]
    value += draw.normal(0, tastes / 2, (raters, 3))[rater, generator] + draw.normal(0, 0.8, len(rater))
    points = np.clip(np.rint(value), 1, 5)
    return pd.DataFrame({"rater": rater, "item": item, "generator": np.array(list("abc"))[generator], "value": points})


def test_means_and_errors_are_those_of_a_double_loop():
    ratings = drawn(0, raters=30, items=6, each=3, tastes=1.0)
    found = mean_ratings(ratings, scale=(1, 5), errors="rater")
    for name, value in zip(found.generators, found.values, strict=True):
        assert value == pytest.approx(ratings.loc[ratings["generator"] == name, "value"].mean())
    shares = ratings["rater"].value_counts(normalize=True)
    for i, first in enumerate(found.generators):
        for j, second in enumerate(found.generators):
            total = 0.0
            for rater, own in ratings.groupby("rater"):
                sums = [
                    (own.loc[own["generator"] == name, "value"] - found.values[k]).sum() / found.votes_of[k]
                    for k, name in ((i, first), (j, second))
                ]
                total += sums[0] * sums[1] / (1 - shares[rater])
            # A little larger: each generator was rated by fewer raters than there are.
            assert 1.0 <= found.covariance[i, j] / total < 1.2


def test_intervals_hold_and_independent_ones_do_not():
    truth = pd.concat([drawn(10_000 + i, raters=200, items=400) for i in range(20)]).groupby("generator")["value"].mean()
    held = {"both": [], "independent": []}
    for seed in range(200):
        ratings = drawn(seed)
        for kind, hits in held.items():
            found = mean_ratings(ratings, scale=(1, 5), errors=kind)
            ends = zip(found.generators, found.intervals(), strict=True)
            hits += [interval.low <= truth[name] <= interval.high for name, interval in ends]
    assert 0.92 <= np.mean(held["both"]) <= 0.98
    assert np.mean(held["independent"]) < 0.8


@pytest.mark.parametrize(("generators", "each", "raters"), [(5, 3, 0), (5, 5, 0), (5, 10, 0), (5, 10, 30), (20, 6, 30)])
def test_few_ratings_of_equals_make_no_difference(generators, each, raters):
    draw, runs = np.random.default_rng(2), 100
    held, apart = [], 0
    for _ in range(runs):
        n = generators * each
        ratings = pd.DataFrame({"generator": np.repeat(np.arange(generators), each)})
        value = draw.normal(3, 1, n)
        if raters:
            ratings = ratings.assign(rater=draw.integers(0, raters, n), item=draw.integers(0, 50, n))
            value = 3 + draw.normal(0, 0.4, raters)[ratings["rater"]] + draw.normal(0, 0.8, n)
        found = mean_ratings(ratings.assign(value=np.clip(np.rint(value), 1, 5)), scale=(1, 5))
        held += [interval.low <= 3 <= interval.high for interval in found.intervals()]
        apart += bool(np.triu(found.separable, 1).any())
    assert np.mean(held) >= 0.94
    assert apart <= 8


def test_a_generator_that_one_rater_alone_has_rated_is_refused():
    alone = pd.DataFrame({"generator": list("aabb"), "rater": list("xxyy"), "value": [1, 2, 4, 5]})
    with pytest.raises(InputError, match="a has too few independent ratings"):
        mean_ratings(alone, scale=(1, 5))
    with pytest.raises(InputError, match="b has too few"):
        mean_ratings(pd.DataFrame({"generator": list("aab"), "value": [1, 2, 5]}), scale=(1, 5))


@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_the_order_of_ratings_does_not_matter(seed, chance):
    ratings = drawn(seed, raters=8, items=6, each=12)
    order = list(range(len(ratings)))
    chance.shuffle(order)
    one, other = mean_ratings(ratings, scale=(1, 5)), mean_ratings(ratings.iloc[order], scale=(1, 5))
    pd.testing.assert_frame_equal(one.table(), other.table())


def test_ratings_that_are_all_alike_are_not_known_exactly():
    ratings = pd.DataFrame({"generator": list("ab") * 20, "value": [5, 4] * 20})
    found = mean_ratings(ratings, scale=(1, 5))
    best, second = found.intervals()
    assert (best.value, best.high) == (5.0, 5.0)
    assert best.low < 4.95
    assert second.low < 4.0 < second.high
    assert found.evidence()["a"].name == "mean rating"
    assert [len(found.leaders), found.rank_intervals()] == [1, [(1, 1), (2, 2)]]


@pytest.mark.parametrize(
    ("ratings", "scale", "error", "said"),
    [
        ({"generator": ["a"]}, (1, 5), SchemaError, "value is missing"),
        ({"generator": [], "value": []}, (1, 5), ShapeError, "no ratings"),
        ({"generator": ["a", "b"], "value": [1, 6]}, (1, 5), InputError, "rating 1 .* between 1 and 5"),
        ({"generator": ["a"], "value": [None]}, (1, 5), InputError, "rating 0"),
        ({"generator": ["a"], "value": ["good"]}, (1, 5), InputError, "rating 0"),
        ({"generator": ["a"], "value": [1]}, (5, 1), InputError, "must rise"),
    ],
)
def test_what_is_no_rating_is_refused(ratings, scale, error, said):
    with pytest.raises(error, match=said):
        mean_ratings(pd.DataFrame(ratings), scale=scale)
