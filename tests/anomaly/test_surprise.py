import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evalkit.anomaly.surprise import Surprise, soft_maximum

SCORES = arrays(np.float64, st.integers(2, 60), elements=st.floats(-1e6, 1e6))


@given(SCORES, st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_higher_scores_are_never_less_surprising(scores, low, step):
    nats = Surprise.fit(scores).of_new(np.array([low, low + step]))
    assert 0 <= nats[0] <= nats[1]


@given(SCORES)
def test_own_scores_average_to_the_surprise_of_ranks(scores):
    own = Surprise.fit(scores).of_own(scores)
    assert (own >= 0).all()
    assert own[scores.argmin()] == 0


def test_below_the_edge_it_is_the_log_of_the_share():
    surprise = Surprise.fit(np.arange(1000.0))
    np.testing.assert_allclose(surprise.of_new(np.array([900.0])), -np.log(101 / 1001))


def test_an_exponential_tail_goes_on_as_it_would_with_more_rows():
    draws = np.random.default_rng(0).exponential(size=20_000)
    nats = Surprise.fit(draws).of_new(np.array([5.0, 7.0]))
    np.testing.assert_allclose(nats, [5.0, 7.0], rtol=0.1)


def test_a_few_anomalies_in_the_reference_do_not_hide_each_other():
    clean = np.random.default_rng(0).exponential(size=2000)
    contaminated = np.concatenate([clean, np.full(20, 30.0)])
    one = np.array([30.0])
    assert Surprise.fit(contaminated).of_new(one) > 0.95 * Surprise.fit(clean).of_new(one)


def test_far_out_grows_with_the_logarithm():
    surprise = Surprise.fit(np.random.default_rng(0).exponential(size=2000))
    near, far = surprise.of_new(np.array([1e3, 1e6]))
    assert 0 < far - near < 1.01 * np.log(1e3)


def test_state_round_trip():
    surprise = Surprise.fit(np.arange(50.0))
    again = Surprise.from_state(surprise.to_state())
    probes = np.linspace(-5, 500, 33)
    assert (again.of_new(probes) == surprise.of_new(probes)).all()


@given(arrays(np.float64, (5, 3), elements=st.floats(0, 700)), st.floats(0.1, 5))
def test_the_soft_maximum_lies_between_mean_and_maximum(surprises, sharpness):
    soft = soft_maximum(surprises, sharpness)
    assert (soft <= surprises.max(axis=1) + 1e-9).all()
    assert (soft >= surprises.mean(axis=1) - 1e-9).all()
