"""One Sample goes through every evaluator that exists to one report. Every part that joins adds its evaluator here."""

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.anomaly.evaluator import DetectorEvaluator
from evalkit.backbones import BACKBONES
from evalkit.compare.evaluation_report import evaluation_html
from evalkit.compare.report import report_html
from evalkit.core.evaluator import gather
from evalkit.core.evidence import Evidence, Failure
from evalkit.run.detect import detect
from evalkit.run.fit import fit
from evalkit.run.models import save
from evalkit.run.rankings import ranking_of, study_comparisons
from evalkit.run.studies import create, keep_evaluation
from evalkit.study import Served, Store, StudyDesign, invite, next_question, vote
from evalkit.study.findings import add_findings, findings_of
from evalkit.study.log import found, verify


@pytest.fixture(scope="module")
def sample():
    draw = np.random.default_rng(0)
    size = draw.normal(size=260)
    frame = pd.DataFrame(
        {
            "name": [f"row-{i}" for i in range(260)],
            "size": size.round(4),
            "weight": (2 * size + 0.1 * draw.normal(size=260)).round(4),
            "parts": draw.poisson(3, 260),
            "colour": draw.choice(["red", "blue", None], 260),
            "note": draw.choice(["came by post", "was handed over in person", "picked up at the counter"], 260),
        }
    )
    return ek.load(frame)


def evaluators(reference, data):
    return [DetectorEvaluator(reference=reference, data=data, effort="fast")]


@pytest.mark.parametrize("family", [name for name, spec in BACKBONES.items() if "table" in spec.modalities])
def test_one_sample_through_every_backbone_and_every_evaluator(sample, family):
    reference, data = sample.take(np.arange(200)), sample.take(np.arange(200, 260))
    backbone = BACKBONES[family].load()(steps=30, random_state=0).fit(reference)
    generated = backbone.sample(60)
    assert {"size", "weight", "parts", "colour"} <= set(generated.schema.names)
    for rows in (data, generated):
        findings = gather(evaluators(reference, rows), seed=0)
        assert findings
        for finding in findings:
            assert isinstance(finding, Evidence)
            assert finding.low <= finding.value <= finding.high
            assert finding.n == 60
            assert finding.provenance.keys() == {"data", "reference"}
    groups = {"build": ["size", "weight"], "rest": ["colour", "parts", "note"]}
    evaluation = ek.evaluate(reference, {"real": data, family: generated}, slices="colour", column_groups=groups)
    assert len(evaluation.comparisons) > 3
    for finding in evaluation:
        assert isinstance(finding, Evidence), finding
        assert finding.low <= finding.value <= finding.high
        assert finding.provenance.keys() == {"generated", "reference"}
    board = evaluation_html(evaluation)
    assert all(f">{finding.name}<" in board for finding in evaluation)
    assert [look.generator for look in evaluation.looks] == ["real", family]
    assert not any(look.failures for look in evaluation.looks)
    assert board.count("A closer look at") == board.count("The oddest rows") == 2
    assert all(len(look.odd) == 5 and all(row.reasons for row in look.odd) for look in evaluation.looks)
    assert {each.slice for each in evaluation.slices.of("real")} == {"colour = red", "colour = blue", "colour missing"}
    assert "Which parts of the data are missing?" in board
    assert [group.name for group in evaluation.column_groups] == ["build", "rest"]
    assert all(isinstance(each.finding, Evidence) for group in evaluation.column_groups for each in group.measured)
    assert "By groups of columns" in board
    assert all(each.rows_needed for each in evaluation.comparisons if each.low < each.high)
    copying = ek.evaluate(data, {family: generated}, fitted=reference, metrics=[], closer=False)
    assert {finding.name for finding in copying} == {"nearest_share", "closest_record_control", "membership_attack"}
    for finding in copying:
        assert isinstance(finding, Evidence), finding
        assert finding.provenance.keys() == {"fitted", "generated", "reference"}
    assert all(f">{finding.name}<" in evaluation_html(copying) for finding in copying)
    report = report_html(detect(data, reference=reference, effort="fast"))
    assert all(f"{finding.name}" in report for finding in gather(evaluators(reference, data), seed=0))


def test_one_sample_is_asked_about_and_votes_stand_beside_figures(sample, tmp_path):
    """Rows of a generator and real ones go to raters; their votes, figures and alarms meet in one study."""
    address = f"sqlite:///{tmp_path / 'studies.sqlite'}"
    vae = BACKBONES["vae"].load()(steps=30, random_state=0).fit(sample.take(np.arange(130)))
    sides = {"real": sample.take(np.arange(130, 260)), "vae": vae.sample(130)}
    with Store(address) as store:
        create(store, "rows", sides, StudyDesign(question="Which row is real?", votes_per_question=2), items=8)
        for rater in invite(store, "rows", ["Ann", "Bob"]):
            while isinstance(asked := next_question(store, rater.token), Served):
                nearest = [abs(float(output.fields()["weight"]) - 2 * float(output.fields()["size"])) for output in asked.outputs]
                better = "left" if nearest[0] < nearest[1] else "right"
                vote(store, rater.token, asked.assignment, f"vote-{asked.assignment}", {"choice": better})
        keep_evaluation(address, "rows", ek.evaluate(sides["real"], {"vae": sides["vae"]}, metrics=["column_shapes"], closer=False))
        alarms = gather(evaluators(sides["real"], sides["vae"]), seed=0)
        add_findings(store, "rows", "detect", {"vae": alarms})
        board = findings_of(store, "rows")
        assert board.keys() == {("vae", "evaluate"), ("vae", "detect")}
        assert all(isinstance(finding, Evidence) for own in board.values() for finding in own.values())
        voted = study_comparisons(store, "rows")
        assert (len(voted), set(voted["left"]) | set(voted["right"])) == (16, {"real", "vae"})
        ranking = ranking_of(store, "rows", ridge=0.1)
        assert set(ranking.evidence()) == {"real", "vae"}
        with store.reading() as session:
            verify(session, found(session, "rows"))
    save(vae, tmp_path / "model")
    further = {"steps": 5, "start": tmp_path / "model"}
    taught = fit(sample, "vae", tmp_path / "taught", **further, votes="rows", store=address).model
    assert (taught.score(sample) != fit(sample, "vae", tmp_path / "not taught", **further).model.score(sample)).any()


def test_what_cannot_be_evaluated_is_a_failure_in_the_same_list(sample):
    findings = gather([*evaluators(sample, sample.take(np.arange(5))), *evaluators(sample.take(np.arange(1)), sample)], seed=0)
    assert isinstance(findings[0], Evidence)
    assert isinstance(findings[-1], Failure)
    assert "2 rows" in findings[-1].reason
