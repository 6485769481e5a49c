"""Plans from pilots; rankings of studies are tested with their studies."""

import json

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError
from evalkit.run.rankings import plan_votes, ranking_of_file


def pilot(n: int, ties: float, raters: int = 40, items: int = 40) -> pd.DataFrame:
    """Votes of raters without tastes between equals."""
    draw = np.random.default_rng(0)
    sides = np.where(draw.random((n, 1)) < 0.5, ["a", "b"], ["b", "a"])
    return pd.DataFrame(
        {
            "left": sides[:, 0],
            "right": sides[:, 1],
            "outcome": np.where(draw.random(n) < ties, "tie", np.where(draw.random(n) < 0.5, "left", "right")),
            "rater": draw.integers(0, raters, n),
            "item": draw.integers(0, items, n),
        }
    )


@pytest.mark.parametrize("ties", [0.0, 0.5])
def test_a_pilot_without_tastes_plans_as_many_votes_as_independent_ones_need(ties):
    planned = plan_votes(0.65, power=0.8, pilot=pilot(20_000, ties), raters=1000, items=1000)
    assert planned.independent * (1 - 1e-9) <= planned.crossed <= 1.15 * planned.independent
    assert planned.independent == pytest.approx(plan_votes(0.65, power=0.8).independent / (1 - ties), rel=0.02)


@pytest.mark.parametrize("n", [30, 60, 120])
def test_a_small_pilot_never_plans_fewer(n):
    planned = plan_votes(0.8, power=0.8, pilot=pilot(n, 0.6, raters=4, items=4), raters=500, items=500)
    assert planned.crossed >= planned.independent


def test_votes_that_call_both_bad_are_asked_for_besides():
    frame = pilot(20_000, 0.0)
    bad = frame.assign(outcome=np.where(np.random.default_rng(1).random(len(frame)) < 0.5, "both_bad", frame["outcome"]))
    planned = plan_votes(0.65, power=0.8, pilot=bad, raters=1000, items=1000, generators=4)
    plain = plan_votes(0.65, power=0.8, generators=4)
    assert planned.independent == pytest.approx(2 * plain.independent, rel=0.05)
    assert planned.board == pytest.approx(2 * plain.board, rel=0.05)
    assert planned.crossed >= planned.independent


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"shown": ["a", "b", "c"], "answer": {"best": 0, "worst": 9}, "task": "best_worst"}, "places"),
        ({"shown": ["a", "b"], "answer": {"choice": -1}, "task": "choice"}, "choice"),
        ({"shown": ["a", "b"], "answer": {"ranks": [1]}, "task": "ranking"}, "rank"),
    ],
)
def test_a_file_of_votes_that_are_none_is_refused_in_a_sentence(tmp_path, line, said):
    path = tmp_path / "votes.jsonl"
    answer = {"shown": json.dumps(line["shown"]), "outcome": json.dumps(line["answer"])}
    path.write_text(json.dumps({"rater": "r", "item": "1", "task": line["task"], **answer}) + "\n")
    with pytest.raises(InputError, match=said):
        ranking_of_file(path)


def test_a_board_asks_for_more_than_a_pair():
    planned = plan_votes(0.6, power=0.8, generators=5)
    assert planned.board > planned.independent
    assert (planned.crossed, planned.tastes) == (None, None)
