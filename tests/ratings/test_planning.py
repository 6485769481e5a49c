"""Plans: textbook sizes, power by simulation, components recovered from a drawn pilot."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError, SchemaError, UndefinedError
from evalkit.ratings import Components, components, plan, rank, votes_for_ranking, votes_needed
from evalkit.statistics import binomial_test
from tests.ratings.drawn_votes import votes


def pilot(seed, n=3000, raters=60, items=40, rater=0.15, item=0.1, rate=0.55):
    draw = np.random.default_rng(seed)
    who, what = draw.integers(0, raters, n), draw.integers(0, items, n)
    chance = np.clip(rate + draw.normal(0, rater, raters)[who] + draw.normal(0, item, items)[what], 0, 1)
    return pd.DataFrame(
        {"left": "a", "right": "b", "outcome": np.where(draw.random(n) < chance, "left", "right"), "rater": who, "item": what}
    )


def test_sizes_for_a_power_of_80_percent():
    """The usual formula for a share against 1/2: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions (2003)."""
    assert [votes_needed(rate) for rate in (0.51, 0.52, 0.55, 0.60, 0.70)] == [19_620, 4_904, 783, 194, 47]
    assert votes_needed(0.4) == votes_needed(0.6)
    assert votes_needed(0.6, tie_share=0.5) == pytest.approx(2 * votes_needed(0.6), abs=1)
    assert votes_needed(0.6, power=0.9) > votes_needed(0.6)


def test_the_power_is_what_was_asked_for():
    draw, n = np.random.default_rng(0), votes_needed(0.6)
    found = [binomial_test(int(wins), n) <= 0.05 for wins in draw.binomial(n, 0.6, 2000)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.04)


def test_a_board_of_equals_but_one_step_is_told_apart_as_often_as_planned():
    n = votes_for_ranking(4, 0.62)
    gap = np.log(0.62 / 0.38)
    found = []
    for seed in range(200):
        table = votes(seed, n=n, k=4, raters=n, items=1, ties=0.0)
        strengths = {"model 0": 0.0, "model 1": gap, "model 2": 0.0, "model 3": gap}
        lead = table["left"].map(strengths) - table["right"].map(strengths)
        table["outcome"] = np.where(np.random.default_rng([seed, 1]).random(n) < 1 / (1 + np.exp(-lead)), "left", "right")
        ranking = rank(table, errors="model", position=False)
        found.append(ranking.separable[ranking.place("model 1"), ranking.place("model 0")])
    assert np.mean(found) == pytest.approx(0.8, abs=0.085)


def test_components_of_a_drawn_pilot_are_found():
    """Of 30 pilots the mean lies within four standard errors of the truth."""
    found = np.array([components(pilot(seed)) for seed in range(30)])
    truth = np.array([0.15**2, 0.1**2])
    error = found[:, :2].std(axis=0) / np.sqrt(30)
    assert (np.abs(found[:, :2].mean(axis=0) - truth) < 4 * error).all()
    assert found.sum(axis=1).mean() == pytest.approx(0.55 * 0.45, abs=0.005)


def test_components_do_not_depend_on_sides_order_or_names():
    table = votes(0, n=600, raters=12, items=8, spread=0.8)
    found = components(table)
    turned = table.rename(columns={"left": "right", "right": "left"}).replace({"outcome": {"left": "right", "right": "left"}})
    assert tuple(components(turned)) == pytest.approx(tuple(found))
    assert tuple(components(table.sample(frac=1, random_state=0))) == pytest.approx(tuple(found))
    other = {f"model {i}": f"model {3 - i}" for i in range(4)}
    assert tuple(components(table.replace({"left": other, "right": other}))) == pytest.approx(tuple(found))


def test_the_error_of_a_plan_is_that_of_repeated_studies():
    truth = Components(0.15**2, 0.1**2, 0.55 * 0.45 - 0.15**2 - 0.1**2)
    rates = [(pilot(seed, n=600, raters=20, items=15)["outcome"] == "left").mean() for seed in range(400)]
    assert np.std(rates) == pytest.approx(truth.standard_error(600, 20, 15), rel=0.15)


def test_plans_with_components():
    flat = Components(0.0, 0.0, 0.25)
    assert plan(flat, 0.6, raters=5, items=5) == pytest.approx(votes_needed(0.6), rel=0.02)
    more = Components(0.01, 0.01, 0.23)
    assert plan(more, 0.6, raters=40, items=40) > plan(flat, 0.6, raters=40, items=40)
    with pytest.raises(UndefinedError, match="more than 13 raters"):
        plan(Components(0.0225, 0.0, 0.2), 0.6133, raters=5, items=100)
    with pytest.raises(UndefinedError, match="more raters and more items"):
        plan(Components(0.05, 0.05, 0.2), 0.55, raters=5, items=5)


def test_what_makes_no_plan_is_refused():
    with pytest.raises(InputError, match="win rate"):
        votes_needed(0.5)
    with pytest.raises(InputError, match="power"):
        votes_needed(0.6, power=1.0)
    with pytest.raises(InputError, match="two generators"):
        votes_for_ranking(1, 0.6)
    with pytest.raises(SchemaError, match="rater"):
        components(votes(0).drop(columns="rater"))
    with pytest.raises(UndefinedError, match="pilot"):
        components(votes(0, n=50, raters=1))
