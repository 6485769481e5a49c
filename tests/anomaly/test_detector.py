import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from evalkit.anomaly import AnomalyDetector
from evalkit.backbones.checkpoint import load_state, save_state
from evalkit.core.errors import CancelledError, EvalkitError, InputError, SchemaError, ShapeError
from tests.anomaly.mixed_rows import frame

QUICK = ("nearest", "local_outlier", "conditional")
NEW = frame(80, seed=1)


@pytest.fixture(scope="module")
def detector():
    return AnomalyDetector(members=QUICK, random_state=0).fit(frame(400))


def test_a_row_scores_the_same_alone_as_in_its_table(detector):
    together = detector.anomaly_score(NEW)
    alone = [detector.anomaly_score(NEW.iloc[[i]])[0] for i in range(12)]
    np.testing.assert_allclose(alone, together[:12], rtol=1e-9)
    assert (detector.p_values(NEW.iloc[::-1])[::-1] == detector.p_values(NEW)).all()


def test_the_order_of_the_reference_does_not_matter(detector):
    shuffled = AnomalyDetector(members=QUICK, random_state=0).fit(frame(400).sample(frac=1, random_state=3))
    np.testing.assert_allclose(shuffled.anomaly_score(NEW), detector.anomaly_score(NEW), rtol=1e-9)
    assert (shuffled.p_values(NEW) == detector.p_values(NEW)).all()


def test_the_order_within_one_table_does_not_matter():
    table = frame(300)
    shuffle = np.random.default_rng(0).permutation(300)
    first = AnomalyDetector(members=QUICK).examine_within(table, 0.1).scores
    second = AnomalyDetector(members=QUICK).examine_within(table.iloc[shuffle], 0.1).scores
    for column in ("anomaly_score", "p_value", "reason_1_share"):
        np.testing.assert_allclose(second[column], first[column].iloc[shuffle], rtol=1e-9)
    assert (second["reason_1"].to_numpy() == first["reason_1"].iloc[shuffle].to_numpy()).all()


def test_p_values_of_fresh_normal_rows_are_uniform():
    below = []
    for seed in range(8):
        fitted = AnomalyDetector(members=QUICK, random_state=seed).fit(frame(500, seed=seed))
        below.append((fitted.p_values(frame(500, seed=100 + seed)) <= 0.1).mean())
    assert 0.07 <= np.mean(below) <= 0.13


def test_explanations_add_up_and_reasons_name_the_broken_column(detector):
    broken = NEW.assign(y=NEW["y"] + np.where(np.arange(80) < 10, 9.0, 0.0))
    shares = detector.explain(broken)
    np.testing.assert_allclose(shares.sum(axis=1), detector.anomaly_score(broken), rtol=1e-9)
    detection = detector.examine(broken, fdr=0.2)
    alarms = detection.scores[detection.scores["is_anomaly"]]
    assert set(range(10)) <= set(alarms.index)
    assert (detection.scores.loc[:9, ["reason_1", "reason_2"]] == "y").any(axis=1).all()
    reasons = detection.reasons[(detection.reasons["row"] == 0) & (detection.reasons["column"] == "y")].iloc[0]
    low, high = (float(end) for end in reasons["usual"].split(" – "))
    assert not low <= float(reasons["value"]) <= high
    assert low <= NEW["y"].iloc[0] <= high


def test_detect_is_the_scores_of_examine(detector):
    pd.testing.assert_frame_equal(detector.detect(NEW, fdr=0.1), detector.examine(NEW, fdr=0.1).scores)


def test_signs_are_scikit_learns(detector):
    scores = detector.score_samples(NEW)
    np.testing.assert_array_equal(scores, -detector.anomaly_score(NEW))
    np.testing.assert_allclose(detector.decision_function(NEW), scores - detector.offset_)
    np.testing.assert_array_equal(detector.predict(NEW), np.where(detector.p_values(NEW) <= 0.1, -1, 1))


def test_a_saved_detector_says_the_same(detector, tmp_path):
    save_state(tmp_path / "model", "anomaly_detector", detector.to_state())
    again = AnomalyDetector.from_state(load_state(tmp_path / "model")[1])
    np.testing.assert_allclose(again.anomaly_score(NEW), detector.anomaly_score(NEW), rtol=1e-12)
    assert (again.p_values(NEW) == detector.p_values(NEW)).all()
    assert again.offset_ == pytest.approx(detector.offset_, rel=1e-15)
    assert again.schema_ == detector.schema_


def test_every_sort_of_odd_value_gets_a_finite_score_and_its_column(detector):
    odd = NEW.head(4).astype({"flag": object})
    odd.loc[0, "x"] = 1e300
    odd.loc[1, "y"] = -1.7e308
    odd.loc[2, "colour"] = "never seen"
    odd.loc[3, "x"] = np.nan
    scores = detector.detect(odd)
    assert np.isfinite(scores["anomaly_score"]).all()
    assert scores["reason_1"].tolist() == ["x", "y", "colour", "x"]


def test_missing_and_constant_columns_and_copies_are_no_obstacle():
    table = pd.concat([frame(100), *[frame(1)] * 150]).assign(empty=np.nan, constant=7.0)
    fitted = AnomalyDetector(members=QUICK).fit(table)
    assert np.isfinite(fitted.anomaly_score(table.head(5))).all()
    assert fitted.detect(table.head(1).assign(constant=8.0))["reason_1"].tolist() == ["constant"]


def test_few_rows_fall_back_to_neighbours_and_say_so():
    fitted = AnomalyDetector().fit(frame(60))
    assert fitted.members_ == ("nearest", "nearest_manhattan")
    assert any("too few for" in line for line in fitted.examine(NEW).summary.caution)


def test_cautions_name_copies_samples_and_the_rows_needed(detector):
    seen = detector.examine(frame(400).head(7), fdr=0.05).summary
    assert any("7 rows stand in the reference too" in line for line in seen.caution)
    assert any("1,599 are needed" in line for line in detector.examine(NEW, fdr=0.05).summary.caution)
    long = AnomalyDetector(effort="fast", members=("nearest",)).fit(np.random.default_rng(0).normal(size=(5200, 2)))
    assert any("5,000 of 5,200" in line for line in long.caution_)


@pytest.mark.parametrize(
    ("act", "error", "says"),
    [
        (lambda d: AnomalyDetector().fit(frame(1)), ShapeError, "at least 2 rows"),
        (lambda d: AnomalyDetector().examine_within(frame(10)), ShapeError, "at least 20 rows"),
        (lambda d: AnomalyDetector(members=("nothing",)).fit(frame(30)), InputError, "no member 'nothing'"),
        (lambda d: AnomalyDetector(effort="lots").fit(frame(30)), InputError, "effort"),
        (lambda d: AnomalyDetector(p_threshold=2).fit(frame(30)), InputError, "p_threshold"),
        (lambda d: AnomalyDetector(members=("conditional",)).fit(frame(30)), ShapeError, "none of the members"),
        (lambda d: d.examine(NEW, fdr=0), InputError, "fdr"),
        (lambda d: d.examine(NEW, id_column="no such"), SchemaError, "no such"),
        (lambda d: d.anomaly_score(NEW.drop(columns="y")), SchemaError, "'y'"),
    ],
)
def test_bad_input_gets_one_sentence(detector, act, error, says):
    with pytest.raises(error, match=says) as caught:
        act(detector)
    assert isinstance(caught.value, EvalkitError)
    assert "\n" not in str(caught.value)


def test_nothing_works_before_fit():
    with pytest.raises(NotFittedError):
        AnomalyDetector().anomaly_score(NEW)


def test_the_work_can_be_stopped():
    def stop(step):
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        AnomalyDetector(members=QUICK).fit(frame(250), progress=stop)


def test_scikit_learns_checks_pass_with_none_skipped():
    code = (
        "from sklearn.utils.estimator_checks import check_estimator; from evalkit.anomaly import AnomalyDetector;"
        "r = check_estimator(AnomalyDetector(), on_fail=None, on_skip=None);"
        "print(len(r), [x['check_name'] for x in r if x['status'] != 'passed'])"
    )
    # Without this variable scikit-learn skips its check of array API input, whatever the estimator.
    environment = os.environ | {"SCIPY_ARRAY_API": "1"}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, env=environment, check=True)
    n_checks, others = done.stdout.strip().split(" ", 1)
    assert others == "[]"
    assert int(n_checks) >= 40
