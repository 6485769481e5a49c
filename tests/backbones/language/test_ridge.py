import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from evalkit.backbones.language.ridge import ridge
from evalkit.core.seeds import generator


def test_it_is_scikit_learns_with_the_same_penalties() -> None:
    random = generator(0, "ridge")
    inputs = random.normal(size=(60, 8))
    target = inputs @ random.normal(size=8) + random.normal(size=60)
    slopes, error = ridge(inputs, target)
    theirs = RidgeCV(alphas=10.0 ** np.arange(-2, 5), fit_intercept=False, store_cv_results=True).fit(inputs, target)
    np.testing.assert_allclose(slopes, theirs.coef_, rtol=1e-6)
    assert error == pytest.approx(theirs.cv_results_.mean(axis=0).min())


def test_without_inputs_the_error_is_the_spread() -> None:
    slopes, error = ridge(np.zeros((4, 0)), np.array([1.0, -1.0, 1.0, -1.0]))
    assert slopes.shape == (0,)
    assert error == 1.0


def test_noise_is_given_next_to_no_slope() -> None:
    random = generator(0, "ridge noise")
    slopes, error = ridge(random.normal(size=(30, 25)), random.normal(size=30))
    assert np.abs(slopes).max() < 0.2
    assert error < 2
