import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.compare.alarms import SHARE_TO_HERE, at_fdr, most_anomalous_first, reasons_of, row_name
from evalkit.core.errors import InputError


def test_its_own_share_changes_nothing(make_detection):
    detection = make_detection()
    assert at_fdr(detection, detection.summary.fdr) is detection


def test_there_and_back_again(make_detection):
    detection = make_detection(n_odd=30)
    back = at_fdr(at_fdr(detection, 0.5), detection.summary.fdr)
    pd.testing.assert_frame_equal(back.scores, detection.scores)
    assert back.summary.model_dump(exclude={"n_calibration_needed"}) == detection.summary.model_dump(
        exclude={"n_calibration_needed"}
    )


@given(st.floats(0.001, 0.5), st.floats(0.001, 0.5))
def test_a_larger_share_flags_no_row_less(make_detection, one, other):
    detection = make_detection()
    few, many = (at_fdr(detection, share).scores["is_anomaly"] for share in sorted((one, other)))
    assert (many | ~few).all()


def test_summary_and_flags_agree_at_another_share(make_detection):
    moved = at_fdr(make_detection(n_odd=40), 0.2)
    flagged = moved.scores[moved.scores["is_anomaly"]]
    assert moved.summary.n_alarms == len(flagged)
    assert moved.summary.threshold_p == flagged["p_value"].max()
    assert moved.summary.threshold_score == flagged["anomaly_score"].min()
    assert moved.summary.expected_false == pytest.approx(0.2 * len(flagged))
    assert moved.summary.finding.startswith(f"{len(flagged)} of ")


def test_without_an_alarm_there_is_no_threshold_score(make_detection):
    moved = at_fdr(make_detection(n_odd=0), 0.01)
    assert moved.summary.n_alarms == 0
    assert moved.summary.threshold_score is None
    assert moved.summary.threshold_p == 0.01 / 2000


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, 5.0])
def test_a_share_outside_its_range_is_refused(make_detection, share):
    with pytest.raises(InputError, match="between 0 and 1"):
        at_fdr(make_detection(), share)


def test_alarms_come_in_order_with_the_share_down_to_each(make_detection):
    detection = make_detection()
    table = most_anomalous_first(detection)
    assert len(table) == detection.summary.n_alarms
    assert (np.diff(table["p_value"]) >= 0).all()
    assert (np.diff(table[SHARE_TO_HERE]) >= 0).all()
    # Cutting the table at a row's own share flags exactly the rows down to it.
    share = table[SHARE_TO_HERE].iloc[4]
    assert at_fdr(detection, share).scores["is_anomaly"].sum() == (table[SHARE_TO_HERE] <= share).sum()


def test_the_nearest_five_stand_in_for_alarms(make_detection):
    assert len(most_anomalous_first(make_detection(n_odd=0))) == 5


def test_reasons_of_one_row_are_largest_first_and_whole(make_detection):
    detection = make_detection()
    row = int(most_anomalous_first(detection).index[0])
    reasons = reasons_of(detection, row)
    assert reasons["share"].is_monotonic_decreasing
    assert reasons["share"].sum() == pytest.approx(1)
    assert reasons["column"].iloc[0] == detection.scores["reason_1"].iloc[row]
    assert reasons_of(detection, int(most_anomalous_first(at_fdr(detection, 0.99)).index[-1])).empty


def test_a_row_is_called_by_its_id(make_detection):
    assert row_name(make_detection(n_odd=0), 7) == "pay-00007"
