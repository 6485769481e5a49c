"""Giveaways: each planted break is named first by the giveaway meant for it; equal laws give nothing."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError, SchemaError, ShapeError
from evalkit.core.sample import Texts
from evalkit.core.schema import Column, Schema
from evalkit.data import load
from evalkit.discriminator.giveaways import find_giveaways


def frame(n, seed):
    draw = np.random.default_rng(seed)
    x = draw.gamma(3.0, 10.0, n)
    table = pd.DataFrame(
        {
            "price": x.round(2),
            "weight": (x / 2 + draw.normal(size=n)).round(3),
            "city": draw.choice(["Aa", "Bb", "Cc", "Dd"], n, p=[0.4, 0.3, 0.2, 0.1]),
            "visits": draw.poisson(4.0, n).astype(float),
            "member": draw.random(n) < 0.3,
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 700, n), unit="D"),
        }
    )
    table.loc[draw.random(n) < 0.1, "weight"] = np.nan
    return table


def written(table, draw):
    table["price"] += draw.normal(0, 0.001, len(table))


def rounded(table, draw):
    table["weight"] = table["weight"].round(0)


def absent(table, draw):
    table.loc[draw.random(len(table)) < 0.15, "price"] = np.nan


def never_absent(table, draw):
    table["weight"] = table["weight"].fillna(table["weight"].median())


def outside(table, draw):
    table.loc[draw.random(len(table)) < 0.06, "price"] *= -1


def too_late(table, draw):
    table.loc[draw.random(len(table)) < 0.06, "since"] += pd.Timedelta(days=1000)


def unheard_of(table, draw):
    table.loc[draw.random(len(table)) < 0.06, "city"] = "Ee"


def lost(table, draw):
    table["city"] = table["city"].where(table["city"] != "Dd", "Aa")


def untied(table, draw):
    table["weight"] = draw.permutation(table["weight"])


def collapsed(table, draw):
    table.iloc[:] = table.iloc[draw.integers(80, size=len(table))]


BREAKS = {
    written: ("decimals", {"price"}),
    rounded: ("decimals", {"weight"}),
    absent: ("missing values", {"price"}),
    never_absent: ("missing values", {"weight"}),
    outside: ("range", {"price"}),
    too_late: ("range", {"since"}),
    unheard_of: ("new categories", {"city"}),
    lost: ("lost categories", {"city"}),
    untied: ("dependence", {"price and weight"}),
    collapsed: ("repeated rows", {"rows"}),
}


@pytest.mark.parametrize("broken", BREAKS, ids=lambda one: one.__name__)
def test_a_planted_break_is_named_first(broken):
    generated = frame(400, 1)
    broken(generated, np.random.default_rng(2))
    first = find_giveaways(load(frame(400, 0)), load(generated), seed=0)[0]
    what, columns = BREAKS[broken]
    assert first.what == what
    assert first.column in columns
    assert first.p_value < 0.01
    assert first.low <= first.figure <= first.high
    assert all(repr(name) in first.sentence for name in first.column.split(" and ") if name != "rows")


def test_equal_laws_give_nothing():
    found = [find_giveaways(load(frame(120, 2 * i)), load(frame(120, 2 * i + 1)), seed=i)[0].p_value <= 0.05 for i in range(16)]
    assert np.mean(found) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 16)


def test_everything_that_was_looked_at_is_listed_and_corrected():
    found = find_giveaways(load(frame(60, 0)), load(frame(80, 1)), seed=0)
    assert len([one for one in found if one.what == "column"]) == 6
    assert {one.column for one in found if one.what == "range"} == {"price", "weight", "visits", "since"}
    assert {one.column for one in found if one.what == "missing values"} == {"weight"}
    assert {one.column for one in found if one.what == "decimals"} == {"price", "weight"}
    assert {one.column for one in found if one.what == "new categories"} == {"city", "member"}
    assert all(0 <= one.p_value <= 1 for one in found)
    assert found == find_giveaways(load(frame(60, 0)), load(frame(80, 1)), seed=0)


def test_many_rare_labels_are_no_giveaway():
    """Most labels stand once: each sample has labels that the other lacks, and that means nothing."""
    draws = [pd.DataFrame({"a": draw.zipf(1.3, 300).clip(0, 10**6).astype(str)}) for draw in map(np.random.default_rng, (0, 1))]
    draws = [one.assign(b=[f"{label} {row}" for row, label in enumerate(one["a"])]) for one in draws]
    schema = Schema(modality="table", columns=tuple(Column(name=name, kind="category") for name in "ab"))
    found = find_giveaways(*(load(one, schema=schema) for one in draws), seed=0)
    assert next(one for one in found if one.what == "new categories").figure > 0.1
    assert min(one.p_value for one in found) > 0.05


def test_refusals():
    with pytest.raises(ShapeError, match="10 rows a side"):
        find_giveaways(load(frame(9, 0)), load(frame(40, 0)), seed=0)
    with pytest.raises(ShapeError, match="10"):
        find_giveaways(Texts.of(["a"]), Texts.of(["a"]), seed=0)
    with pytest.raises(InputError, match="two samples of one modality, got texts and table"):
        find_giveaways(Texts.of(["a"]), load(frame(40, 0)), seed=0)
    with pytest.raises(SchemaError, match="city"):
        find_giveaways(load(frame(40, 0)), load(frame(40, 1).drop(columns="city")), seed=0)
