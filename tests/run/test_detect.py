"""The main job on the bundled payments: what is found, why, and that a row's score does not depend on its company."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.bundled import bundled
from evalkit.core.errors import InputError
from evalkit.run.detect import alarms, detect, write_detection
from evalkit.run.models import load_model

PAYMENTS = bundled("data_samples") / "payments.csv"
TRUTH = pd.read_csv(PAYMENTS.with_name("payments_truth.csv")).set_index("payment_id")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tmp_path_factory.mktemp("payments") / "model"


@pytest.fixture(scope="module")
def detection(model):
    return detect(PAYMENTS, save_to=model)


def test_finds_what_was_planted_and_says_why(detection):
    found = alarms(detection)
    planted = [alarm for alarm in found if alarm["id"] in TRUTH.index]
    assert len(planted) >= 54
    assert len(found) - len(planted) <= 0.1 * len(found)
    named = [TRUTH.at[alarm["id"], "column"] in [reason["column"] for reason in alarm["reasons"]] for alarm in planted]
    assert np.mean(named) >= 0.85


def test_the_order_of_the_file_does_not_matter(tmp_path):
    rows = pd.read_csv(PAYMENTS, dtype=str, keep_default_na=False)[::10]
    columns = ["payment_id", "anomaly_score", "p_value", "is_anomaly", "reason_1"]

    def found(frame, name):
        frame.to_csv(tmp_path / name, index=False)
        return detect(tmp_path / name).scores[columns].sort_values("payment_id", ignore_index=True)

    ours, theirs = found(rows, "rows.csv"), found(rows.sample(frac=1, random_state=3), "shuffled.csv")
    np.testing.assert_allclose(theirs["anomaly_score"], ours["anomaly_score"], rtol=1e-9)
    pd.testing.assert_frame_equal(theirs.drop(columns="anomaly_score"), ours.drop(columns="anomaly_score"))


def test_a_saved_model_scores_a_row_alike_in_any_company(detection, model, tmp_path):
    rows = pd.read_csv(PAYMENTS, dtype=str, keep_default_na=False)
    detector = load_model(model)

    def written(frame, name):
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
        result = detect(tmp_path / f"{name}.csv", model=model)
        write_detection(result, out=tmp_path / f"{name}.scores.csv")
        text = pd.read_csv(tmp_path / f"{name}.scores.csv", dtype=str).set_index("payment_id")
        return text[["anomaly_score", "p_value", "reason_1", "reason_1_share"]]

    rows = rows[::25]
    whole = written(rows, "whole")
    shuffled = written(rows.sample(frac=1, random_state=1), "shuffled")
    halves = pd.concat([written(rows[:100], "first"), written(rows[100:], "second")])
    pd.testing.assert_frame_equal(shuffled.loc[whole.index], whole)
    pd.testing.assert_frame_equal(halves, whole)
    for i in range(0, 200, 50):
        alone = written(rows[i : i + 1], "alone")
        pd.testing.assert_frame_equal(alone, whole[i : i + 1])
    together = detector.anomaly_score(tmp_path / "whole.csv")
    np.testing.assert_allclose(whole["anomaly_score"].astype(float), together, rtol=1e-7)


def test_ignored_columns_are_never_a_reason(tmp_path):
    rows = pd.read_csv(PAYMENTS)[:400]
    result = detect(rows, ignore=("fee", "amount"), effort="fast")
    assert not set(result.scores["reason_1"]) & {"fee", "amount"}


def test_an_error_says_which_of_two_tables_it_is_in_before_the_work(monkeypatch):
    def never(*_, **__):
        raise AssertionError("nothing may be fitted")

    monkeypatch.setattr("evalkit.run.detect.AnomalyDetector.fit", never)
    rows = pd.read_csv(PAYMENTS)[:60]
    with pytest.raises(InputError, match=r"^the rows to score: .*'amount'"):
        detect(rows.drop(columns="amount"), reference=rows)
    with pytest.raises(InputError, match=r"^the reference: .*nothing"):
        detect(rows, reference="nothing.csv")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"fdr": 0}, "fdr"),
        ({"model": "m", "reference": PAYMENTS}, "leave out"),
        ({"id_column": "nothing"}, "nothing"),
        ({"ignore": ("nothing",)}, "nothing"),
        ({"effort": "heroic"}, "effort"),
        ({"backbone": "nothing"}, "nothing"),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_work(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        detect(PAYMENTS, **arguments)
