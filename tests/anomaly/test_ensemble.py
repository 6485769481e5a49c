import numpy as np

from evalkit.anomaly.ensemble import Ensemble, canonical_order
from tests.anomaly.mixed_rows import encoded

NAMES = ("nearest", "local_outlier", "conditional")
REFERENCE, NEW = encoded(300), encoded(60, seed=1)


def test_the_order_depends_on_content_alone_and_keeps_copies_apart():
    values = np.vstack([REFERENCE.values, np.repeat(REFERENCE.values[:1], 40, axis=0)])
    rows = type(REFERENCE)(values, REFERENCE.features)
    shuffle = np.random.default_rng(0).permutation(len(rows))
    first = rows.values[canonical_order(rows, 0)]
    second = rows.values[shuffle][canonical_order(rows.take(shuffle), 0)]
    np.testing.assert_array_equal(first, second)
    copies = np.flatnonzero((first == values[0]).all(axis=1))
    assert copies.max() - copies.min() > 150  # spread over the order as random rows are
    other_seed = rows.values[canonical_order(rows, 1)]
    assert not np.array_equal(first, other_seed, equal_nan=True)


def test_shares_add_up_to_the_score():
    ensemble = Ensemble.fit(REFERENCE, NAMES, seed=0)
    for shares, scores in ((ensemble.explain(NEW), ensemble.score(NEW)), (ensemble.explain_own(), ensemble.own)):
        assert (shares >= 0).all()
        np.testing.assert_allclose(shares.sum(axis=1), scores, rtol=1e-9, atol=1e-12)


def test_copies_of_a_row_have_one_own_score():
    values = np.vstack([REFERENCE.values, REFERENCE.values[:20]])
    ensemble = Ensemble.fit(type(REFERENCE)(values, REFERENCE.features), NAMES, seed=0)
    np.testing.assert_array_equal(ensemble.own[:20], ensemble.own[-20:])


def test_state_round_trip():
    ensemble = Ensemble.fit(REFERENCE, NAMES, seed=0)
    again = Ensemble.from_state(ensemble.to_state())
    np.testing.assert_allclose(again.score(NEW), ensemble.score(NEW), rtol=1e-12)
    np.testing.assert_array_equal(again.own, ensemble.own)


def test_progress_is_told_and_ends_complete():
    steps = []
    Ensemble.fit(REFERENCE, ("nearest", "conditional"), seed=0, progress=steps.append)
    last = {step.stage: (step.done, step.total) for step in steps}
    assert all(done == total for done, total in last.values())
    assert "fitting the members" in last
