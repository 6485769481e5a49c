"""The figures of a comparison: what they carry, what may be concluded from them, and where there are none."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import CancelledError, InputError
from evalkit.core.evidence import Evidence, Failure
from evalkit.features.from_callable import FromCallable
from evalkit.run.evaluate import evaluate, write_evaluation
from evalkit.run.measures import MEASURES
from evalkit.statistics.influence import Estimate
from tests.run.laws import N, sayings, spots, table, waves


@pytest.fixture(scope="module")
def evaluation():
    return evaluate(table(0, n=800), {"near": table(1), "far": table(2, shift=1.0), "also near": table(3)})


def test_the_planted_order_is_concluded_and_no_more(evaluation):
    assert evaluation.conclusions[0].startswith("near is better than far")
    assert evaluation.conclusions[1].startswith("near and also near: no difference may be concluded")
    assert evaluation.conclusions[2].startswith("also near is better than far")


def test_every_figure_carries_n_interval_settings_and_where_it_came_from(evaluation):
    assert evaluation.findings
    for each in evaluation.measured:
        finding = each.finding
        assert isinstance(finding, Evidence), finding
        assert finding.low <= finding.value <= finding.high
        assert finding.n >= 100
        assert finding.method
        assert set(finding.provenance) == {"reference", "generated"}
        assert finding.name in MEASURES[each.metric].figures


def test_generators_are_held_against_the_same_rows(evaluation):
    assert evaluation.reference.rows == 600
    against = {each.metric: each.finding.provenance["reference"] for each in evaluation.measured}
    # Copies are looked for among all real rows.
    assert against.pop("copies") not in against.values()
    assert len(set(against.values())) == 1


def test_a_pair_is_compared_in_every_figure_that_has_a_better_end(evaluation):
    pairs = {(each.first, each.second) for each in evaluation.comparisons}
    assert pairs == {("near", "far"), ("near", "also near"), ("far", "also near")}
    figures = {each.figure for each in evaluation.comparisons}
    directed = {finding.name for finding in evaluation.findings if finding.direction != "neither"}
    assert figures == directed


def test_every_pair_says_how_many_rows_would_tell_it_apart(evaluation):
    for each in evaluation.comparisons:
        needed = each.rows_needed
        if each.low <= 0 <= each.high:
            assert (needed.about, needed.at_most) == (None, None)
        else:
            assert 30 <= needed.at_least <= needed.about <= needed.at_most
        # What is told apart by far would have been so with fewer rows.
        assert each.p_value > 1e-6 or needed.about < N
    undecided = next(sentence for sentence in evaluation.conclusions if "no difference may be concluded" in sentence)
    assert "to tell them apart as they are measured now takes more than" in undecided


@dataclass(frozen=True)
class Borderline:
    """Gives each generator figures whose difference has a p-value of about 0.03."""

    def estimates(self, reference, generated, *, seed):
        value = 2.17 * np.sqrt(2) if generated.mean() > 0.5 else 0.0
        spread = np.resize([-1.0, 1.0], len(generated)) * np.sqrt(len(generated) - 1)
        return {name: Estimate(value, "lower", "made", np.zeros(len(reference)), spread) for name in ("one", "other")[: self.n]}


@pytest.mark.parametrize(("n", "better"), [(1, {"second"}), (2, {"not separable"})])
def test_two_chances_to_be_better_are_corrected_for(monkeypatch, n, better):
    spec = replace(MEASURES["kid"], name="borderline", figures=("one", "other"))
    monkeypatch.setattr(Borderline, "n", n, raising=False)
    monkeypatch.setattr(type(spec), "load", lambda spec: Borderline)
    monkeypatch.setitem(MEASURES, "borderline", spec)
    real, near, far = (pd.DataFrame({"a": np.random.default_rng(i).normal(shift, 1, N)}) for i, shift in enumerate((0, 0, 5)))
    result = evaluate(real, {"far": far, "near": near}, metrics=["borderline"])
    assert {each.better for each in result.comparisons} == better
    assert result.comparisons[0].p_value == pytest.approx(0.03 * n, abs=0.001)


def test_one_seed_gives_one_result(evaluation):
    again = evaluate(table(0, n=800), {"near": table(1), "far": table(2, shift=1.0), "also near": table(3)})
    assert again == evaluation


@dataclass(frozen=True)
class Broken:
    """A metric that needs more than there is."""

    def estimates(self, reference, generated, *, seed):
        raise InputError("broken needs a million rows, got fewer: draw more")


def test_a_metric_that_fails_is_a_failure_and_the_others_go_on(monkeypatch):
    spec = replace(MEASURES["kid"], name="broken", figures=("broken",))
    monkeypatch.setattr(type(spec), "load", lambda spec: Broken if spec.name == "broken" else loaded(spec))
    monkeypatch.setitem(MEASURES, "broken", spec)
    result = evaluate(table(0), {"a": table(1), "b": table(2)}, metrics=["broken", "kid"])
    assert [type(finding) for finding in result] == [Failure, Failure, Evidence, Evidence]
    assert result.findings[0].reason == "broken needs a million rows, got fewer: draw more"
    assert {each.figure for each in result.comparisons} == {"kid"}


loaded = type(MEASURES["kid"]).load


def test_what_limits_the_figures_is_said():
    few = evaluate(table(0, n=150), {"a": table(1, n=100), "b": table(2, n=120)}, metrics=["kid"])
    assert any("too few to set some aside" in sentence for sentence in few.cautions)
    assert any("unequally many rows" in sentence for sentence in few.cautions)


def test_a_classifier_as_the_extractor_scores_how_sure_and_how_varied_rows_are():
    def chances(sample):
        size = sample.frame["size"].to_numpy(dtype=float)
        return np.column_stack([np.exp(3 * size), np.ones(len(size)), np.exp(-3 * size)]) / (1 + 2 * np.cosh(3 * size))[:, None]

    generators, asked = {"varied": table(1), "one-sided": table(2, shift=2.0)}, {"metrics": ["classifier_score"], "closer": False}
    result = evaluate(table(0), generators, extractor=FromCallable(chances, "sizes"), **asked)
    assert result.of("varied")["classifier_score"].low > 1.3 > result.of("one-sided")["classifier_score"].high
    assert result.conclusions == ("varied is better than one-sided: by classifier_score.",)
    refused = evaluate(table(0), generators, **asked)
    assert all(isinstance(one.finding, Failure) and "softmax" in one.finding.reason for one in refused.measured)


def test_the_files_hold_what_was_found(evaluation, tmp_path):
    write_evaluation(evaluation, out=tmp_path / "evidence.json", report=tmp_path / "report.html")
    assert json.loads((tmp_path / "evidence.json").read_text())["conclusions"] == list(evaluation.conclusions)
    assert evaluation.conclusions[0] in (tmp_path / "report.html").read_text()


def test_it_can_be_stopped():
    def stop(step):
        if step.stage == "measuring":
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        evaluate(table(0), {"a": table(1)}, metrics=["kid"], progress=stop)


@pytest.mark.parametrize(
    ("reference", "near", "far"),
    [
        (spots(0, n=240), spots(1), spots(2, brightness=120)),
        (sayings(0, n=240), sayings(1), sayings(2, words=("one", "two", "three", "grey"))),
        (waves(0), waves(1), waves(2, period=5.0)),
    ],
    ids=["images", "texts", "series"],
)
def test_every_modality_has_figures_that_tell_a_good_generator_from_a_bad_one(reference, near, far):
    result = evaluate(reference, {"near": near, "far": far}, metrics=["kid"])
    assert result.conclusions == ("near is better than far: by kid.",)


@pytest.mark.parametrize("n", [12, 40, 150])
def test_few_texts_of_one_law_are_not_told_apart_by_what_the_extractor_learned_from(n):
    """Along directions learned from the very rows that are compared, these lie within them and new ones outside."""
    syllables = [first + second for first in "bdfgk" for second in "aeiou"]

    def texts(seed):
        draw = np.random.default_rng(seed)
        return [" ".join(draw.choice(syllables, 8)) for _ in range(n)]

    result = evaluate(texts(0), {"same law": texts(1)}, metrics=["kid"], closer=False)
    assert result.of("same law")["kid"].low < 0.05
    assert result.reference.rows == n - n // 4
    assert any("rough" in sentence for sentence in result.cautions) == (n < 30)
