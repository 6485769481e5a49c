"""Stopping early: false decisions, votes saved, and the order of sides."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError, SchemaError, UndefinedError
from evalkit.ratings import watch
from tests.ratings.drawn_votes import votes


def pair(seed, n, rate, raters=0, taste=0.0):
    draw = np.random.default_rng(seed)
    rater = draw.integers(0, raters, n) if raters else np.arange(n)
    of_rater = draw.uniform(-taste, taste, rater.max() + 1)
    won = draw.random(n) < rate + of_rater[rater]
    straight = draw.random(n) < 0.5
    sides = {"left": np.where(straight, "a", "b"), "right": np.where(straight, "b", "a")}
    return pd.DataFrame(sides | {"outcome": np.where(won == straight, "left", "right"), "rater": rater})


def test_a_difference_is_found_and_an_equality_is_not():
    found = watch(pair(0, 2000, 0.6), "a", "b")
    assert found.decided_after < 1000
    assert found.decision == "stop: a is better than b"
    assert found.low > 0.5
    assert found.p_value < 0.05
    turned = watch(pair(0, 2000, 0.6), "b", "a")
    assert (turned.value, turned.decided_after) == (pytest.approx(1 - found.value), found.decided_after)
    assert turned.decision == found.decision
    assert watch(pair(1, 2000, 0.5), "a", "b").decided_after is None


def test_decisions_are_seldom_false():
    alarms = [watch(pair(seed, 300, 0.5), "a", "b").decided_after is not None for seed in range(300)]
    assert np.mean(alarms) <= 0.05 + 0.038


def test_raters_with_tastes_mislead_votes_but_not_raters():
    """Raters who prefer either by up to 50 points, equal on average: by vote it stops falsely, by rater it does not."""
    tables = [pair(seed, 600, 0.5, raters=20, taste=0.5) for seed in range(100)]
    by_vote, by_rater = ([watch(t, "a", "b", by=by).decided_after is not None for t in tables] for by in ("vote", "rater"))
    assert np.mean(by_vote) > 0.2
    assert np.mean(by_rater) <= 0.05 + 0.066
    assert watch(pair(3, 600, 0.75, raters=60, taste=0.1), "a", "b", by="rater").decided_after is not None


def test_only_votes_of_the_pair_that_prefer_one_count():
    table = votes(0, n=400, both_bad=0.1)
    found = watch(table, "model 3", "model 0")
    of_pair = table[table["left"].isin(["model 0", "model 3"]) & table["right"].isin(["model 0", "model 3"])]
    decided = of_pair[of_pair["outcome"].isin(["left", "right"])]
    assert found.n == len(decided)
    winner = np.where(decided["outcome"] == "left", decided["left"], decided["right"])
    assert found.value == pytest.approx((winner == "model 3").mean())


def test_what_cannot_be_watched_is_said():
    table = votes(0)
    with pytest.raises(InputError, match="no generator"):
        watch(table, "model 0", "model 9")
    with pytest.raises(UndefinedError, match="no vote prefers"):
        watch(table.assign(outcome="tie"), "model 0", "model 1")
    with pytest.raises(SchemaError, match="rater"):
        watch(table.drop(columns="rater"), "model 0", "model 1", by="rater")
    with pytest.raises(InputError, match="alpha"):
        watch(table, "model 0", "model 1", alpha=0)
