"""Rankings: published fits, the definition maximised by brute force, laws of reordering and weighting, refusals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from evalkit.core.errors import InputError, SchemaError, ShapeError
from evalkit.ratings import Comparisons, rank
from tests.ratings.drawn_votes import by_name, votes

TURNED = {"left": "right", "right": "left"}


def counted(wins):
    """One line for each (winner, loser, times)."""
    return pd.DataFrame([(a, b, "left", n) for a, b, n in wins if n], columns=["left", "right", "outcome", "weight"])


def close(first, second, atol=1e-8):
    assert list(first) == list(second)
    np.testing.assert_allclose(list(first.values()), list(second.values()), atol=atol)


def test_the_example_of_wikipedia():
    """Worths with geometric mean 1, as printed in the article on the model (two iterations from its table, converged)."""
    wins = [("A", "B", 2), ("B", "A", 3), ("A", "D", 1), ("D", "A", 4), ("B", "C", 5), ("C", "B", 3), ("C", "D", 1), ("D", "C", 3)]
    worths = np.exp(list(by_name(rank(counted(wins), position=False)).values()))
    np.testing.assert_allclose(worths, [0.640, 1.043, 0.660, 2.270], atol=6e-4)


def test_the_journals_of_statistics():
    """Citations between Biometrika, Communications in Statistics, JASA and JRSS-B: Agresti, Categorical Data Analysis; R's
    BradleyTerry2 prints 0, -2.9491, -0.4796, 0.2690 with errors 0, 0.1025, 0.0606, 0.0708.
    """
    names = ["Biometrika", "CommStat", "JASA", "JRSSB"]
    cited = np.array([[0, 730, 498, 221], [33, 0, 68, 17], [320, 813, 0, 142], [284, 276, 325, 0]])
    wins = [(a, b, cited[i, j]) for i, a in enumerate(names) for j, b in enumerate(names)]
    ranking = rank(counted(wins), position=False, errors="model")
    ends = dict(zip(ranking.generators, ranking.intervals(anchor="Biometrika"), strict=True))
    found = [(ends[name].value, (ends[name].high - ends[name].low) / 2 / 1.959964) for name in names]
    np.testing.assert_allclose(found, [(0, 0), (-2.9491, 0.1025), (-0.4796, 0.0606), (0.2690, 0.0708)], atol=6e-5)


@pytest.mark.parametrize("ties", ["davidson", "half"])
def test_the_definition_maximised_by_brute_force(ties):
    table = votes(0, n=150, left=0.4)
    ranking = rank(table, ties=ties)
    names = sorted(ranking.generators)
    left, right = (table[side].map(names.index).to_numpy() for side in ("left", "right"))

    def loss(parameters):
        lead = parameters[left] - parameters[right] + parameters[4]
        half = np.exp(lead / 2)
        scale = half + 1 / half + (np.exp(parameters[5]) if ties == "davidson" else 0)
        chances = {"left": half / scale, "right": 1 / half / scale}
        chances["tie"] = np.exp(parameters[5]) / scale if ties == "davidson" else np.sqrt(chances["left"] * chances["right"])
        return -sum(np.log(chance[table["outcome"] == outcome]).sum() for outcome, chance in chances.items())

    found = minimize(loss, np.zeros(6), options={"gtol": 1e-9})
    np.testing.assert_allclose(list(by_name(ranking).values()), found.x[:4] - found.x[:4].mean(), atol=1e-5)
    assert ranking.effects[0].value == pytest.approx(found.x[4], abs=1e-5)
    assert ranking.log_likelihood == pytest.approx(-found.fun, abs=1e-6)
    if ties == "davidson":
        assert ranking.tie_weight.value == pytest.approx(np.exp(found.x[5]), abs=1e-5)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), ties=st.sampled_from(["davidson", "half"]), position=st.booleans())
def test_laws_of_reordering(seed, ties, position):
    table = votes(seed, n=300, left=0.3)
    asked = {"ties": ties, "position": position, "ridge": 0.01}
    ranking = rank(table, **asked)
    close(by_name(rank(table.sample(frac=1, random_state=seed), **asked)), by_name(ranking))
    other_names = {f"model {i}": f"model {3 - i}" for i in range(4)}
    renamed = rank(table.replace({"left": other_names, "right": other_names}), **asked)
    close(by_name(renamed), {other_names[name]: value for name, value in sorted(by_name(ranking).items(), reverse=True)})
    turned = table.rename(columns=TURNED).replace({"outcome": TURNED})
    close(by_name(rank(turned, **asked)), by_name(ranking))
    reversed_votes = rank(table.replace({"outcome": TURNED}), **asked)
    close(by_name(reversed_votes), {name: -value for name, value in by_name(ranking).items()})
    for effect, opposite in zip(ranking.effects, rank(turned, **asked).effects, strict=True):
        assert effect.value == pytest.approx(-opposite.value, abs=1e-8)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), ties=st.sampled_from(["davidson", "half"]))
def test_weights_are_copies_and_their_scale_moves_no_strength(seed, ties):
    table = votes(seed, n=200)
    weights = np.random.default_rng(seed).integers(1, 4, len(table))
    copies = rank(table.loc[table.index.repeat(weights)], ties=ties, ridge=0.01)
    weighted = rank(table.assign(weight=weights), ties=ties, ridge=0.01)
    close(by_name(weighted), by_name(copies))
    lighter = rank(table.assign(weight=0.1), ties=ties, ridge=0.001)
    np.testing.assert_allclose(lighter.strengths, rank(table, ties=ties, ridge=0.01).strengths)
    both = (table.assign(weight=weights), table.loc[table.index.repeat(weights)])
    for errors in ("model", "independent", "rater", "item", "both"):
        first, second = (rank(each, ties=ties, ridge=0.01, errors=errors) for each in both)
        np.testing.assert_allclose(first.covariance, second.covariance, atol=1e-9)
        assert first.degrees == pytest.approx(second.degrees)


def test_errors_allow_for_what_is_dependent():
    table = votes(1, n=600, spread=0.8)
    spread = {errors: rank(table, errors=errors).standard_errors.mean() for errors in ("independent", "rater", "item", "both")}
    assert spread["independent"] < min(spread["rater"], spread["item"])
    assert max(spread["rater"], spread["item"]) < spread["both"]
    alone = table.assign(rater=range(600))
    np.testing.assert_allclose(rank(alone, errors="rater").covariance, rank(alone, errors="independent").covariance * 600 / 599)
    assert rank(table.drop(columns=["item"])).settings["errors"] == "rater"
    assert rank(table).settings["errors"] == "both"
    assert "independent" in rank(table.drop(columns=["item", "rater"])).notes[0]


def test_copied_votes_of_the_same_raters_tell_no_more():
    table = votes(2, n=300)
    once, twice = rank(table, errors="rater"), rank(pd.concat([table, table]), errors="rater")
    np.testing.assert_allclose(twice.covariance, once.covariance, rtol=1e-6)
    np.testing.assert_allclose(
        rank(pd.concat([table, table]), errors="model").covariance * 2, rank(table, errors="model").covariance
    )


def test_the_model_s_own_errors_are_right_where_it_holds():
    ranking, own = (rank(votes(3, n=20_000), errors=errors) for errors in ("independent", "model"))
    np.testing.assert_allclose(ranking.standard_errors, own.standard_errors, rtol=0.03)


def test_clustered_intervals_hold_the_truth():
    """The truth is what ten thousand votes of as many raters on as many items say; 200 draws may miss 95 % by 3.1 points (2 SE)."""
    truth = by_name(rank(votes(10**6, n=300_000, raters=100_000, items=100_000, spread=0.5), errors="independent"))
    hits = []
    for seed in range(200):
        ranking = rank(votes(seed, n=600, raters=30, items=30, spread=0.5))
        hits += [low <= truth[name] <= high for name, (_, low, high) in zip(ranking.generators, ranking.intervals(), strict=True)]
    assert 0.915 <= np.mean(hits) <= 0.985


def test_the_left_side_is_found_and_taken_out():
    table = votes(4, n=4000, left=0.5, k=3)
    ranking = rank(table)
    effect = ranking.effects[0]
    assert effect.name == "left side"
    assert effect.low < 0.5 < effect.high
    assert effect.p_value < 1e-4
    assert ranking.left_share.low > 0.5
    # The better one stands left more often: without the effect its strength is overstated.
    kept = table[(table["left"] > table["right"]) | (np.arange(4000) % 5 == 0)]
    gap = {position: np.ptp(rank(kept, position=position).strengths) for position in (True, False)}
    assert abs(gap[True] - 2) < 0.2 < gap[False] - 2


def test_covariates_are_taken_out():
    draw = np.random.default_rng(5)
    table = votes(5, n=3000, ties=0.0)
    length = draw.normal(size=3000)
    outcome = np.where(draw.random(3000) < 1 / (1 + np.exp(-2 * length)), "left", "right")
    ranking = rank(table.assign(outcome=outcome, length=length), covariates=["length"])
    assert [effect.name for effect in ranking.effects] == ["left side", "length"]
    assert ranking.effects[1].low < 2 < ranking.effects[1].high
    read = Comparisons.of(table.assign(outcome=outcome, length=length), covariates=["length"])
    assert rank(read, covariates=["length"]).effects == ranking.effects
    assert len(rank(read).effects) == 1
    assert np.abs(ranking.strengths).max() < 0.3


def test_both_bad_is_a_signal_of_its_own():
    table = votes(6, n=2000, both_bad=0.2)
    apart, as_ties = rank(table), rank(table, both_bad="tie")
    assert apart.n_votes == (table["outcome"] != "both_bad").sum()
    close(by_name(apart), by_name(rank(table[table["outcome"] != "both_bad"])))
    assert as_ties.n_votes == 2000
    assert as_ties.tie_weight.value > apart.tie_weight.value
    shown = (table["left"] == "model 0") | (table["right"] == "model 0")
    share = dict(zip(apart.generators, apart.both_bad, strict=True))["model 0"]
    assert share.value == pytest.approx((table["outcome"] == "both_bad")[shown].mean())
    assert 0.1 < share.low < share.value < share.high < 0.3


def test_pairs_that_were_served_often_can_be_weighted_down():
    table = votes(7, n=1000)
    even = rank(table.assign(served_probability=0.25), served="inverse")
    close(by_name(even), by_name(rank(table)))
    first = table["left"] == "model 0"
    served = rank(table.assign(served_probability=np.where(first, 0.5, 0.1)), served="inverse")
    close(by_name(served), by_name(rank(table.assign(weight=np.where(first, 2.0, 10.0)))))
    with pytest.raises(InputError, match="served_probability"):
        rank(table, served="inverse")


def test_what_has_no_finite_estimate_is_refused_by_name():
    with pytest.raises(InputError, match="a, b was never compared with the others"):
        rank(counted([("a", "b", 2), ("b", "a", 1), ("c", "d", 1), ("d", "c", 1), ("d", "e", 1), ("e", "d", 1)]))
    with pytest.raises(InputError, match="a never lost to the others"):
        rank(counted([("a", "b", 1), ("a", "c", 1), ("b", "c", 1), ("c", "b", 1)]))
    with pytest.raises(InputError, match="c never won against the others"):
        rank(counted([("a", "b", 1), ("b", "a", 1), ("a", "c", 1)]))
    with pytest.raises(InputError, match="every vote is a tie"):
        rank(pd.DataFrame({"left": ["a", "b"], "right": ["b", "a"], "outcome": ["tie", "tie"]}))
    with pytest.raises(InputError, match="decides every vote"):
        rank(pd.DataFrame({"left": ["a", "b"] * 5, "right": ["b", "a"] * 5, "outcome": ["left"] * 10}))
    with pytest.raises(InputError, match="both orders"):  # one pair, one order
        rank(counted([("a", "b", 3)]).assign(right="b").pipe(lambda t: pd.concat([t, t.assign(outcome="right", weight=2)])))
    with pytest.raises(ShapeError, match="no votes that prefer"):
        rank(pd.DataFrame({"left": ["a"], "right": ["b"], "outcome": ["both_bad"]}))


def test_a_ridge_makes_it_finite_and_says_so():
    ranking = rank(counted([("a", "b", 3), ("b", "c", 3)]), ridge=0.1, position=False)
    assert ranking.generators == ("a", "b", "c")
    assert np.isfinite(ranking.standard_errors).all()
    assert "never lost" in ranking.notes[0]
    assert "ridge of 0.1" in ranking.notes[1]
    apart = rank(counted([("a", "b", 2), ("b", "a", 1), ("c", "d", 3), ("d", "c", 3)]), ridge=0.1, position=False)
    assert "never compared" in apart.notes[0]
    assert not apart.separable.any()


def test_few_raters_are_pointed_out():
    assert any("only 3 raters" in note for note in rank(votes(8, raters=3)).notes)
    heavy = votes(9, n=1000, raters=60, items=60)
    heavy.loc[:800, "rater"] = 0
    assert any("most of the votes" in note for note in rank(heavy).notes)
    heavy["rater"] = (np.arange(1000) > 990).astype(int)
    assert all(np.isfinite(rank(heavy).intervals()).all(axis=1))
    with pytest.raises(InputError, match="errors by rater"):
        rank(votes(8, raters=1), errors="rater")


def test_what_cannot_be_read_is_refused_by_place():
    table = votes(0, n=5)
    with pytest.raises(SchemaError, match="'outcome'"):
        rank(table.drop(columns="outcome"))
    with pytest.raises(InputError, match="outcome of vote 2"):
        rank(table.assign(outcome=["left", "right", "win", "left", "left"]))
    with pytest.raises(InputError, match="weight of vote 1"):
        rank(table.assign(weight=[1, 0, 1, 1, 1]))
    with pytest.raises(InputError, match="served_probability of vote 0"):
        rank(table.assign(served_probability=2.0))
    with pytest.raises(InputError, match="same generator"):
        rank(table.assign(right=table["left"]))
    with pytest.raises(InputError, match="rater of vote 3"):
        rank(table.assign(rater=["x", "y", "x", None, "x"]))
    with pytest.raises(ShapeError, match="no votes"):
        rank(table.iloc[:0])
    with pytest.raises(SchemaError, match="'length'"):
        rank(table, covariates=["length"])
    with pytest.raises(SchemaError, match="'length'"):
        rank(Comparisons.of(table), covariates=["length"])
    with pytest.raises(InputError, match="level"):
        rank(table, level=1.0)


def test_names_of_any_type_are_read_as_text():
    table = votes(0).replace({"left": r"model ", "right": r"model "}, "", regex=True)
    numbers = table.assign(left=table["left"].astype(int), right=table["right"].astype(float))
    categories = table.assign(left=table["left"].astype("category"), right=table["right"].astype("category"))
    assert rank(numbers).generators == rank(table).generators == rank(categories).generators
