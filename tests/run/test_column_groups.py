"""Groups of columns: the same comparison on the named columns only."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError
from evalkit.core.evidence import Evidence, Failure
from evalkit.core.sample import Texts
from evalkit.data import load
from evalkit.run.column_groups import of_columns, read_groups
from evalkit.run.evaluate import evaluate

GROUPS = {"payment": ["amount", "currency"], "when": ["hour", "weekday"]}


def table(seed, n=300, shift=0.0):
    """Only the amount is ever shifted."""
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "name": [f"p-{seed}-{i}" for i in range(n)],
            "amount": draw.normal(shift, 1, n),
            "currency": draw.choice(["EUR", "USD"], n),
            "hour": draw.normal(size=n),
            "weekday": draw.choice(list("abcdefg"), n),
        }
    )


def compared(metrics, groups=GROUPS, **named):
    generated = {"good": table(1), "shifted": table(2, shift=1.0)}
    return evaluate(table(0, n=400), generated, metrics=metrics, closer=False, column_groups=groups, **named)


@pytest.fixture(scope="module")
def evaluation():
    return compared(["kid", "column_shapes", "detector"])


def test_the_group_that_is_wrong_is_told_from_the_one_that_is_right(evaluation):
    payment, when = evaluation.column_groups
    assert (payment.name, payment.columns) == ("payment", ("amount", "currency"))
    assert payment.conclusions[0].startswith("good is better than shifted: by kid")
    assert when.conclusions[0].startswith("good and shifted: no difference may be concluded")
    assert {each.metric for each in payment.measured} == {"kid", "column_shapes", "detector"}
    for group in evaluation.column_groups:
        for each in group.measured:
            assert isinstance(each.finding, Evidence)


def test_a_group_is_what_a_table_without_the_other_columns_is(evaluation):
    """But for the correction. The digests of what went in differ from those of the whole table."""
    columns = GROUPS["payment"]
    generated = {"good": table(1)[columns], "shifted": table(2, shift=1.0)[columns]}
    alone = evaluate(table(0, n=400)[columns], generated, metrics=["kid", "column_shapes", "detector"], closer=False)
    payment = evaluation.column_groups[0]
    for ours, theirs in zip(payment.measured, alone.measured, strict=True):
        assert ours.finding.value == pytest.approx(theirs.finding.value)
        assert ours.finding.provenance["generated"] != evaluation.measured[0].finding.provenance["generated"]


def test_p_values_are_corrected_over_all_groups():
    both, one = compared(["kid"]), compared(["kid"], {"when": GROUPS["when"]})
    (pair,) = both.column_groups[1].comparisons
    (alone,) = one.column_groups[0].comparisons
    assert pair.difference == alone.difference
    assert pair.detectable > alone.detectable
    payment = both.column_groups[0].comparisons[0]
    (payment_alone,) = compared(["kid"], {"payment": GROUPS["payment"]}).column_groups[0].comparisons
    assert payment.p_value == pytest.approx(2 * payment_alone.p_value)
    # What all columns say is not touched by groups.
    assert both.comparisons == one.comparisons


def test_equal_generators_are_seldom_called_different_by_any_group():
    """Binomial(20, 0.05) is 3 or less but for 2 in 100."""
    wrong = 0
    for seed in range(20):
        generated = {"a": table(100 + seed, n=150), "b": table(200 + seed, n=150)}
        real = table(300 + seed, n=200)
        found = evaluate(real, generated, metrics=["kid"], closer=False, column_groups=GROUPS, seed=seed).column_groups
        wrong += any(pair.better != "not separable" for group in found for pair in group.comparisons)
    assert wrong <= 3


def test_what_cannot_be_measured_of_a_group_is_a_failure_there():
    (group,) = compared(["kid", "pair_trends"], {"one": ["amount"]}).column_groups
    failures = [each.finding for each in group.measured if isinstance(each.finding, Failure)]
    assert {each.name for each in failures} == {"pair_trends"}


def test_metrics_of_fitted_rows_are_left_out():
    found = compared(["kid", "nearest_share"], fitted=table(5))
    assert {each.metric for each in found.measured} == {"kid", "nearest_share"}
    assert {each.metric for each in found.column_groups[0].measured} == {"kid"}


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ({"a": ["amount", "nothing"]}, "there is no column 'nothing' for the group 'a': choose from name, amount, currency"),
        ({"a": ["name"]}, "the group 'a' has identifiers only"),
        ({"a": []}, "the group 'a' has no columns"),
    ],
)
def test_groups_that_cannot_be_are_refused_before_the_work(groups, words):
    real = load(table(0), modality="table", kinds={"name": "identifier"})
    with pytest.raises(InputError, match=words):
        evaluate(real, {"a": table(1)}, metrics=["kid"], column_groups=groups)


def test_what_has_no_columns_and_what_measures_nothing_is_refused():
    texts = Texts.of(["to be", "or not"] * 30)
    with pytest.raises(InputError, match="groups of columns are compared of tables, got texts"):
        evaluate(texts, {"a": texts}, column_groups={"a": ["text"]})
    with pytest.raises(InputError, match="need a metric that does without fitted rows"):
        compared(["nearest_share"], fitted=table(5))


@pytest.mark.parametrize("line", ["amount", "=amount", "payment=", "payment= , ", "a=b\ta=c"])
def test_lines_that_are_no_groups(line):
    with pytest.raises(InputError, match=r"NAME=COLUMN,COLUMN|called 'a'"):
        read_groups(line.split("\t"))


def test_a_part_of_a_table_keeps_its_cells_and_order():
    whole = load(table(0, n=30))
    part = of_columns(whole, ["currency", "amount"])
    assert part.schema.names == ("amount", "currency")
    assert list(part.frame) == ["amount", "currency"]
    assert len(part) == 30
