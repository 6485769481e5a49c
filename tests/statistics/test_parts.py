"""The variance from disjoint parts, where it is known; the level of differences in the same parts of the reference."""

import numpy as np
import pytest

from evalkit.core.errors import ShapeError
from evalkit.statistics.influence import Estimate, difference
from evalkit.statistics.parts import Parts, in_parts


def test_the_variance_of_a_difference_of_means():
    """Var(mean x - mean y) = 1 / 300 + 4 / 200; the mean over 30 data sets, whose standard error is 4 %."""
    found = []
    for seed in range(30):
        draw = np.random.default_rng(seed)
        x, y = draw.normal(size=300), 2 * draw.normal(size=200)
        found.append(in_parts(lambda i, j, x=x, y=y: np.array([x[i].mean() - y[j].mean()]), 300, 200, seed=seed).variance[0])
    # Close to the larger of two estimates: a little too large on average.
    assert 0.95 < np.mean(found) / (1 / 300 + 4 / 200) < 1.4


def test_a_figure_that_no_linear_influence_explains():
    """The product of two means that are 0 has variance 1 / (n m), and falls as 1/n²: the larger, quarter, variance is kept."""
    found = []
    for seed in range(30):
        x, y = np.random.default_rng(seed).normal(size=(2, 100))
        found.append(in_parts(lambda i, j, x=x, y=y: np.array([x[i].mean() * y[j].mean()]), 100, 100, seed=seed).variance[0])
    assert 1e-4 < np.mean(found) < 6e-4


@pytest.mark.parametrize(
    ("of_halves", "of_quarters", "variance"),
    [(1.0, 1.05, 1.0), (1.0, 1.32, 1.2), (1.2, 1.0, 1.44), (2.0, 1.0, 3.0), (1.0, 0.0, 1.0)],
    ids=["by chance", "falls", "grows", "grows beyond belief", "unknown"],
)
def test_the_variance_by_that_of_halves_and_of_quarters_at_full_size(of_halves, of_quarters, variance):
    halves, quarters = (np.array([[*count * [0.0], 1.0]]) for count in (1, 3))
    parts = Parts(halves * np.sqrt(of_halves * 4), quarters * np.sqrt(of_quarters * 16), rows=40)
    assert parts.variance == pytest.approx(variance)


def test_a_constant_figure_has_no_variance():
    assert in_parts(lambda i, j: np.array([1.0, 2.0]), 20, 20, seed=0).variance.tolist() == [0.0, 0.0]


def test_parts_are_disjoint_and_the_seed_decides():
    seen = []

    def figures(first, second):
        seen.append((first, second))
        return np.array([first.mean() + second.mean()])

    one = in_parts(figures, 21, 34, seed=3, splits=1).variance
    assert [(len(first), len(second)) for first, second in seen] == [(10, 17)] * 2 + [(5, 8)] * 4
    for parts in (seen[:2], seen[2:]):
        for side in (0, 1):
            rows = np.concatenate([part[side] for part in parts])
            assert len(np.unique(rows)) == len(rows)
    assert one == in_parts(figures, 21, 34, seed=3, splits=1).variance
    with pytest.raises(ShapeError, match="8 rows"):
        in_parts(figures, 7, 34, seed=0)


def _share_beyond_the_largest(reference, generated, seed):
    """Of generated values above the reference's largest: the reference decides most of it, the same for all generators."""

    def figure(ours, theirs):
        return np.array([(generated[theirs] > reference[ours].max()).mean()])

    parts = in_parts(figure, len(reference), len(generated), seed=seed).of(0)
    value, none = float((generated > reference.max()).mean()), np.zeros(2)
    return Estimate(value, "lower", "demo", none, none, float(parts.variance), parts=parts)


def test_a_difference_is_taken_in_the_same_parts_of_the_reference():
    """Of equal generators 5 % are called different: within 4 standard errors of 300. By their own variances nearly none was."""
    found = []
    for seed in range(300):
        draw = np.random.default_rng(seed)
        reference, first, second = draw.random((3, 100))
        pair = [_share_beyond_the_largest(reference[:40], rows * 1.2, seed) for rows in (first, second)]
        found.append(difference(*pair).p_value <= 0.05)
    assert 0.0 < np.mean(found) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)


def test_parts_of_other_reference_rows_do_not_fit():
    """Then each figure's own variance counts."""
    draw = np.random.default_rng(0)
    one, other = (_share_beyond_the_largest(draw.random(n), draw.random(100) * 1.2, 0) for n in (40, 44))
    assert not one.parts.fits(other.parts)
    assert difference(one, other).standard_error ** 2 == pytest.approx(one.variance + other.variance)


def test_the_splits_of_a_side_do_not_depend_on_the_other():
    """So that generators of other sizes are held against the same parts of the reference."""
    few, many = (in_parts(lambda ours, theirs: np.array([ours.sum()]), 40, m, seed=1) for m in (30, 90))
    assert few.fits(many)
    assert not few.less(many).halves.any()


def test_a_share_of_0_in_every_part_is_not_certain():
    """What a single figure is allowed besides counts for a difference too."""
    parts = Parts(np.zeros((3, 2)), np.zeros((3, 4)), 100)
    none = Estimate(0.0, "lower", "demo", np.zeros(100), np.zeros(100), 1e-4, (0.0, 1.0), parts=parts)
    found = difference(none, none)
    assert (found.value, found.p_value) == (0.0, 1.0)
    assert found.standard_error == pytest.approx(np.sqrt(2e-4))


def test_parts_of_rows_in_groups_vary_as_the_groups_do():
    rows = np.repeat([-1.0, 1.0], 50)
    parts = in_parts(lambda ours, theirs: np.array([rows[theirs].mean()]), 100, 100, seed=0).of(0)
    alone, pairs = Estimate(0.5, "lower", "demo", 0 * rows, rows, parts=parts), np.repeat(np.arange(50), 2)
    grouped = alone.grouped(pairs, pairs)
    assert float(grouped.parts.variance) == pytest.approx(float(parts.variance) * grouped.variance / alone.variance)
