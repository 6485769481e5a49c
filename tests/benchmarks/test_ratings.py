import numpy as np
import pandas as pd
import pytest

from tests.benchmarks import ratings
from tests.benchmarks.ratings import CASES, SCENARIOS, SPEEDS, coverage, figures, stops, voted


def test_batches_add_up(monkeypatch):
    monkeypatch.setattr(ratings, "truth", lambda taste, favour: 0.3 * np.arange(6) - 0.75)
    name = next(iter(SCENARIOS))
    parts = [coverage(name, 0, 2), coverage(name, 2, 1)]
    assert coverage(name, 0, 3)["clustered"] == sum(part["clustered"] for part in parts)
    assert stops(0, 30)["false"] == stops(0, 20)["false"] + stops(20, 10)["false"]


def test_votes_have_ties_both_sides_and_as_many_raters_as_said():
    votes = voted(10, 20, 400, 0.5, 0.5, np.random.default_rng(0))
    assert set(votes["outcome"]) == {"left", "right", "tie"}
    assert votes["rater"].nunique() == 10
    assert (votes["left"] != votes["right"]).all()


def line(task, **found):
    return {"task": task, "first": 0, "replicates": 1, "cpu_seconds": 1.0} | found


@pytest.mark.parametrize(
    ("run", "holds"),
    [
        (line(next(iter(CASES)), deviation=1e-9), [True]),
        (line(next(iter(CASES)), deviation=1e-3), [False]),
        (line(next(iter(SPEEDS)), seconds=1.0, memory=500.0), [True, False]),
        (line("stops", false=0) | {"replicates": 4000}, [True]),
        (line("stops", false=400) | {"replicates": 4000}, [False]),
        (line(next(iter(SCENARIOS)), clustered=11_400, independent=9_000) | {"replicates": 2000}, [True, None]),
        (line(next(iter(SCENARIOS)), clustered=10_800, independent=9_000) | {"replicates": 2000}, [False, None]),
        (line(next(iter(SCENARIOS)), clustered=10, independent=9) | {"replicates": 2}, [None, None]),
    ],
)
def test_figures_are_held_against_their_bars(run, holds):
    assert [figure.holds for figure in figures(pd.DataFrame([run]))] == holds
