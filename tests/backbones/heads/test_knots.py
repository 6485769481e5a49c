import numpy as np
import pytest

from evalkit.backbones.heads.knots import Knots
from evalkit.core.errors import ShapeError


def test_shares_below_and_up_to_each_value() -> None:
    knots = Knots.fit(np.array([[3.0], [1.0], [3.0], [np.nan], [9.0]]))
    assert knots.values.tolist() == [1.0, 3.0, 9.0]
    assert knots.below.tolist() == [0.0, 0.25, 0.75]
    assert knots.above.tolist() == [0.25, 0.75, 1.0]
    assert knots.atoms.tolist() == [False, True, False]


def test_many_values_are_thinned_and_ends_and_atoms_stay() -> None:
    values = np.concatenate([np.random.default_rng(0).normal(size=5000), np.full(300, 0.5), [-77.0, 88.0]])
    knots = Knots.fit(values[:, None])
    assert 200 < len(knots.values) <= 260
    assert {-77.0, 0.5, 88.0} <= set(knots.values.tolist())
    assert knots.atoms.sum() == 1
    assert (np.diff(knots.values) > 0).all()
    assert np.diff(knots.below).max() < 0.08


def test_knots_of_single_features() -> None:
    knots = Knots.fit(np.array([[1.0, np.nan], [2.0, np.nan]]))
    first, second = knots.of([0, 1])
    assert first.values.tolist() == [1.0, 2.0]
    assert second.values.tolist() == [0.0]
    with pytest.raises(ShapeError):
        Knots.from_state({**knots.to_state(), "counts": np.array([3, 1])})
