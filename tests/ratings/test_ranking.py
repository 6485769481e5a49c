"""What is shown of a ranking: scale, ranks that hold together, probabilities, Evidence."""

import numpy as np
import pytest

from evalkit.core.errors import InputError
from evalkit.core.evidence import Evidence
from evalkit.ratings import rank
from tests.ratings.drawn_votes import votes


@pytest.fixture(scope="module")
def ranking():
    return rank(votes(0, n=3000, raters=60, items=60))


def test_the_arena_scale_is_odds_of_ten_to_one_for_400_points(ranking):
    arena, logit = ranking.table(), ranking.table(scale="logit")
    np.testing.assert_allclose((arena["strength"] - 1000) * np.log(10) / 400, logit["strength"])
    assert arena["strength"].mean() == pytest.approx(1000)
    anchored = ranking.table(anchor=("model 1", 1114.0)).set_index("generator").loc["model 1"]
    assert (anchored["strength"], anchored["low"], anchored["high"]) == (1114, 1114, 1114)
    with pytest.raises(InputError, match="no generator"):
        ranking.table(anchor=("model 9", 0.0))


def test_ranks_hold_the_order_and_separate_what_is_apart(ranking):
    assert ranking.generators == ("model 3", "model 2", "model 1", "model 0")
    assert ranking.rank_intervals() == [(1, 1), (2, 2), (3, 3), (4, 4)]
    alike = rank(votes(1, n=120)).rank_intervals()
    assert all(low <= i <= high for i, (low, high) in enumerate(alike, start=1))
    assert alike[1][0] < alike[1][1]


def test_simultaneous_ranks_are_wrong_as_rarely_as_they_say():
    """Four equal generators: any rank interval short of 1-4 is a false alarm; of 120 draws 5 % +- 6 points (3 SE)."""
    alarms = 0
    for seed in range(120):
        table = votes(seed, n=240, raters=240, items=1)
        draw = np.random.default_rng([seed, 1])
        table["outcome"] = draw.choice(["left", "right", "tie"], len(table))
        alarms += rank(table, errors="independent").separable.any()
    assert alarms / 120 <= 0.11


def test_win_probabilities_agree_with_strengths(ranking):
    table = ranking.win_probabilities()
    assert len(table) == 6
    assert ((table["low"] <= table["probability"]) & (table["probability"] <= table["high"])).all()
    first = ranking.win_probability("model 0", "model 3")
    turned = ranking.win_probability("model 3", "model 0")
    assert first.value == pytest.approx(1 - turned.value)
    assert (first.low, first.high) == (pytest.approx(1 - turned.high), pytest.approx(1 - turned.low))
    assert first.value == pytest.approx(1 / (1 + np.exp(2)), abs=0.03)


def test_evidence_of_each_generator(ranking):
    found = ranking.evidence()
    assert list(found) == list(ranking.generators)
    assert all(isinstance(each, Evidence) and each.direction == "higher" for each in found.values())
    assert found["model 3"].value == ranking.strengths[0]
    assert "rater and item" in found["model 3"].method
    assert "model 3" in str(ranking)


def test_resampling_agrees_with_the_sandwich(ranking):
    drawn = ranking.bootstrap(draws=400)
    independent = rank(votes(0, n=3000, raters=60, items=60), errors="independent")
    np.testing.assert_allclose(drawn.strengths.std(axis=0), independent.standard_errors, rtol=0.15)
    assert drawn.missed == 0
    low, high = drawn.interval()
    assert ((low < ranking.strengths) & (ranking.strengths < high)).all()
    by_rater = ranking.bootstrap(by="rater", draws=400)
    raters = rank(votes(0, n=3000, raters=60, items=60), errors="rater")
    np.testing.assert_allclose(by_rater.strengths.std(axis=0), raters.standard_errors, rtol=0.2)
    np.testing.assert_array_equal(ranking.bootstrap(draws=5).strengths, ranking.bootstrap(draws=5).strengths)
    with pytest.raises(InputError, match="column"):
        rank(votes(0).drop(columns="rater")).bootstrap(by="rater")
