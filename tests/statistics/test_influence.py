import math

import numpy as np
import pytest
from scipy import stats

from evalkit.core.errors import InputError, ShapeError
from evalkit.statistics.influence import Estimate, difference
from evalkit.statistics.shared_reference import SharedReference, variance_of_difference


def of_means(reference, generated, **settings):
    """The difference of two means, whose influences are known."""
    value = float(generated.mean() - reference.mean())
    return Estimate(value, "lower", "means", reference.mean() - reference, generated - generated.mean(), **settings)


def test_the_interval_of_a_difference_of_means_is_welchs_with_normal_quantiles():
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=80), draw.normal(1, 3, size=50)
    value, low, high = of_means(first, second).interval()
    error = np.sqrt(first.var(ddof=1) / 80 + second.var(ddof=1) / 50)
    np.testing.assert_allclose([value, low, high], second.mean() - first.mean() + error * stats.norm.ppf([0.5, 0.025, 0.975]))


def test_what_lacks_to_the_best_has_the_interval_of_its_logarithm():
    rows = np.array([-1.0, 1.0] * 50)
    error = 1 / math.sqrt(99)
    near = Estimate(0.7, "higher", "demo", 0 * rows, rows, range=(-9.0, 1.0), short_of=1.0).interval()
    factor = math.exp(1.959964 * error / 0.3)
    np.testing.assert_allclose(near, [0.7, 1 - 0.3 * factor, 1 - 0.3 / factor])
    best = Estimate(1.0, "higher", "demo", 0 * rows, rows, range=(-9.0, 1.0), short_of=1.0).interval()
    np.testing.assert_allclose(best, [1.0, 1 - 1.959964 * error, 1.0])


def test_two_generators_are_compared_without_what_the_reference_adds():
    draw = np.random.default_rng(1)
    reference = draw.normal(0, 10, size=60)
    one, other = draw.normal(size=40), draw.normal(0.3, 1, size=30)
    found = difference(of_means(reference, one), of_means(reference, other))
    welch = stats.ttest_ind(one, other, equal_var=False)
    assert found.value == pytest.approx(one.mean() - other.mean())
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(welch.statistic)))


def test_paired_rows_are_compared_row_by_row():
    draw = np.random.default_rng(2)
    reference, shared = draw.normal(size=60), draw.normal(0, 5, size=40)
    one, other = shared + draw.normal(size=40), shared + draw.normal(size=40)
    found = difference(of_means(reference, one), of_means(reference, other), paired=True)
    assert found.standard_error == pytest.approx(stats.sem(one - other))


def test_intervals_hold_and_equal_generators_are_told_apart_one_time_in_twenty():
    covered, told, runs = 0, 0, 1000
    draw = np.random.default_rng(3)
    for _ in range(runs):
        reference, one, other = draw.normal(size=200), draw.normal(0.5, 2, size=150), draw.normal(0.5, 2, size=150)
        first, second = of_means(reference, one), of_means(reference, other)
        low, high = first.interval()[1:]
        covered += low <= 0.5 <= high
        told += difference(first, second).p_value <= 0.05
    tolerance = 4 * np.sqrt(0.05 * 0.95 / runs)
    assert covered / runs == pytest.approx(0.95, abs=tolerance)
    assert told / runs == pytest.approx(0.05, abs=tolerance)


def test_a_share_has_the_exact_interval_and_that_of_fewer_rows_where_these_come_in_groups():
    groups = np.repeat(np.arange(30), 10)
    flags = np.random.default_rng(5).random(30)[groups] < 0.2
    share = Estimate(float(flags.mean()), "neither", "demo", np.zeros(50), flags - flags.mean(), share_of=300)
    exact = stats.binomtest(int(flags.sum()), 300).proportion_ci(method="exact")
    assert share.interval()[1:] == pytest.approx((exact.low, exact.high))
    grouped = share.grouped(np.arange(50), groups)
    assert 25 < grouped.share_of < 35
    few = stats.binomtest(int(flags[::10].sum()), 30).proportion_ci(method="exact")
    assert grouped.interval()[1:] == pytest.approx((few.low, few.high), abs=0.02)
    none = Estimate(0.0, "neither", "demo", np.zeros(50), np.zeros(300), share_of=300).grouped(np.arange(50), groups)
    assert none.share_of == 30
    assert none.interval().low == 0 < none.interval().high


def test_rows_of_one_group_count_once():
    draw = np.random.default_rng(4)
    groups = np.repeat(np.arange(30), 10)
    rows = draw.normal(size=30)[groups]
    estimate = Estimate(0.0, "lower", "copies", rows - rows.mean(), rows - rows.mean())
    assert estimate.grouped(groups, groups).variance == pytest.approx(2 * stats.sem(rows[::10]) ** 2)
    alone = np.arange(300)
    assert estimate.grouped(alone, alone).variance == pytest.approx(estimate.variance)


def test_the_interval_of_a_figure_outside_its_range_reaches_into_it():
    """Without its bias a distance may come out below 0 by more than its error, of a sample against itself for one."""
    rows = np.array([-1.0, 1.0] * 50)
    assert Estimate(-3.0, "lower", "distance", rows, rows, range=(0.0, math.inf)).interval()[1:] == (-3.0, 0.0)
    assert Estimate(1.5, "higher", "share", 0 * rows, 0 * rows, range=(0.0, 1.0)).interval()[1:] == (1.0, 1.5)


def test_the_interval_ends_where_the_figure_does():
    rows = np.array([-1.0, 1.0] * 10)
    assert Estimate(0.99, "higher", "share", rows, rows, range=(0.0, 1.0)).interval().high == 1.0


@pytest.mark.parametrize("rows", [np.zeros(1), np.zeros((3, 2)), np.array([0.0, np.nan])])
def test_influences_that_cannot_be_are_refused(rows):
    with pytest.raises(ShapeError, match="influences need"):
        Estimate(0.0, "lower", "demo", rows, np.zeros(3))


@pytest.mark.parametrize("figure", [{"value": np.nan}, {"value": np.inf}, {"value": 0.0, "further_variance": -1.0}])
def test_a_figure_that_is_no_number_is_refused(figure):
    with pytest.raises(InputError, match="a finite value and a finite variance"):
        Estimate(direction="lower", method="demo", reference=np.zeros(3), generated=np.zeros(3), **figure)


def test_figures_of_other_rows_are_not_compared():
    first, second = (Estimate(0.0, "lower", "demo", np.zeros(n), np.zeros(n)) for n in (3, 4))
    with pytest.raises(ShapeError, match="measure both in one run"):
        difference(first, second)


def test_without_any_spread_a_difference_is_certain_and_equality_is_not_denied():
    flat = np.zeros(3)
    first, same, other = (Estimate(value, "lower", "demo", flat, flat) for value in (0.0, 0.0, 1.0))
    assert difference(first, same).p_value == 1.0
    assert difference(first, other).p_value == 0.0


def test_one_group_on_a_side_is_refused():
    estimate = Estimate(0.0, "lower", "demo", np.zeros(3), np.zeros(3))
    with pytest.raises(ShapeError, match="two independent groups"):
        estimate.grouped(np.zeros(3, dtype=np.int64), np.arange(3))
    with pytest.raises(ShapeError, match="a group a row"):
        estimate.grouped(np.arange(2), np.arange(3))


def test_a_figure_may_differ_as_a_squared_distance_does_and_have_the_normal_interval():
    draw, pair = np.random.default_rng(0), SharedReference(0.01, 3.0, besides=0.1)
    reference, rows, others = draw.normal(size=(3, 40))
    first, second, plain = (of_means(reference, side, pair=of) for side, of in ((rows, pair), (others, pair), (rows, None)))
    assert first.interval() == plain.interval()
    expected = variance_of_difference((first.reference, first.generated), (second.reference, second.generated), pair, pair)
    assert difference(first, second).standard_error == pytest.approx(expected**0.5)
    assert difference(first, second, paired=True) == difference(plain, second, paired=True)
    pairs = np.repeat(np.arange(20), 2)
    grouped = first.grouped(pairs, pairs)
    shares = [sum(side.var(ddof=1) / len(side) for side in (one.reference, one.generated)) for one in (first, grouped)]
    assert grouped.pair == SharedReference(0.01 * (shares[1] / shares[0]) ** 2, 3.0, besides=0.1)


@pytest.mark.parametrize("spread", [0.0, 1e-17])
def test_a_difference_of_rounding_is_none(spread):
    rows = spread * np.array([-1.0, 1.0] * 10)
    first, second = (Estimate(value, "lower", "demo", rows, rows) for value in (0.1 + 0.2, 0.3))
    assert difference(first, second, paired=True)[::3] == (0.0, 1.0)
