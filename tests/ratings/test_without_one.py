"""The ranking without each rater: what a fit of the other votes gives."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError
from evalkit.ratings import rank, without_one
from tests.ratings.drawn_votes import by_name, votes


@pytest.mark.parametrize("by", ["rater", "item"])
def test_each_line_is_a_fit_of_the_other_votes(by):
    table = votes(0, n=500, raters=8, items=5, spread=0.7)
    ranking = rank(table)
    found = without_one(ranking, by=by).set_index(by)
    for name in found.index:
        rest = rank(table[table[by].astype(str) != name])
        change = np.abs(np.subtract(list(by_name(rest).values()), list(by_name(ranking).values()))).max()
        assert found.loc[name, "largest_change"] == pytest.approx(change, abs=1e-3)
        assert found.loc[name, "first"] == rest.generators[0]
        assert found.loc[name, "first_changes"] == (rest.generators[0] != ranking.generators[0])
        assert found.loc[name, "votes"] == (table[by].astype(str) == name).sum()
    assert found["largest_change"].is_monotonic_decreasing


def test_one_rater_on_whom_the_first_place_hangs_is_found():
    honest = votes(1, n=400, k=3, raters=20)
    lone = pd.DataFrame({"left": "model 0", "right": "model 2", "outcome": "left", "rater": "stuffer", "item": 0}, index=range(300))
    found = without_one(rank(pd.concat([honest.astype({"rater": str}), lone]))).iloc[0]
    assert (found["rater"], found["first"], found["first_changes"]) == ("stuffer", "model 2", True)


def test_where_nothing_finite_is_left_it_is_said():
    table = votes(2, n=300, k=3, raters=5)
    table.loc[(table["left"] == "model 0") | (table["right"] == "model 0"), "rater"] = 0
    found = without_one(rank(table.assign(weight=0.1))).set_index("rater")
    assert pd.isna(found.loc["0", "first"])
    assert found.loc["0", "largest_change"] == np.inf
    assert found.loc["1", "first"] == "model 2"


@pytest.mark.parametrize("ties", [1, 2, 5])
@pytest.mark.parametrize("wins", [1, 2, 3, 7])
def test_who_loses_all_that_is_decided_has_no_finite_strength_whatever_the_rounding(wins, ties):
    """Odds of wins and ties go to infinity together; the information of that direction dies away to rounding, of either sign."""
    outcomes = ["left"] * wins + ["tie"] * ties + ["right"]
    table = pd.DataFrame({"left": "a", "right": "b", "outcome": outcomes, "rater": ["most"] * (wins + ties) + ["last"]})
    found = without_one(rank(table, position=False)).set_index("rater")
    assert found.loc["last", "largest_change"] == np.inf
    assert pd.isna(found.loc["last", "first"])


def test_votes_that_do_not_say_who_are_refused():
    with pytest.raises(InputError, match="rater"):
        without_one(rank(votes(0).drop(columns="rater")))
