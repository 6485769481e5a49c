"""Plans from pilots; rankings of studies are tested with their studies."""

import numpy as np
import pandas as pd
import pytest

from evalkit.run.rankings import plan_votes


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


def test_a_board_asks_for_more_than_a_pair():
    planned = plan_votes(0.6, power=0.8, generators=5)
    assert planned.board > planned.independent
    assert (planned.crossed, planned.tastes) == (None, None)
