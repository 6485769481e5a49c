import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError, UndefinedError
from evalkit.ratings import components, plan, votes_for_ranking, votes_needed
from evalkit.ratings.planning import Components


# The usual formula with the null's variance for the level and the alternative's for the power.
@pytest.mark.parametrize(("rate", "expected"), [(0.51, 19620), (0.52, 4904), (0.55, 783), (0.6, 194), (0.7, 47), (0.4, 194)])
def test_votes_for_a_win_rate(rate, expected):
    assert votes_needed(rate) == expected


def test_ties_cost_votes():
    assert votes_needed(0.6, tie_share=0.5) == pytest.approx(2 * votes_needed(0.6), abs=1)


def test_the_power_is_what_was_asked_for():
    n, draw = votes_needed(0.6), np.random.default_rng(0)
    wins = draw.binomial(n, 0.6, 20_000)
    z = (wins / n - 0.5) / np.sqrt(0.25 / n)
    assert np.mean(z > 1.96) == pytest.approx(0.8, abs=0.03)


def test_more_generators_need_more_votes():
    assert votes_for_ranking(3, 0.6) > votes_for_ranking(2, 0.6)
    assert votes_for_ranking(2, 0.6) == pytest.approx(votes_needed(0.6), abs=6)


def drawn(raters, items, of_rater, of_item, seed) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    taste, favour = draw.normal(0, of_rater, raters), draw.normal(0, of_item, items)
    rater, item = (each.ravel() for each in np.meshgrid(np.arange(raters), np.arange(items)))
    chance = np.clip(0.5 + taste[rater] + favour[item], 0, 1)
    won = draw.random(len(rater)) < chance
    return pd.DataFrame({"left": "a", "right": "b", "outcome": np.where(won, "left", "right"), "rater": rater, "item": item})


def test_variance_components_of_raters_and_items_are_found():
    found = [components(drawn(60, 40, 0.15, 0.1, seed)) for seed in range(20)]
    assert np.mean([each.rater for each in found]) == pytest.approx(0.15**2, rel=0.15)
    assert np.mean([each.item for each in found]) == pytest.approx(0.1**2, rel=0.25)


def test_a_plan_says_when_more_votes_do_not_help():
    tastes = Components(0.04, 0.0, 0.2)
    assert plan(tastes, 0.6, raters=100, items=50) > plan(tastes, 0.6, raters=1000, items=50)
    with pytest.raises(UndefinedError, match="more than 31 raters"):
        plan(tastes, 0.6, raters=20, items=50)


@pytest.mark.parametrize(
    "call",
    [
        lambda: votes_needed(0.5),
        lambda: votes_needed(0.6, power=1.0),
        lambda: votes_for_ranking(1, 0.6),
        lambda: plan(Components(0, 0, 0.25), 0.5, raters=5, items=5),
    ],
)
def test_no_plan_for_what_is_no_difference(call):
    with pytest.raises(InputError):
        call()


def test_a_pilot_without_crossed_votes_is_refused():
    votes = pd.DataFrame({"left": "a", "right": "b", "outcome": "left", "rater": [0, 1], "item": [0, 1]})
    with pytest.raises(UndefinedError, match="pilot"):
        components(votes)
