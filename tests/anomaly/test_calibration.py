import numpy as np
import pytest

from evalkit.anomaly.calibration import Calibration

SCORES = np.random.default_rng(0).exponential(size=500)


@pytest.mark.parametrize("modelled", [False, True])
@pytest.mark.parametrize("p", [0.01, 0.05, 0.1, 0.3])
def test_rows_above_score_at_have_p_values_up_to_p(modelled, p):
    calibration = Calibration(SCORES, modelled)
    threshold = calibration.score_at(p)
    probes = np.concatenate([SCORES, np.linspace(0, 12, 997)])
    p_values = calibration.p_values(probes)
    assert (p_values[probes > threshold] <= p * 1.02).all()
    assert (p_values[probes < threshold * 0.98] > p * 0.98).all()


def test_clean_ranks_stop_at_one_over_n_plus_one_and_a_modelled_tail_goes_on():
    far = np.array([60.0])
    assert Calibration(SCORES, modelled=False).p_values(far)[0] == pytest.approx(1 / 501)
    assert Calibration(SCORES, modelled=True).p_values(far)[0] < 1e-15


@pytest.mark.parametrize("modelled", [False, True])
def test_state_round_trip(modelled):
    calibration = Calibration(SCORES, modelled)
    again = Calibration.from_state(calibration.to_state())
    assert (again.p_values(SCORES) == calibration.p_values(SCORES)).all()
