"""Rankings of several outputs: published fits, the definition maximised by brute force, laws, refusals."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.optimize import minimize

from evalkit.core.errors import InputError, SchemaError
from evalkit.ratings import rank, rank_orders

# 588 orders of four films, 1 Mean Girls, 2 Beverly Hills Cop, 3 The Mummy Returns, 4 Mission: Impossible II:
# PrefLib 00004-00000138, from the Netflix prize.
NETFLIX = {
    "2143": 68,
    "1243": 53,
    "2134": 49,
    "1234": 44,
    "2413": 39,
    "3214": 37,
    "2314": 37,
    "2341": 36,
    "3241": 31,
    "2431": 29,
    "1324": 22,
    "3124": 19,
    "3421": 17,
    "4231": 17,
    "4213": 16,
    "1423": 14,
    "1342": 10,
    "4123": 10,
    "4312": 9,
    "3412": 8,
    "1432": 8,
    "3142": 7,
    "4321": 7,
    "4132": 1,
}


def orders(*ballots) -> pd.DataFrame:
    """Rows of ballots, each a text of names from the best on; names in brackets are tied: "a(bc)d"."""
    rows = []
    for vote, ballot in enumerate(ballots):
        place, tied = 1, False
        for sign in ballot:
            if sign in "()":
                tied = sign == "("
                place += sign == ")"
            else:
                rows.append((vote, sign, place))
                place += not tied
    return pd.DataFrame(rows, columns=["vote", "generator", "rank"])


def strengths(ranking) -> dict[str, float]:
    return dict(sorted(zip(ranking.generators, ranking.strengths, strict=True)))


def test_films_as_the_r_package_plackettluce_fits_them():
    """PlackettLuce 0.4.5: worths, log-likelihood, and errors of log-worths against the first film."""
    ranking = rank_orders(orders(*(order for order, times in NETFLIX.items() for _ in range(times))), errors="model")
    worth = np.exp(list(strengths(ranking).values()))
    np.testing.assert_allclose(worth / worth.sum(), [0.23060, 0.45123, 0.16841, 0.14977], atol=5e-6)
    assert ranking.log_likelihood == pytest.approx(-1746.757926, abs=1e-6)
    ends = dict(zip(ranking.generators, ranking.intervals(anchor="1"), strict=True))
    errors = [(ends[name].high - ends[name].low) / 2 / 1.959964 for name in "234"]
    np.testing.assert_allclose(errors, [0.074716, 0.075932, 0.074896], atol=1e-6)


@pytest.mark.parametrize(
    ("ballots", "expected"),
    [
        (("abc", "dca", "bd"), [-0.443281, 0.695062, -0.670614, 0.418833]),
        (("a(b)", "b(c)", "c(ab)"), [0.160404, -0.320808, 0.160404]),
    ],
)
def test_partial_rankings_and_choices_as_choix_fits_them(ballots, expected):
    """choix 0.4.1, tests/testcase-rankings-2.json and testcase-top1-2.json, to its own tolerance."""
    np.testing.assert_allclose(list(strengths(rank_orders(orders(*ballots))).values()), expected, atol=1e-4)


def drawn(n, raters=20, taste=0.0, seed=0, k=4) -> pd.DataFrame:
    """Whole rankings from known strengths 0, 0.5, 1 …; raters may have tastes of their own."""
    draw = np.random.default_rng(seed)
    own = 0.5 * np.arange(k) + draw.normal(0, taste, (raters, k))
    rater = np.arange(n) % raters
    ranked = np.argsort(-(own[rater] + draw.gumbel(size=(n, k))), axis=1)
    places = np.argsort(ranked, axis=1) + 1
    vote = np.repeat(np.arange(n), k)
    names = np.tile(np.array(list("abcdefgh"[:k])), n)
    return pd.DataFrame({"vote": vote, "rater": rater[vote], "generator": names, "rank": places.ravel()})


def test_the_definition_maximised_by_brute_force():
    table = drawn(60)
    ballots = [own.sort_values("rank")["generator"].map("abcd".index).to_numpy() for _, own in table.groupby("vote")]

    def loss(free):
        theta = np.append(free, 0.0)
        return -sum(theta[one] - np.log(np.exp(theta[ballot[i:]]).sum()) for ballot in ballots for i, one in enumerate(ballot))

    best = np.append(minimize(loss, np.zeros(3)).x, 0.0)
    np.testing.assert_allclose(list(strengths(rank_orders(table)).values()), best - best.mean(), atol=1e-4)


def test_pairs_are_bradley_terry():
    table = drawn(300, k=2)
    table["generator"] = np.where(table["vote"] % 3 == 0, table["generator"].map({"a": "a", "b": "c"}), table["generator"])
    table["generator"] = np.where(table["vote"] % 3 == 1, table["generator"].map({"a": "c", "b": "b"}), table["generator"])
    wide = table.sort_values(["vote", "rank"]).groupby("vote").agg(left=("generator", "first"), right=("generator", "last"))
    pairs = rank(wide.assign(outcome="left", rater=table.groupby("vote")["rater"].first()), position=False)
    ours = rank_orders(table)
    assert ours.generators == pairs.generators
    np.testing.assert_allclose(ours.strengths, pairs.strengths, atol=1e-7)
    np.testing.assert_allclose(ours.covariance, pairs.covariance, atol=1e-7)


@settings(max_examples=20)
@given(some.permutations("abcd"), some.integers(0, 20))
def test_names_and_the_order_of_votes_do_not_matter(names, seed):
    table = drawn(40, seed=seed)
    turned = table.assign(generator=table["generator"].map(dict(zip("abcd", names, strict=True))))
    turned = turned.sample(frac=1.0, random_state=seed)
    first, second = rank_orders(table), rank_orders(turned)
    back = dict(zip(names, "abcd", strict=True))
    found = {back[name]: strength for name, strength in strengths(second).items()}
    np.testing.assert_allclose([found[name] for name in "abcd"], list(strengths(first).values()), atol=1e-7)


def test_what_shares_the_last_rank_says_nothing_of_each_other():
    whole = orders("abc", "bca", "cab", "acb")
    cut = orders("a(bc)", "b(ca)", "c(ab)", "a(cb)")
    assert rank_orders(cut).log_likelihood > rank_orders(whole).log_likelihood
    assert strengths(rank_orders(cut))["a"] == pytest.approx(np.log(2) * 2 / 3)


def test_tied_middle_ranks_are_orders_that_nobody_told():
    """Every order of the tied is as likely: the estimate lies near that of all of them told, half each."""
    told = orders(*("".join(order) for order in permutations("bc") for _ in range(1)))
    assert strengths(rank_orders(told)) == {"b": pytest.approx(0), "c": pytest.approx(0)}
    tied = rank_orders(orders("a(bc)d", "d(bc)a", "b(ad)c", "c(ad)b"))
    np.testing.assert_allclose(list(strengths(tied).values()), 0, atol=1e-9)


def test_clustered_intervals_hold_the_truth_where_raters_have_tastes():
    # With tastes that differ, what all raters together would give lies nearer together than what each one feels.
    truth = list(strengths(rank_orders(drawn(20_000, raters=20_000, taste=0.6, seed=1000))).values())
    held, narrow = [], []
    for seed in range(150):
        table = drawn(240, raters=30, taste=0.6, seed=seed)
        for errors, kept in (("rater", held), ("independent", narrow)):
            ranking = rank_orders(table, errors=errors)
            ends = dict(zip(ranking.generators, ranking.intervals(), strict=True))
            kept += [ends[name].low <= truth[i] <= ends[name].high for i, name in enumerate("abcd")]
    assert 0.91 <= np.mean(held) <= 0.98
    assert np.mean(narrow) < 0.9


@pytest.mark.parametrize(
    ("table", "error", "said"),
    [
        (pd.DataFrame({"vote": [1], "generator": ["a"]}), SchemaError, "column 'rank'"),
        (orders(), InputError, "no votes"),
        (orders("(ab)"), InputError, "no vote ranks one output above another"),
        (orders("aa"), InputError, "row 2: one vote ranks a generator twice"),
        (orders("ab").assign(rank=[0, 1]), InputError, "row 1: a rank"),
        (orders("ab").assign(rank=["first", 1]), InputError, "row 1: a rank"),
        (orders("abc", "acb"), InputError, "a never lost"),
        (orders("ab", "ba", "cd", "dc"), InputError, "was never compared"),
    ],
)
def test_what_has_no_ranking_is_refused(table, error, said):
    with pytest.raises(error, match=said):
        rank_orders(table)


def test_a_ridge_makes_it_finite_and_is_said():
    ranking = rank_orders(orders("abc", "acb"), ridge=0.1)
    assert ranking.generators[0] == "a"
    assert "ridge of 0.1" in ranking.notes[0]
    with pytest.raises(InputError, match="no resamples"):
        ranking.bootstrap()
