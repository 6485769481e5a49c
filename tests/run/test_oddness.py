"""The detector in a comparison: figures, pairs, and the oddest rows with their reasons."""

import numpy as np
import pandas as pd
import pytest

from evalkit.compare.closer_look import is_odd, odd_sentence, reasons_sentence
from evalkit.core.errors import CancelledError
from evalkit.core.evidence import Evidence, Failure
from evalkit.run.evaluate import evaluate
from evalkit.run.oddness import N_ODD, N_REASONS
from tests.run.laws import sayings, spots, table, waves


def planted(seed):
    """Five rows of a size that no real row has."""
    rows = table(seed)
    rows.loc[[3, 50, 99, 200, 311], "size"] = [40.0, 30.0, 60.0, 70.0, 50.0]
    return rows


@pytest.fixture(scope="module")
def evaluation():
    generated = {"good": table(1), "planted": planted(2), "tame": table(3).assign(size=0.1, weight=0.2)}
    return evaluate(table(0, n=800), generated, metrics=["detector"])


def test_figures_are_evidence_and_generators_are_compared_by_the_gap(evaluation):
    assert {each.metric for each in evaluation.measured} == {"detector"}
    for finding in evaluation:
        assert isinstance(finding, Evidence)
        assert finding.low <= finding.value <= finding.high
        assert finding.provenance.keys() == {"generated", "reference"}
        assert finding.n == 400
    assert {each.figure for each in evaluation.comparisons} == {"oddness_gap"}
    decided = {(each.first, each.second): each.better for each in evaluation.comparisons}
    assert decided["good", "tame"] == "first"
    assert decided["good", "planted"] == "not separable"


def test_the_planted_rows_are_the_oddest_and_the_column_is_named(evaluation):
    looks = {look.generator: look for look in evaluation.looks}
    odd = looks["planted"].odd
    assert len(odd) == N_ODD
    assert {each.shown.row for each in odd} == {3, 50, 99, 200, 311}
    for each in odd:
        assert each.p_value == pytest.approx(1 / 301)
        assert 1 <= len(each.reasons) <= N_REASONS
        assert {reason.column for reason in each.reasons[:2]} == {"size", "weight"} or each.reasons[0].column == "size"
        assert sum(reason.share for reason in each.reasons) <= 1 + 1e-9
        assert reasons_sentence(each).startswith(f"Row {each.shown.row}: ")


def test_what_it_says_of_a_generator(evaluation):
    looks = {look.generator: look for look in evaluation.looks}
    assert "too central on the whole" in odd_sentence(looks["tame"]) or "no tails" in odd_sentence(looks["tame"])
    assert is_odd(looks["tame"])
    assert not is_odd(looks["good"])
    assert looks["good"].oddest_control == looks["tame"].oddest_control
    assert looks["good"].oddest_control.n == 300


@pytest.mark.parametrize(
    ("reference", "near", "far", "kind", "extractor"),
    [
        (spots(0, n=240), spots(1), spots(2, brightness=90), "picture", "pixel_pca"),
        (sayings(0, n=240), sayings(1), sayings(2, words=("one", "two", "three", "grey")), "text", None),
        (waves(0, n=40), waves(1, n=40), waves(2, period=5.0, n=40), "steps", None),
    ],
    ids=["images", "texts", "series"],
)
def test_every_modality_is_judged(reference, near, far, kind, extractor):
    result = evaluate(reference, {"near": near, "far": far}, metrics=["detector"], extractor=extractor)
    assert result.conclusions == ("near is better than far: by oddness_gap.",)
    assert result.of("far")["oddness"].low > 0.5
    near_look, far_look = result.looks
    assert not is_odd(near_look)
    assert is_odd(far_look)
    assert {each.shown.kind for each in far_look.odd} == {kind}
    assert not any(each.reasons for each in far_look.odd)


def test_few_rows_are_a_failure_in_place_of_every_figure():
    result = evaluate(table(0, n=30), {"a": table(1)}, metrics=["detector", "kid"])
    failures = [finding for finding in result if isinstance(finding, Failure)]
    assert [each.name for each in failures] == ["oddest_share", "oddness", "oddness_gap"]
    assert all("got 15 and 15: give more" in each.reason for each in failures)
    assert result.looks[0].odd == ()


def test_it_is_usual_and_without_it_there_are_no_odd_rows():
    with_it, without = (evaluate(table(0), {"a": table(1)}, metrics=metrics) for metrics in (["kid", "detector"], ["kid"]))
    assert with_it.looks[0].odd
    assert not without.looks[0].odd
    assert odd_sentence(without.looks[0]) == ""
    assert without.of("a")["kid"] == with_it.of("a")["kid"]
    plain = evaluate(table(0), {"a": table(1)}, closer=False)
    assert {"oddest_share", "oddness", "oddness_gap"} <= plain.of("a").keys()
    assert plain.looks == ()


def test_it_can_be_stopped():
    def stop(step):
        if step.stage == "looking for odd rows" and step.done:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        evaluate(table(0), {"a": table(1)}, metrics=["detector"], progress=stop)


def test_real_rows_that_are_all_alike_are_a_failure_with_its_reason():
    alike = pd.DataFrame({"size": np.ones(200)})
    for finding in evaluate(alike, {"a": table(1)[["size"]]}, metrics=["detector"], closer=False):
        assert isinstance(finding, Failure)
        assert "equally odd" in finding.reason or "tells rows apart" in finding.reason
