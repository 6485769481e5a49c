import numpy as np
import pytest

from tests.benchmarks.backbone_series import ranked_probability


def test_the_score_of_a_single_guess_is_its_error():
    np.testing.assert_allclose(ranked_probability(np.full((1, 2, 1), 3.0), np.array([[1.0], [3.0]])), [[2.0], [0.0]])


def test_the_score_is_the_mean_miss_less_half_the_mean_distance_among_draws():
    random = np.random.default_rng(0)
    paths, came = random.normal(size=(7, 3, 2)), random.normal(size=(3, 2))
    apart = np.abs(paths[:, None] - paths[None]).sum(axis=(0, 1)) / (7 * 6)
    np.testing.assert_allclose(ranked_probability(paths, came), np.abs(paths - came).mean(axis=0) - apart / 2)


def test_nobody_scores_lower_on_average_than_who_knows_the_distribution():
    random = np.random.default_rng(1)
    came = random.normal(size=(4000, 1))
    right, narrow, off = (
        ranked_probability(random.normal(at, width, size=(500, 1, 1)), came).mean() for at, width in ((0, 1), (0, 0.3), (1, 1))
    )
    assert right < min(narrow, off)
    assert right == pytest.approx(1 / np.sqrt(np.pi), abs=0.03)
