"""Rows that generators were fitted to: who copies or betrays them, and what may stand beside them."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError
from evalkit.core.sample import Series
from evalkit.run.evaluate import evaluate
from tests.run.laws import N, sayings, spots, table, waves

OF_FITTED = {"nearest_share", "closest_record_control", "membership_attack"}


def copier(fitted, seed, share=0.3):
    """An honest generator, part of whose rows are fitted ones with a little noise."""
    drawn = table(seed)
    n = int(share * N)
    taken = fitted.sample(n, random_state=seed).reset_index(drop=True)
    noise = np.random.default_rng(seed).normal(0, 0.001, (n, 2))
    drawn.loc[: n - 1, ["size", "weight"]] = taken[["size", "weight"]] + noise
    drawn.loc[: n - 1, "colour"] = taken["colour"]
    return drawn


def test_a_copier_is_named_and_an_honest_generator_is_not():
    fitted = table(5)
    generated = {"honest": table(6), "copier": copier(fitted, 7)}
    result = evaluate(table(0, n=800), generated, fitted=fitted, metrics=["kid"], closer=False)
    honest, copying = result.of("honest"), result.of("copier")
    assert honest.keys() == OF_FITTED | {"kid"}
    for name in OF_FITTED:
        assert honest[name].value < copying[name].low, name
        assert copying[name].low > 0.5, name
        assert copying[name].provenance.keys() == {"reference", "generated", "fitted"}
        assert copying[name].provenance["fitted"] == result.fitted.sha256
        assert (copying[name].settings["fitted rows"], copying[name].settings["reference rows"]) == (N, 600)
    assert copying["kid"].provenance.keys() == {"reference", "generated"}
    decided = {each.figure: each.better for each in result.comparisons}
    # How near rows lie to the fitted ones has no better end: where rows are many, they lie near.
    assert {name for name, better in decided.items() if better == "first"} == OF_FITTED - {"closest_record_control"}
    assert result.conclusions[0].startswith("honest is better than copier: by")


def test_where_nothing_is_copied_the_intervals_hold_one_half():
    """Binomial(20, 0.95) is 16 or more but for 3 in 10,000."""
    held = dict.fromkeys(OF_FITTED, 0)
    for seed in range(20):
        real, fitted, drawn = table(10 + seed, n=250), table(50 + seed, n=150), table(90 + seed, n=150)
        result = evaluate(real, {"new": drawn}, fitted=fitted, metrics=[], closer=False, seed=seed)
        for name, found in result.of("new").items():
            held[name] += found.low <= 0.5 <= found.high
    assert min(held.values()) >= 16


def test_a_reference_that_holds_fitted_rows_is_no_control():
    real, fitted = table(0, n=500), table(1)
    for seen in (real, real.head(300), real.tail(60)):
        with pytest.raises(InputError, match=r"every fitted row is in the reference: the reference must be rows .* never saw"):
            evaluate(real, {"a": table(2)}, fitted=seen)
    some = pd.concat([fitted, real.head(12)])
    result = evaluate(real, {"a": table(2)}, fitted=some, metrics=["nearest_share"], closer=False)
    assert [finding.name for finding in result] == ["nearest_share"]
    assert any(sentence.startswith("12 of the 412 fitted rows are in the reference as well") for sentence in result.cautions)


def test_labels_that_recur_are_no_shared_rows_of_a_file():
    draw = np.random.default_rng(0)
    labels = pd.DataFrame({"a": draw.choice(["x", "y"], 900), "b": draw.choice(["u", "v"], 900)})
    result = evaluate(labels.head(400), {"new": labels.tail(200)}, fitted=labels[400:700], metrics=[], closer=False)
    for found in result.of("new").values():
        assert found.low <= 0.5 <= found.high


def test_a_metric_of_fitted_rows_is_refused_without_them():
    with pytest.raises(InputError, match=r"nearest_share needs the rows that the generators were fitted to: .* --fitted PATH"):
        evaluate(table(0), {"a": table(1)}, metrics=["kid", "nearest_share"])


@pytest.mark.parametrize(
    ("reference", "fitted", "new"),
    [
        (spots(0, n=240), spots(1, n=100), spots(2, n=100)),
        (sayings(0, n=240), sayings(1, n=100), sayings(2, n=100)),
        (waves(0, n=30), waves(1, n=30), waves(2, n=30)),
    ],
    ids=["images", "texts", "series"],
)
def test_every_modality_tells_copies_from_new_rows(reference, fitted, new):
    result = evaluate(reference, {"copies": fitted, "new": new}, fitted=fitted, metrics=[], closer=False)
    assert result.of("new").keys() >= {"nearest_share"}
    for name, found in result.of("new").items():
        assert found.low <= 0.5 <= found.high, name
        assert result.of("copies")[name].low > 0.7, name


def test_few_recordings_say_nothing_of_copying():
    result = evaluate(waves(0), {"new": waves(2)}, fitted=waves(1), metrics=[], closer=False)
    assert [finding.reason for finding in result] == [
        "nearest_share needs 20 fitted and 20 reference series, got 6 and 6: give more of them"
    ]
    whole = waves(3, n=1)
    with pytest.raises(InputError, match="every fitted row is in the reference"):
        evaluate(whole, {"new": waves(2)}, fitted=Series.of([whole.steps(0)[:128]], ("level",)), metrics=[])


def test_copies_are_looked_for_among_all_real_rows():
    real = table(0)
    result = evaluate(real, {"copier": real, "honest": table(1)}, metrics=["copies"])
    assert result.of("copier")["exact_copies"].value == 1
    assert result.of("copier")["authenticity"].value == 0
    assert [look.n_copied for look in result.looks] == [N, 0]
    assert result.reference.rows == N - N // 4


def test_copies_of_fitted_rows_are_counted_beside_those_of_rows_that_were_never_seen():
    fitted, drawn = table(5), table(6)
    drawn.iloc[:50] = fitted.iloc[:50]
    result = evaluate(table(0), {"copier": drawn}, fitted=fitted, metrics=["nearest_share"])
    (look,) = result.looks
    assert (look.n_copied, look.n_unseen_copied) == (50, 0)
    assert {pair.generated.row for pair in look.copied} <= set(range(50))
    assert result.of("copier")["nearest_share"].low > 0.5
