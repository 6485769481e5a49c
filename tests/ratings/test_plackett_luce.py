"""Orders of several: published fits, agreement with votes between two, brute force, laws, refusals."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from evalkit.core.errors import InputError, ShapeError
from evalkit.ratings import rank, rank_best_worst, rank_orders
from tests.ratings.drawn_votes import by_name, votes

# Made-up counts of orders of four films.
FILMS = {"2143": 30, "1243": 21, "3214": 17, "2413": 11, "4321": 9, "1324": 6, "3421": 4}


def drawn(seed, n=300, k=5, m=4, spread=1.0, raters=30):
    draw = np.random.default_rng(seed)
    shown = np.array([draw.permutation(k)[:m] for _ in range(n)])
    noise = draw.gumbel(size=(n, m)) + np.linspace(-spread, spread, k)[shown]
    orders = [[f"m{i}" for i in row] for row in np.take_along_axis(shown, np.argsort(-noise, axis=1), axis=1)]
    return orders, draw.integers(0, raters, n)


def test_the_cases_of_choix():
    """lucasmaystre/choix, tests: partial rankings and choices of one, atol 1e-4."""
    found = by_name(rank_orders([[0, 1, 2], [3, 2, 0], [1, 3]]))
    np.testing.assert_allclose(list(found.values()), [-0.443281, 0.695062, -0.670614, 0.418833], atol=1e-4)
    found = by_name(rank_orders([[0], [1], [2]], among=[[0, 1], [1, 2], [2, 0, 1]]))
    np.testing.assert_allclose(list(found.values()), [0.160404, -0.320808, 0.160404], atol=1e-4)
    found = by_name(rank_orders([[0, 1], [0, 1], [1, 2], [2, 0]]))
    np.testing.assert_allclose(list(found.values()), [0.4196176, -0.4196176, 0], atol=1e-4)


def test_the_definition_maximised_by_brute_force():
    orders, weights = [list(order) for order in FILMS], list(FILMS.values())

    def loss(strengths):
        total = 0.0
        for order, times in FILMS.items():
            left = [int(film) - 1 for film in order]
            for j in range(3):
                total -= times * (strengths[left[j]] - np.log(np.exp(strengths[left[j:]]).sum()))
        return total

    expected = minimize(loss, np.zeros(4), options={"gtol": 1e-9})
    ranking = rank_orders(orders, weights=weights)
    np.testing.assert_allclose(list(by_name(ranking).values()), expected.x - expected.x.mean(), atol=1e-5)
    assert ranking.log_likelihood == pytest.approx(-expected.fun)


@pytest.mark.parametrize("ties", [0.0, 0.6])
def test_orders_of_two_are_votes_between_two(ties):
    table = votes(0, n=400, ties=ties)
    columns = zip(table["left"], table["right"], table["outcome"], strict=True)
    orders = [[(a, b)] if said == "tie" else [a, b] if said == "left" else [b, a] for a, b, said in columns]
    for errors in ("model", "independent", "both"):
        ours, theirs = (
            rank_orders(orders, raters=table["rater"], items=table["item"], errors=errors),
            rank(table, position=False, errors=errors),
        )
        assert ours.generators == theirs.generators
        np.testing.assert_allclose(ours.strengths, theirs.strengths, atol=1e-8)
        np.testing.assert_allclose(ours.covariance, theirs.covariance, atol=1e-8)
        assert ours.log_likelihood == pytest.approx(theirs.log_likelihood)


def test_ties_in_orders_by_brute_force():
    """The worths' geometric mean times delta, over all sets of one and of two (Turner and others, 2020)."""
    orders = [
        ["a", ("b", "c"), "d"],
        [("a", "b"), "c", "d"],
        ["d", "c", ("a", "b")],
        ["b", "a", "d", "c"],
        [("c", "d"), ("a", "b")],
    ] * 2
    ranking = rank_orders(orders)

    def loss(parameters):
        strengths, total = dict(zip("abcd", parameters, strict=False)), 0.0
        for order in orders:
            places = [tuple(place) for place in order]
            for j in range(len(places)):
                left = [name for place in places[j:] for name in place]
                sets = [(name,) for name in left] + list(itertools.combinations(left, 2))
                logs = {
                    each: np.mean([strengths[name] for name in each]) + parameters[4] * (len(each) - 1)
                    for each in map(tuple, map(sorted, sets))
                }
                total -= logs[tuple(sorted(places[j]))] - np.log(np.exp(list(logs.values())).sum())
        return total

    expected = minimize(loss, np.zeros(5), options={"gtol": 1e-9})
    np.testing.assert_allclose(list(by_name(ranking).values()), expected.x[:4] - expected.x[:4].mean(), atol=1e-5)
    assert ranking.settings["ties of 2"] == pytest.approx(np.exp(expected.x[4]), abs=1e-4)
    assert ranking.log_likelihood == pytest.approx(-expected.fun)


def test_best_and_worst_by_brute_force_and_recovery():
    orders, raters = drawn(0, n=600)
    answers = [(order[0], order[-1], order) for order in orders]
    ranking = rank_best_worst(answers, raters=raters)
    names = sorted(ranking.generators)

    def loss(strengths):
        worth, total = dict(zip(names, strengths, strict=True)), 0.0
        for best, worst, shown in answers:
            rest = [name for name in shown if name != best]
            total -= worth[best] - np.log(sum(np.exp(worth[name]) for name in shown))
            total -= -worth[worst] - np.log(sum(np.exp(-worth[name]) for name in rest))
        return total

    expected = minimize(loss, np.zeros(5), options={"gtol": 1e-8})
    np.testing.assert_allclose(list(by_name(ranking).values()), expected.x - expected.x.mean(), atol=1e-4)
    assert ranking.generators == ("m4", "m3", "m2", "m1", "m0")


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6))
def test_laws(seed):
    orders, raters = drawn(seed, n=80)
    ranking = rank_orders(orders, raters=raters)
    draw = np.random.default_rng(seed)
    mixed = draw.permutation(len(orders))
    again = rank_orders([orders[i] for i in mixed], raters=raters[mixed])
    np.testing.assert_allclose(again.strengths, ranking.strengths, atol=1e-8)
    np.testing.assert_allclose(again.covariance, ranking.covariance, atol=1e-8)
    other = {f"m{i}": f"m{4 - i}" for i in range(5)}
    renamed = by_name(rank_orders([[other[name] for name in order] for order in orders]))
    np.testing.assert_allclose([renamed[other[name]] for name in sorted(other)], list(by_name(ranking).values()), atol=1e-8)
    weights = draw.integers(1, 4, len(orders))
    places = np.repeat(np.arange(len(orders)), weights)
    for errors in ("model", "independent", "rater"):
        weighted = rank_orders(orders, raters=raters, weights=weights, errors=errors)
        copied = rank_orders([orders[i] for i in places], raters=raters[places], errors=errors)
        np.testing.assert_allclose(weighted.strengths, copied.strengths, atol=1e-8)
        np.testing.assert_allclose(weighted.covariance, copied.covariance, atol=1e-8)


def test_intervals_hold_the_truth():
    """80 draws of 150 orders: 95 % within 4.9 points (two standard errors)."""
    truth, hits = dict(zip([f"m{i}" for i in range(5)], np.linspace(-1, 1, 5), strict=True)), []
    for seed in range(80):
        orders, _ = drawn(seed, n=150)
        ranking = rank_orders(orders, errors="independent")
        hits += [low <= truth[name] <= high for name, (_, low, high) in zip(ranking.generators, ranking.intervals(), strict=True)]
    assert 0.901 <= np.mean(hits) <= 0.99


def test_one_choice_among_several_says_nothing_of_the_rest():
    orders, _ = drawn(1, n=300)
    first = rank_orders([order[:1] for order in orders], among=orders)
    full = rank_orders(orders)
    assert first.standard_errors.mean() > full.standard_errors.mean()
    np.testing.assert_allclose(list(by_name(first).values()), list(by_name(full).values()), atol=0.5)
    assert first.table()["votes"].sum() == 1200


def test_what_cannot_be_used_is_refused_by_place():
    with pytest.raises(InputError, match="c never won against the others"):
        rank_orders([["a", "b", "c"], ["b", "a", "c"]])
    with pytest.raises(InputError, match="never compared"):
        rank_orders([["a", "b"], ["b", "a"], ["c", "d"], ["d", "c"]])
    with pytest.raises(InputError, match="order 1"):
        rank_orders([["a", "b"], ["b", "b"]])
    with pytest.raises(InputError, match="order 0"):
        rank_orders([["a"]])
    with pytest.raises(InputError, match="order 0"):
        rank_orders([["a", "b"]], among=[["a", "c"]])
    with pytest.raises(InputError, match="answer 0"):
        rank_best_worst([("a", "a", "ab")])
    with pytest.raises(ShapeError, match="chosen among"):
        rank_orders([["a", "b"]], among=[])
    with pytest.raises(InputError, match="weights"):
        rank_orders([["a", "b"], ["b", "a"]], weights=[1, 0])
    with pytest.raises(ShapeError, match="its rater"):
        rank_orders([["a", "b"], ["b", "a"]], raters=["x"])
    with pytest.raises(InputError, match="answers"):
        rank_orders([])
