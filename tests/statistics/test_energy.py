import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from evalkit.core.errors import ShapeError
from evalkit.statistics.energy import energy_scores


def scores(rows: np.ndarray, draws: np.ndarray) -> np.ndarray:
    return energy_scores(cdist(rows, draws), cdist(draws, draws))


def test_in_one_dimension_it_is_the_continuous_ranked_probability_score() -> None:
    """CRPS of a standard normal at 0 is (sqrt(2) - 1) / sqrt(pi): Gneiting and Raftery 2007, equation 21."""
    draws = np.random.default_rng(0).normal(size=(4000, 1))
    assert scores(np.zeros((1, 1)), draws)[0] == pytest.approx((np.sqrt(2) - 1) / np.sqrt(np.pi), abs=0.01)


@given(st.integers(0, 20), st.sampled_from(["moved", "wide", "narrow"]))
def test_the_truth_scores_lowest(seed: int, how: str) -> None:
    draw = np.random.default_rng(seed)
    rows, truth = draw.normal(size=(300, 3)), draw.normal(size=(300, 3))
    other = {"moved": truth + 0.7, "wide": 2 * truth, "narrow": 0.4 * truth}[how]
    assert scores(rows, truth).mean() < scores(rows, other).mean()


def test_a_row_has_its_own_score() -> None:
    draw = np.random.default_rng(0)
    rows, draws = draw.normal(size=(5, 2)), draw.normal(size=(7, 2))
    np.testing.assert_allclose(scores(rows, draws)[2], scores(rows[2:3], draws)[0], rtol=1e-12)


@pytest.mark.parametrize(("first", "second"), [((3, 2), (3, 3)), ((3, 1), (1, 1)), ((3,), (3, 3)), ((3, 3), (3, 2))])
def test_distances_that_do_not_fit_are_refused(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="energy scores"):
        energy_scores(np.zeros(first), np.zeros(second))
