"""Pairs of columns: a dependence that is lost is named, a column that is wrong by itself is not, and the level is kept."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.sample import Table
from evalkit.core.schema import Column, Schema
from evalkit.data import load
from evalkit.discriminator.giveaways import find_giveaways
from evalkit.discriminator.giveaways.dependence import Dependence, dependence_giveaways, gathered
from evalkit.discriminator.giveaways.giveaway import Giveaway

KINDS = {"amount": "number", "weight": "number", "city": "category", "visits": "count", "note": "text"}
SCHEMA = Schema(modality="table", columns=tuple(Column(name=name, kind=kind) for name, kind in KINDS.items()))


def table(n, seed, *, change=lambda frame, draw: frame):
    draw = np.random.default_rng(seed)
    amount = draw.gamma(3.0, 10.0, n)
    frame = pd.DataFrame(
        {
            "amount": amount,
            "weight": amount / 2 + 5 * draw.normal(size=n),
            "city": np.where(amount + 15 * draw.normal(size=n) > 30, "Aa", "Bb"),
            "visits": draw.poisson(4.0, n).astype(float),
            "note": [f"note {i}" for i in draw.integers(10**6, size=n)],
        }
    )
    frame.loc[draw.random(n) < 0.1, "weight"] = np.nan
    return load(change(frame, draw), schema=SCHEMA)


def found(reference, generated, seed=0):
    return {one.column: one for one in dependence_giveaways(reference, generated, seed=seed)}


def significant(reference, generated, seed=0):
    """By Bonferroni's rule."""
    every = found(reference, generated, seed)
    return {name for name, one in every.items() if one.p_value * len(every) <= 0.05}


def shuffled(column):
    return lambda frame, draw: frame.assign(**{column: draw.permutation(frame[column])})


def test_numbers_that_lost_each_other_are_named():
    every = found(table(500, 0), table(500, 1, change=shuffled("weight")))
    one = every["amount and weight"]
    assert one.p_value < 1e-6
    assert one.low <= one.figure <= one.high < 0.3 < one.reference
    assert one.sentence.startswith("'amount' and 'weight' do not hang together as in the reference: their rank correlation is ")
    assert one.size == pytest.approx(abs(one.figure - one.reference) / 2)
    assert every["amount and visits"].p_value > 0.001


def test_a_label_that_lost_its_number_is_named():
    named = found(table(500, 0), table(500, 1, change=shuffled("city")))
    assert named["amount and city"].p_value < 1e-6
    assert "'city' = '" in named["amount and city"].sentence


def test_a_boolean_goes_by_its_own_name():
    draw = np.random.default_rng(0)
    kinds = (Column(name="paid", kind="boolean"), Column(name="amount", kind="number"))
    sides = []
    for tie in (30.0, 0.0):
        paid = draw.random(300) < 0.4
        frame = pd.DataFrame({"paid": [None if lost else said for lost, said in zip(draw.random(300) < 0.1, paid, strict=True)]})
        sides.append(
            load(frame.assign(amount=tie * paid + draw.normal(0, 10, 300)), schema=Schema(modality="table", columns=kinds))
        )
    (one,) = found(*sides).values()
    assert one.sentence.startswith("'paid' and 'amount' do not hang together")
    assert one.reference > 0.5


@pytest.mark.parametrize("column", ["amount", "weight"])
def test_a_column_that_is_wrong_by_itself_is_no_matter_of_pairs(column):
    """Shifted, stretched and bent, it keeps its order."""
    bent = table(500, 1, change=lambda frame, draw: frame.assign(**{column: np.cbrt(frame[column]) * 3 + 7}))
    assert not significant(table(500, 0), bent)


def test_ten_pairs_at_most_each_once():
    draw = np.random.default_rng(0)
    real, drawn = (load(pd.DataFrame(draw.normal(size=(200, 8))).add_prefix("x")) for _ in range(2))
    names = [one.column for one in dependence_giveaways(real, drawn, seed=0)]
    assert len(names) == len(set(names)) == 10


def test_the_level_is_kept():
    """One in twenty by chance; of 120 pairs of tables more than 14 would be one case in a thousand."""
    rejected = sum(bool(significant(table(130, 2 * seed), table(130, 2 * seed + 1), seed)) for seed in range(120))
    assert rejected <= 14


def test_copies_of_few_rows_are_few_findings():
    """Of 40 rows drawn ten times each, what their dependence looks like by chance is no finding of 400 rows."""

    def few(frame, draw):
        return frame.iloc[draw.integers(40, size=len(frame))].reset_index(drop=True)

    rejected = sum(bool(significant(table(400, 2 * seed), table(400, 2 * seed + 1, change=few), seed)) for seed in range(40))
    assert rejected <= 8
    alone, copied = (found(table(400, 0), table(400, 1, change=change)) for change in (lambda frame, _: frame, few))
    width = [each["amount and weight"].high - each["amount and weight"].low for each in (alone, copied)]
    assert width[1] > 1.5 * width[0]


@pytest.mark.parametrize(
    ("case", "columns"),
    {"few rows": list(KINDS), "one column": ["amount", "note"], "no column": ["note"]}.items(),
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_nothing_to_tell(case, columns):
    n = 60 if case == "few rows" else 300
    schema = Schema(modality="table", columns=tuple(Column(name=name, kind=KINDS[name]) for name in columns))
    sides = (Table(case, schema, table(n, seed).frame[columns]) for seed in (0, 1))
    assert not list(dependence_giveaways(*sides, seed=0))


def test_labels_that_are_all_rare_hang_together_with_nothing():
    """Nothing is left to have a rank."""
    schema = Schema(modality="table", columns=tuple(Column(name=name, kind="category") for name in "ab"))
    labels = np.arange(300).astype(str)
    sides = (load(pd.DataFrame({"a": labels, "b": labels[::step]}), schema=schema) for step in (1, -1))
    assert not list(dependence_giveaways(*sides, seed=0))


@pytest.mark.parametrize("lost", ["in one", "in both", "by turns"])
def test_columns_that_are_never_known_together(lost):
    def gone(frame, draw):
        known = draw.random(len(frame)) < 0.5
        if lost == "by turns":
            return frame.assign(amount=frame["amount"].where(known), weight=frame["weight"].mask(known))
        return frame.assign(weight=np.nan)

    reference = table(300, 0) if lost == "in one" else table(300, 0, change=gone)
    assert "amount and weight" not in found(reference, table(300, 1, change=gone))


def test_a_column_that_is_constant_in_a_sample_and_exact_relations():
    constant = table(300, 1, change=lambda frame, draw: frame.assign(visits=3.0))
    assert not any("visits" in name for name in found(table(300, 0), constant))
    twice = (table(300, seed, change=lambda frame, draw: frame.assign(visits=2 * frame["amount"] // 1)) for seed in (0, 1))
    assert not significant(*twice)
    broken = table(300, 1, change=lambda frame, draw: frame.assign(weight=frame["amount"]))
    exact = table(300, 0, change=lambda frame, draw: frame.assign(weight=3 * frame["amount"]))
    assert "amount and weight" not in found(exact, broken)


def test_missing_values_hide_no_dependence():
    gone = table(600, 1, change=lambda frame, draw: frame.assign(weight=frame["weight"].where(draw.random(len(frame)) < 0.5)))
    assert not significant(table(600, 0), gone)


def pair(first, second, figure=0.1, p_value=0.01):
    sentence = f"{first} and {second}"
    size = (0.9 - figure) / 2
    return Dependence("dependence", sentence, figure, figure, figure, 0.9, p_value, sentence, size, pair=(first, second))


def test_what_three_pairs_have_in_common_is_one_giveaway():
    other = Giveaway("range", "a", 0.5, 0.4, 0.6, 0.0, 0.001, "other")
    pairs = [pair("a", "b", 0.3), pair("c", "a", 0.0, 0.02), pair("a", "d", p_value=0.001), pair("e", "a"), pair("b", "e")]
    found = {one.column: one for one in gathered([*pairs, other]) if one is not other}
    assert set(found) == {"a", "b and e"}
    assert (found["a"].figure, found["a"].reference, found["a"].p_value) == (0.0, 0.9, 0.001)
    assert found["a"].size == pytest.approx(0.45)
    assert found["a"].sentence == (
        "'a' does not hang together with 4 columns as in the reference. Its rank correlations, beside the reference's: "
        "with 'c' 0.00 (0.90), with 'd' 0.10 (0.90), with 'e' 0.10 (0.90), 1 more."
    )
    assert gathered([*pairs[:2], other]) == [other, *pairs[:2]]


def test_a_column_that_lost_all_others_is_named_once():
    def tied(n, seed, free):
        draw = np.random.default_rng(seed)
        cause = draw.normal(size=n)
        columns = {name: cause + draw.normal(0, 0.5, n) for name in "abcde"}
        return load(pd.DataFrame(columns | {"a": draw.normal(size=n)} if free else columns))

    found = [one for one in find_giveaways(tied(400, 0, False), tied(400, 1, True), seed=0) if one.p_value <= 0.05]
    told = [one.column for one in found if one.what == "dependence"]
    assert told == ["a"]
