"""Who votes how: each column against its definition, and what is missing."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError, SchemaError
from evalkit.ratings import Comparisons, rater_report
from evalkit.statistics import binomial_test, proportion_interval
from tests.ratings.drawn_votes import votes


def test_agreement_is_with_the_others_on_the_same_pair():
    table = votes(0, n=800, raters=6, items=3)
    said = Comparisons.of(table).preferences()
    report = rater_report(table).set_index("rater")
    for rater in ("0", "4"):
        own, others = said[said["rater"] == rater], said
        shares = []
        for _, vote in own.iterrows():
            same = others[(others["unit"] == vote["unit"]) & (others["rater"] != rater)]
            if len(same):
                shares.append((same["label"] == vote["label"]).mean())
        assert report.loc[rater, "agreement"] == pytest.approx(np.mean(shares))
        assert report.loc[rater, "shared"] == len(shares)
    assert report["votes"].is_monotonic_decreasing
    assert report["votes"].sum() == 800


def test_gold_speed_and_side():
    table = pd.DataFrame(
        {"left": ["a"] * 20, "right": ["b"] * 20, "outcome": ["left"] * 18 + ["right", "tie"], "rater": ["x"] * 20}
    )
    table["gold"] = ["left", "right", "tie"] + [None] * 17
    table["seconds"] = [1.0, 1.5, None] + [10.0] * 17
    line = rater_report(table).iloc[0]
    expected = proportion_interval(1, 3)
    assert (line["gold"], line["gold_low"], line["gold_high"], line["gold_votes"]) == (*expected, 3)
    assert line["median_seconds"] == 10
    assert line["under_floor"] == pytest.approx(2 / 19)
    assert line["left"] == pytest.approx(18 / 19)
    assert line["left_p_value"] == pytest.approx(binomial_test(18, 19), rel=1e-9)
    assert line["shared"] == 0  # nobody else voted


def test_what_there_is_nothing_to_say_about_is_missing():
    report = rater_report(pd.DataFrame({"left": ["a"], "right": ["b"], "outcome": ["tie"], "rater": ["x"]})).iloc[0]
    assert report[["agreement", "gold", "median_seconds", "under_floor", "left", "left_p_value"]].isna().all()


def test_a_leaning_among_many_is_corrected_for_their_number():
    table = votes(1, n=2000, raters=40)
    table.loc[table["rater"] == 3, "outcome"] = "left"
    report = rater_report(table).set_index("rater")
    assert report["left_p_value"].idxmin() == "3"
    assert (report["left_p_value"] < 0.05).sum() == 1


def test_what_cannot_be_read_is_refused():
    with pytest.raises(SchemaError, match="rater"):
        rater_report(votes(0).drop(columns="rater"))
    with pytest.raises(InputError, match="gold of vote 1"):
        rater_report(votes(0, n=3).assign(gold=["left", "win", None]))
    with pytest.raises(InputError, match="floor"):
        rater_report(votes(0), floor=0)
