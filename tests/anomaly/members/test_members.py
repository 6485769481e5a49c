"""Laws that every member of the catalogue obeys."""

import functools

import numpy as np
import pytest

from evalkit.anomaly.members import MEMBERS, Reference, Training
from evalkit.anomaly.spaces import Spaces
from tests.anomaly.mixed_rows import encoded

REFERENCE = encoded(240)
NEW = encoded(40, seed=1)


@functools.cache
def fitted(name):
    rows = REFERENCE
    training = Training(
        rows, Spaces(rows), np.arange(len(rows)) % 3, seed=0, effort=0.1 if MEMBERS[name].module == "backbone" else 1.0
    )
    return MEMBERS[name].load().fit(training)


@pytest.mark.parametrize("name", MEMBERS)
def test_scores_are_finite_and_functions_of_their_row_alone(name):
    together = fitted(name).score(NEW)
    assert np.isfinite(together).all()
    alone = np.concatenate([fitted(name).score(NEW.take([i])) for i in range(8)])
    np.testing.assert_allclose(alone, together[:8], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", MEMBERS)
def test_own_scores_are_like_new_rows_scores(name):
    own, new = fitted(name).score(REFERENCE, own=True), fitted(name).score(encoded(240, seed=2))
    # The same law: the medians lie well inside each other's quartiles.
    assert np.quantile(own, 0.25) < np.median(new) < np.quantile(own, 0.75)


@pytest.mark.parametrize("name", MEMBERS)
def test_a_far_row_scores_higher_than_every_reference_row(name):
    far = NEW.values[:1].copy()
    far[0, 0] += 1e4
    rows = type(NEW)(far, NEW.features)
    assert fitted(name).score(rows)[0] > np.quantile(fitted(name).score(REFERENCE, own=True), 0.98)


@pytest.mark.parametrize("name", MEMBERS)
def test_contributions_are_not_negative_and_point_to_the_planted_column(name):
    planted = NEW.values.copy()
    planted[:, 1] += 30.0
    contributions = fitted(name).contributions(type(NEW)(planted, NEW.features))
    assert contributions.shape == (len(NEW), len(NEW.columns))
    assert (contributions >= 0).all()
    among_two = np.argsort(-contributions, axis=1)[:, :2] == NEW.columns.index("y")
    assert among_two.any(axis=1).mean() > 0.9
    assert (fitted(name).contributions(REFERENCE, own=True) >= 0).all()


@pytest.mark.parametrize("name", MEMBERS)
def test_state_round_trip(name):
    reference = Reference(REFERENCE, Spaces(REFERENCE))
    again = MEMBERS[name].load().from_state(fitted(name).to_state(), reference)
    np.testing.assert_allclose(again.score(NEW), fitted(name).score(NEW), rtol=1e-9)
    np.testing.assert_allclose(again.contributions(NEW), fitted(name).contributions(NEW), rtol=1e-9, atol=1e-12)
