"""What a known variance makes of influences."""

import numpy as np
import pytest

from evalkit.statistics.splitting import calibrated, learning_influences, share_variance_floor


def test_shares_of_0_and_1_are_not_certain():
    assert share_variance_floor(0.0, 100) == pytest.approx(share_variance_floor(1.0, 100))
    assert share_variance_floor(0.0, 100) > 0
    assert share_variance_floor(0.5, 10**6) == pytest.approx(0.25e-6, rel=1e-3)


@pytest.mark.parametrize("variance", [0.0, 0.01, 0.05, 3.0])
@pytest.mark.parametrize("empty", [(), (0,), (1,), (0, 1)])
def test_calibrated_influences_add_up_to_the_variance(variance, empty):
    own, across = (
        np.zeros(50) if side in empty else np.random.default_rng(side).normal(size=50) * scale for side, scale in ((0, 1), (1, 7))
    )
    first, second, further = calibrated(own, across, variance)
    assert further + (first.var(ddof=1) + second.var(ddof=1)) / 50 == pytest.approx(variance)


def test_what_the_asked_rows_move_by_chance_is_not_the_learning():
    """Models that learned the mean of rows of variance 1, 100 of them, asked about rows of variance 1 as well."""
    draw, found = np.random.default_rng(0), []
    for seed in range(100):
        known, asked = draw.normal(size=100), draw.normal(1, 1, size=200)

        def figure(rows, known=known, asked=asked):
            of_asked = known[rows].mean() * asked
            return of_asked.mean(), of_asked - of_asked.mean()

        found.append(learning_influences(figure, np.arange(100), 100, seed=seed, splits=3).var(ddof=1))
    assert np.mean(found) == pytest.approx(1, abs=0.15)


def test_models_that_say_the_same_learned_nothing_from_the_rows():
    assert not learning_influences(lambda _: (1.0, np.arange(3.0) - 1), np.arange(10), 10, seed=0, splits=2).any()
