import pandas as pd
import pytest

from evalkit.compare.rating_charts import strength_chart, vote_chart
from evalkit.ratings import rank

VOTES = pd.DataFrame(
    {"left": list("abab"), "right": list("baba"), "outcome": ["left", "right", "tie", "left"], "rater": list("wxyz")}
)


@pytest.mark.parametrize("dark", [False, True])
def test_generators_stand_in_the_order_of_the_ranking(dark):
    drawn = strength_chart(rank(VOTES, position=False).table(), dark=dark).to_dict()
    assert drawn["layer"][0]["encoding"]["y"]["sort"] == ["a", "b"]


def test_names_are_letters_and_long_lists_are_cut():
    groups = [(f"<b>{i:02d}</b> \u202e", i, 50) for i in range(60)]
    drawn = vote_chart(groups).to_dict()
    names = [row["group"] for row in next(iter(drawn["datasets"].values()))]
    assert len(names) == 40
    assert names[0] == "<b>00</b> ⟨U+202E⟩"
