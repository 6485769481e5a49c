import numpy as np
import pytest

from evalkit.core.errors import InputError, ShapeError
from evalkit.statistics.tails import BulkTail

DRAW = np.random.default_rng(0)


def test_p_values_of_an_exponential_law_are_its_survival_function():
    tail = BulkTail.fit(DRAW.exponential(size=20_000))
    scores = np.array([0.5, 2.0, 5.0, 9.0])
    np.testing.assert_allclose(np.log(tail.p_values(scores)), -scores, rtol=0.06, atol=0.02)


def test_anomalies_beyond_the_edge_do_not_stretch_the_tail():
    clean = DRAW.exponential(size=5000)
    contaminated = np.concatenate([clean, np.full(100, 40.0)])
    assert BulkTail.fit(contaminated).rate == pytest.approx(BulkTail.fit(clean).rate, rel=0.1)
    assert BulkTail.fit(contaminated).p_values(np.array([40.0]))[0] < 1e-9


def test_p_values_fall_with_the_score_and_stay_in_range():
    tail = BulkTail.fit(DRAW.gamma(3.0, size=500))
    p = tail.p_values(np.linspace(-10, 2000, 5001))
    assert (np.diff(p) <= 0).all()
    assert p.min() > 0
    assert p.max() == 1


def test_last_bits_do_not_change_a_p_value():
    scores = np.round(DRAW.exponential(size=200), 2)
    tail = BulkTail.fit(scores)
    np.testing.assert_allclose(tail.p_values(scores * (1 + 1e-13)), tail.p_values(scores), rtol=1e-10)


def test_the_order_of_the_scores_does_not_matter():
    scores = DRAW.exponential(size=300)
    first, second = BulkTail.fit(scores), BulkTail.fit(scores[::-1])
    assert (first.edge, first.n) == (second.edge, second.n)
    assert first.rate == pytest.approx(second.rate, rel=1e-12)


@pytest.mark.parametrize("p", [0.5, 0.1, 0.03, 1e-6])
def test_score_at_inverts_p_values(p):
    tail = BulkTail.fit(DRAW.exponential(size=2000))
    assert tail.p_values(np.array([tail.score_at(p)]))[0] == pytest.approx(p, rel=0.01)


def test_equal_scores_have_no_tail_and_no_alarm():
    assert BulkTail.fit(np.ones(50)).p_values(np.ones(1))[0] == 1


def test_too_few_or_unusable_scores_are_refused():
    with pytest.raises(ShapeError, match="at least 20"):
        BulkTail.fit(np.ones(5))
    with pytest.raises(InputError, match="finite"):
        BulkTail.fit(np.array([np.nan] * 30))
