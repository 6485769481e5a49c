import numpy as np
from scipy.stats import multivariate_normal
from sklearn.neighbors import LocalOutlierFactor

from evalkit.anomaly.members import Training
from evalkit.anomaly.members.local_gaussian import _gaussian
from evalkit.anomaly.members.local_outlier import LocalOutlier
from evalkit.anomaly.spaces import Spaces
from evalkit.data.rows import Feature, Rows

DRAW = np.random.default_rng(0)


def rows(values):
    return Rows(values, tuple(Feature(column=f"c{i}", name=f"c{i}", kind="number") for i in range(values.shape[1])))


def training(values):
    reference = rows(values)
    return Training(reference, Spaces(reference), np.arange(len(values)) % 3, seed=0)


def test_local_gaussian_is_the_log_density_of_the_neighbours_gaussian():
    # scipy's density, with the covariance that the docstring describes.
    points, neighbours, floor = DRAW.normal(size=(4, 3)), DRAW.normal(size=(4, 20, 3)), 1e-3
    scores, whitened = _gaussian(points, neighbours, floor)
    for i in range(4):
        covariance = np.cov(neighbours[i].T, bias=True)
        covariance += (0.3 * np.trace(covariance) / 3 + floor) * np.eye(3)
        density = multivariate_normal(neighbours[i].mean(axis=0), covariance).logpdf(points[i])
        np.testing.assert_allclose(scores[i], -2 * density - 3 * np.log(2 * np.pi))
        deviation = points[i] - neighbours[i].mean(axis=0)
        np.testing.assert_allclose((whitened[i] ** 2).sum(), deviation @ np.linalg.solve(covariance, deviation))


def test_local_gaussian_of_identical_neighbours_is_finite():
    scores, _ = _gaussian(np.ones((1, 3)), np.zeros((1, 20, 3)), 1e-6)
    assert np.isfinite(scores).all()


def test_local_outlier_is_the_log_of_scikit_learns_factor():
    values = DRAW.normal(size=(300, 3))
    member = LocalOutlier.fit(training(values))
    factor = LocalOutlierFactor(5).fit(member.points).negative_outlier_factor_
    order = np.lexsort(member.spaces.transform(rows(values), "standard").T[::-1])
    np.testing.assert_allclose(member.score(rows(values), own=True)[order], np.log(-factor), atol=1e-6)


def test_copies_do_not_make_local_outlier_explode():
    values = np.vstack([DRAW.normal(size=(200, 2)), np.zeros((50, 2))])
    member = LocalOutlier.fit(training(values))
    assert np.abs(member.score(rows(values + 1e-9))).max() < 25
