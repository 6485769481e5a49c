"""What a detector says of generated rows: right of equal laws, and of rows that are too odd or too central."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.core.errors import InputError, ShapeError
from evalkit.data import load
from evalkit.discriminator.oddness import DetectorTest, Judge, oddest


def rows(seed, n=300, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(n, 3))


def figures(reference, generated, seed=0):
    return {name: each.interval() for name, each in DetectorTest().estimates(reference, generated, seed=seed).items()}


def test_equal_laws_are_as_odd_as_each_other():
    """Of 40 runs 34 or more hold the truth but for 1 in 100; of few rows the detector's p-values are a little too large."""
    found = [figures(rows(seed), rows(1000 + seed), seed) for seed in range(40)]
    assert sum(each["oddness"].low <= 0.5 <= each["oddness"].high for each in found) >= 34
    assert sum(each["oddness_gap"].low <= 0 for each in found) >= 34
    assert 0.02 < np.mean([each["oddest_share"].value for each in found]) < 0.055


def test_the_share_of_new_rows_is_that_of_the_unseen_half():
    judges = [Judge.fit(rows(seed), seed=seed) for seed in range(40)]
    shares = [
        [judge.share(each).value for each in (judge.p_values(rows(1000 + i)), judge.control)] for i, judge in enumerate(judges)
    ]
    generated, control = np.mean(shares, axis=0)
    assert generated == pytest.approx(control, abs=0.012)


def test_rows_without_tails_are_too_central():
    found = figures(rows(0), rows(1, scale=0.5))
    assert found["oddest_share"].high < 0.05
    assert found["oddness"].high < 0.5
    assert found["oddness_gap"].low > 0


def test_rows_that_lie_far_out_are_too_odd():
    found = figures(rows(0), rows(1, scale=2.0))
    assert found["oddest_share"].low > 0.2
    assert found["oddness"].low > 0.6
    assert found["oddness_gap"].low > 0


def test_an_ordinary_row_over_and_over_shows_in_the_gap():
    reference = rows(0)
    found = figures(reference, np.repeat(reference[[np.argsort((reference**2).sum(axis=1))[150]]] + 0.01, 300, axis=0))
    assert found["oddest_share"].value == 0
    assert found["oddness_gap"].low > 0


def test_the_interval_of_the_share_is_the_exact_one():
    found = figures(rows(0), rows(1, n=200))["oddest_share"]
    exact = stats.binomtest(round(found.value * 200), 200).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))


def test_where_all_rows_are_odd_the_intervals_keep_a_width():
    found = figures(rows(0), rows(1) + 50)
    assert found["oddest_share"].value == found["oddness"].value == 1
    assert 0.9 < found["oddness"].low < 1
    assert 0.9 < found["oddest_share"].low < 1


def test_groups_stay_in_one_half_and_halves_share_no_row():
    groups = np.repeat(np.arange(30), 10)
    judge = Judge.fit(rows(0), seed=1, groups=groups)
    assert len(judge.held_out) == len(judge.control) == 150
    assert set(np.bincount(groups[judge.held_out], minlength=30)) == {0, 10}
    assert Judge.fit(rows(0), seed=2, groups=groups).held_out.tolist() != judge.held_out.tolist()


def test_tables_are_seen_as_they_are():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"size": draw.normal(size=200), "colour": draw.choice(["red", "blue"], 200), "id": [f"r{i}" for i in range(200)]}
    )
    table = load(frame)
    odd = load(frame.assign(colour="green"), schema=table.schema)
    found = figures(table, odd)
    assert found["oddness"].low > 0.7
    with pytest.raises(InputError, match="two tables or two arrays"):
        figures(table, rows(0))


@pytest.mark.parametrize(
    ("reference", "generated", "words"),
    [
        (rows(0, n=39), rows(1), "20 real rows to learn from and 20 others .* got 20 and 19"),
        (rows(0), rows(1, n=1), "needs 2 rows a side"),
        (rows(0), rows(1) * np.nan, "finite features"),
    ],
)
def test_what_cannot_be_judged_is_said_in_one_sentence(reference, generated, words):
    with pytest.raises(InputError, match=words):
        figures(reference, generated)


def test_real_rows_that_are_all_alike_say_nothing():
    with pytest.raises((ShapeError, InputError), match=r"tells rows apart|equally odd"):
        figures(np.ones((100, 2)), rows(1)[:, :2])


def test_the_oddest_come_first_and_of_equal_ones_the_earlier():
    assert oddest(np.array([0.5, 0.1, 0.3, 0.1]), 3) == [1, 3, 2]
    assert oddest(np.array([0.5]), 0) == []
