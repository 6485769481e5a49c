import pandas as pd
import pytest

from evalkit.compare.rating_charts import board_chart, vote_chart
from evalkit.ratings import mean_ratings, rank

VOTES = pd.DataFrame(
    {"left": list("abab"), "right": list("baba"), "outcome": ["left", "right", "tie", "left"], "rater": list("wxyz")}
)


@pytest.mark.parametrize("dark", [False, True])
def test_generators_stand_in_the_order_of_the_ranking(dark):
    drawn = board_chart(rank(VOTES, position=False).table(), "strength", dark=dark).to_dict()
    assert drawn["layer"][0]["encoding"]["y"]["sort"] == ["a", "b"]


def test_mean_ratings_are_drawn_on_their_scale():
    given = pd.DataFrame({"generator": list("aabb"), "value": [4, 5, 2, 3]})
    drawn = board_chart(mean_ratings(given, scale=(1, 5)).table(), "mean").to_dict()
    assert drawn["layer"][0]["encoding"]["x"]["title"] == "mean rating"
    assert drawn["layer"][1]["encoding"]["x"]["field"] == "mean"


def test_names_are_letters_and_long_lists_are_cut():
    groups = [(f"<b>{i:02d}</b> \u202e", i, 50) for i in range(60)]
    drawn = vote_chart(groups).to_dict()
    names = [row["group"] for row in next(iter(drawn["datasets"].values()))]
    assert len(names) == 40
    assert names[0] == "<b>00</b> ⟨U+202E⟩"
