"""The variance from disjoint parts, where it is known."""

import numpy as np
import pytest

from evalkit.core.errors import ShapeError
from evalkit.statistics.splitting import calibrated, share_variance_floor, split_variance


def test_the_variance_of_a_difference_of_means():
    """Var(mean x - mean y) = 1 / 300 + 4 / 200; the mean over 30 data sets, whose standard error is 4 %."""
    found = []
    for seed in range(30):
        draw = np.random.default_rng(seed)
        x, y = draw.normal(size=300), 2 * draw.normal(size=200)
        found.append(split_variance(lambda i, j, x=x, y=y: np.array([x[i].mean() - y[j].mean()]), 300, 200, seed=seed)[0])
    # Never below the larger of two estimates: a little too large on average.
    assert 0.95 < np.mean(found) / (1 / 300 + 4 / 200) < 1.4


def test_a_figure_that_no_linear_influence_explains():
    """The product of two means that are 0 has variance 1 / (n m), and falls as 1/n²: the larger, quarter, variance is kept."""
    found = []
    for seed in range(30):
        x, y = np.random.default_rng(seed).normal(size=(2, 100))
        found.append(split_variance(lambda i, j, x=x, y=y: np.array([x[i].mean() * y[j].mean()]), 100, 100, seed=seed)[0])
    assert 1e-4 < np.mean(found) < 6e-4


def test_a_constant_figure_has_no_variance():
    assert split_variance(lambda i, j: np.array([1.0, 2.0]), 20, 20, seed=0).tolist() == [0.0, 0.0]


def test_parts_are_disjoint_and_the_seed_decides():
    seen = []

    def figures(first, second):
        seen.append((first, second))
        return np.array([first.mean() + second.mean()])

    one = split_variance(figures, 21, 34, seed=3, splits=1)
    assert [(len(first), len(second)) for first, second in seen] == [(10, 17)] * 2 + [(5, 8)] * 4
    for parts in (seen[:2], seen[2:]):
        for side in (0, 1):
            rows = np.concatenate([part[side] for part in parts])
            assert len(np.unique(rows)) == len(rows)
    assert one == split_variance(figures, 21, 34, seed=3, splits=1)
    with pytest.raises(ShapeError, match="8 rows"):
        split_variance(figures, 7, 34, seed=0)


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
