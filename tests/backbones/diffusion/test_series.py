import numpy as np
import pytest

from evalkit.backbones.diffusion import Diffusion
from evalkit.core.errors import ModelError
from tests.backbones.mixed_rows import mixed_rows
from tests.backbones.waves import waves


@pytest.fixture(scope="module")
def model() -> Diffusion:
    return Diffusion(steps=600, width=48, depth=2).fit_rows(waves(400))


def test_drawn_windows_go_on_as_the_given_ones_do(model: Diffusion) -> None:
    given, drawn = waves(400).values, model.sample_rows(400).values
    for lag in (1, 3, 5):
        kinship = [np.corrcoef(values[:, 0, 0], values[:, lag, 0])[0, 1] for values in (given, drawn)]
        assert kinship[1] == pytest.approx(kinship[0], abs=0.15)
    assert np.mean(drawn[:, :, 2][drawn[:, :, 0] > 0.7]) > 0.7
    assert np.mean(drawn[:, :, 2][drawn[:, :, 0] < 0.3]) < 0.15
    assert np.isnan(drawn[:, :, 1]).mean() == pytest.approx(0.05, abs=0.03)


def test_a_spoiled_step_is_found(model: Diffusion) -> None:
    given = waves(40, seed=3)
    spoiled = given.take(np.arange(40))
    spoiled.values[:, 6, 0] *= -1
    clear = np.abs(given.values[:, 6, 0]) > 0.6
    more = model.score_rows(spoiled) - model.score_rows(given)
    assert np.mean(more[clear] > 0) > 0.9
    shares = (model.terms_rows(spoiled) - model.terms_rows(given)).reshape(40, 12, 3)
    assert np.mean(shares.sum(axis=2)[clear].argmax(axis=1) == 6) > 0.6


def test_reconstructed_windows_lie_where_they_were(model: Diffusion) -> None:
    given = waves(20, seed=4)
    back = model.reconstruct_rows(given)
    np.testing.assert_array_equal(back.starts, given.starts)
    assert np.corrcoef(back.values[:, :, 0].ravel(), given.values[:, :, 0].ravel())[0, 1] > 0.8


def test_a_plan_of_other_features_is_refused(model: Diffusion) -> None:
    state = Diffusion(steps=2, width=8, depth=1).fit_rows(mixed_rows(30)).to_state()
    with pytest.raises(ModelError):
        Diffusion.from_state({**model.to_state(), "network": state["network"]})
