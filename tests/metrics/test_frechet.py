import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from evalkit.core.errors import InputError, ShapeError
from evalkit.metrics.frechet import Frechet, covariance_root, frechet_distance, frechet_distance_of_rows
from evalkit.metrics.moments import Moments
from evalkit.statistics.influence import difference
from tests.golden.make_moment_metrics import frechet_rows
from tests.golden.make_peer_figures_v1 import FILE, wide_rows

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "moment_metrics.json").read_text())


def given_moments(mean: np.ndarray, covariance: np.ndarray, n: int = 1001) -> Moments:
    return Moments(n, mean, covariance * (n - 1))


def test_equal_covariances_leave_the_means() -> None:
    """pytorch-fid, tests/test_fid_score.py: mean 0 against 1, identity covariances: as much as there are features."""
    first, second = (given_moments(np.full(256, value), np.eye(256)) for value in (0.0, 1.0))
    assert frechet_distance(first, second) == pytest.approx(256, abs=1e-9)


def test_statistics_of_constant_images() -> None:
    """pytorch-fid, tests/test_fid_score.py: images of 0, 0.5 and 1 have mean 0.5 and covariance 0.25 everywhere."""
    moments = Moments.of(np.array([[0.0], [0.5], [1.0]]) * np.ones(5))
    np.testing.assert_allclose(moments.mean, 0.5)
    np.testing.assert_allclose(moments.covariance, 0.25)
    assert frechet_distance(moments, moments) == pytest.approx(0, abs=1e-12)


def test_a_constant_sample_against_three_rows() -> None:
    """MONAI, tests/metrics/test_compute_fid_metric.py: 4/9."""
    first, second = [[1.0, 2.0]] * 3, [[2.0, 2.0], [1.0, 2.0], [1.0, 2.0]]
    for value in (frechet_distance(Moments.of(first), Moments.of(second)), frechet_distance_of_rows(second, first)):
        assert value == pytest.approx(4 / 9, rel=1e-12)


@pytest.mark.parametrize("one", GOLDEN["frechet"], ids=lambda one: f"{one['rows']}x{one['width']}")
def test_it_is_torch_fidelitys(one: dict[str, float]) -> None:
    """To the five places of its own test where covariances are singular: there its general eigenvalues carry rounding."""
    first, second = frechet_rows(int(one["rows"]), int(one["width"]))
    tolerance = 1e-9 if one["rows"] > one["width"] else 1e-5
    assert frechet_distance(Moments.of(first), Moments.of(second)) == pytest.approx(one["value"], rel=tolerance, abs=tolerance)
    assert frechet_distance_of_rows(first, second) == pytest.approx(one["value"], rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("one", json.loads(FILE.read_text())["frechet"], ids=lambda one: f"d={one['width']}")
def test_it_is_torchmetrics_and_torch_fidelitys_of_wide_features(one: dict[str, float]) -> None:
    """With fewer rows than features theirs carry the rounding of some 2,000 roots of eigenvalues that are 0; ours does not.

    The shared part is the sum of the singular values of one side's rows times the other's, which holds no such roots.
    """
    first, second = wide_rows(int(one["width"]))
    ours = frechet_distance_of_rows(first, second)
    tolerance = 1e-9 if len(first) > one["width"] else 1e-5
    for name in ("torchmetrics", "torch_fidelity"):
        assert ours == pytest.approx(one[name], rel=tolerance)
    sides = [side - side.mean(axis=0) for side in (first, second)]
    sizes = len(first) - 1, len(second) - 1
    shared = np.linalg.svd(sides[0] @ sides[1].T, compute_uv=False).sum() / np.sqrt(sizes[0] * sizes[1])
    spread = sum((side**2).sum() / size for side, size in zip(sides, sizes, strict=True))
    exact = ((first.mean(axis=0) - second.mean(axis=0)) ** 2).sum() + spread - 2 * shared
    assert ours == pytest.approx(exact, rel=1e-12)


def test_a_value_seen_elsewhere() -> None:
    first, second = frechet_rows(64, 16)
    assert frechet_distance(Moments.of(first), Moments.of(second)) == pytest.approx(2.5895579182255375, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_definition(seed: int) -> None:
    draw = np.random.default_rng(seed)
    first, second = (draw.normal(size=(60, 8)) @ draw.normal(size=(8, 8)) + draw.normal(size=8) for _ in range(2))
    covariances = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    shared = np.trace(sqrtm(covariances[0] @ covariances[1])).real
    expected = ((first.mean(axis=0) - second.mean(axis=0)) ** 2).sum() + np.trace(sum(covariances)) - 2 * shared
    reference = Moments.of(first)
    assert frechet_distance(reference, Moments.of(second)) == pytest.approx(expected, rel=1e-9)
    half = covariance_root(reference)
    assert frechet_distance(reference, Moments.of(second), reference_root=half) == pytest.approx(expected, rel=1e-9)


def test_features_of_very_unequal_variance_are_not_taken_for_rounding() -> None:
    """Variances from 1 to 1e-9 on both sides, turned: the products of variances lie far below what float64 resolves."""
    draw = np.random.default_rng(0)
    ours, theirs = np.logspace(0, -9, 40), np.logspace(0, -9, 40) * draw.uniform(0.5, 2, 40)
    turn = np.linalg.qr(draw.normal(size=(40, 40)))[0]
    first, second = (given_moments(np.zeros(40), turn @ np.diag(one) @ turn.T) for one in (ours, theirs))
    expected = (ours + theirs - 2 * np.sqrt(ours * theirs)).sum()
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-7)
    rows = np.linalg.qr(draw.normal(size=(400, 41)) + np.eye(400, 41))[0][:, 1:]
    rows = (rows - rows.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(rows, rowvar=False))).T
    of_rows = frechet_distance_of_rows(rows * np.sqrt(ours) @ turn.T, rows * np.sqrt(theirs) @ turn.T)
    assert of_rows == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("n", "m", "d"), [(5, 7, 20), (20, 7, 20), (7, 60, 20), (21, 22, 20), (20, 20, 20), (2, 2, 3)])
def test_rows_and_moments_agree(n: int, m: int, d: int) -> None:
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=(n, d)), 2 * draw.normal(size=(m, d)) + 1
    assert frechet_distance_of_rows(first, second) == pytest.approx(
        frechet_distance(Moments.of(first), Moments.of(second)), rel=1e-9
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(4, 30), st.integers(1, 10))
def test_laws(seed: int, n: int, d: int) -> None:
    """Symmetric, 0 at equality, unmoved by common shifts and rotations, multiplied by the square of a common factor."""
    draw = np.random.default_rng(seed)
    first, second, turn = draw.normal(size=(n, d)), draw.exponential(size=(n + 3, d)), np.linalg.qr(draw.normal(size=(d, d)))[0]
    value = frechet_distance_of_rows(first, second)
    assert frechet_distance_of_rows(second, first) == pytest.approx(value, rel=1e-7)
    assert frechet_distance_of_rows(first @ turn + 5, second @ turn + 5) == pytest.approx(value, rel=1e-7)
    assert frechet_distance_of_rows(3 * first, 3 * second) == pytest.approx(9 * value, rel=1e-7)
    assert frechet_distance_of_rows(first, first) == pytest.approx(0, abs=1e-7 * d)


def test_an_offset_changes_nothing() -> None:
    draw = np.random.default_rng(0)
    first, second = 0.1 * draw.normal(size=(800, 8)), 0.11 * draw.normal(size=(800, 8))
    plain, shifted = (Frechet().estimates(first + by, second + by, seed=0)["frechet"] for by in (0.0, 1024.0))
    assert shifted.value == pytest.approx(plain.value, rel=1e-6)
    np.testing.assert_allclose(shifted.generated, plain.generated, rtol=1e-5, atol=1e-9)


def test_the_bias_is_taken_out_and_the_interval_holds() -> None:
    """Of equal laws: 0 on average. The interval must hold 0; simulated coverage is in the benchmarks."""
    values, plain, held = [], [], []
    for seed in range(20):
        draw = np.random.default_rng(seed)
        both = Frechet().estimates(draw.normal(size=(200, 16)), draw.normal(size=(150, 16)), seed=seed)
        values.append(both["frechet"].value)
        plain.append(both["frechet_plain"].value)
        interval = both["frechet"].interval()
        held.append(interval.low <= 0 <= interval.high)
    assert np.mean(plain) > 0.8
    assert abs(np.mean(values)) < 0.1 * np.mean(plain)
    assert np.mean(held) >= 0.85


def test_the_error_is_known_where_rows_are_few_for_the_features() -> None:
    """Products of rows that the coordinates were fitted to are too small: alone they fall short of the bound."""
    found = []
    for seed in range(80):
        draw = np.random.default_rng(seed)
        sides = draw.normal(size=(2, 120, 24))
        found.append(Frechet().estimates(*sides, seed=seed)["frechet_plain"])
    known = np.mean([one.squared.noise for one in found if one.squared])
    assert 0.69 < known / np.var([one.value for one in found], ddof=1) < 1.5


@pytest.mark.parametrize("rows_over_features", [0.5, 1.0])
def test_with_fewer_rows_than_features_the_interval_says_that_little_is_known(rows_over_features: float) -> None:
    """Much of the bias is left in there."""
    held = []
    for seed in range(20):
        sides = np.random.default_rng(seed).normal(size=(2, int(48 * rows_over_features), 48))
        interval = Frechet().estimates(*sides, seed=seed)["frechet"].interval()
        held.append(interval.low <= 0 <= interval.high)
    assert np.mean(held) >= 0.85


def test_the_order_of_the_rows_changes_no_figure() -> None:
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=(80, 4)), draw.normal(size=(60, 4))
    values = [Frechet().estimates(*sides, seed=3)["frechet"].value for sides in ((first, second), (first[::-1], second[::-1]))]
    assert values[1] == pytest.approx(values[0], rel=1e-9)


def test_the_chance_of_the_splits_is_in_the_interval() -> None:
    """Of the same rows, other splits: what the bias may have left is next to nothing where features are few."""
    sides = np.random.default_rng(0).normal(size=(2, 400, 4))
    found = [Frechet().without_bias(*sides, seed=seed) for seed in range(60)]
    assert 0.5 < np.mean([one.chance for one in found]) / np.var([one.value for one in found], ddof=1) < 2


def test_plain_is_the_plug_in_figure_and_shares_the_influences() -> None:
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=(40, 3)), draw.normal(size=(50, 3)) + 1
    both = Frechet().estimates(first, second, seed=0)
    assert both["frechet_plain"].value == pytest.approx(frechet_distance_of_rows(first, second), rel=1e-12)
    np.testing.assert_array_equal(both["frechet"].generated, both["frechet_plain"].generated)
    assert "bias is left in" in both["frechet_plain"].method


def test_a_worse_generator_is_worse() -> None:
    draw = np.random.default_rng(0)
    reference, near, far = draw.normal(size=(300, 4)), draw.normal(size=(300, 4)) + 0.1, draw.normal(size=(300, 4)) + 0.5
    estimates = [Frechet().estimates(reference, rows, seed=0)["frechet"] for rows in (near, far)]
    found = difference(*estimates)
    assert found.high < 0
    assert found.p_value < 1e-3


def test_a_worse_generator_is_told_with_two_rows_a_feature_and_an_equal_one_is_not() -> None:
    """What is left of the bias there is large beside the error, and the same for both."""
    worse, equal = 0, 0
    for seed in range(10):
        reference, first, second = np.random.default_rng(seed).normal(size=(3, 96, 48))
        one, other, far = (Frechet().estimates(reference, rows, seed=seed)["frechet"] for rows in (first, second, second * 1.25))
        worse += difference(one, far).p_value <= 0.05
        equal += difference(one, other).p_value <= 0.05
    assert worse >= 8
    assert equal <= 3


def test_the_rows_to_blame_are_the_strange_ones() -> None:
    draw = np.random.default_rng(0)
    generated = draw.normal(size=(300, 4))
    generated[:10] += 4
    influences = Frechet().estimates(draw.normal(size=(300, 4)), generated, seed=0)["frechet"].generated
    assert set(np.argsort(-influences)[:10]) == set(range(10))


def test_the_same_seed_repeats() -> None:
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=(100, 4)), draw.normal(size=(120, 4))
    estimates = [Frechet().estimates(first, second, seed=3)["frechet"] for _ in range(2)]
    assert estimates[0].value == estimates[1].value
    assert estimates[0].interval() == estimates[1].interval()


@pytest.mark.parametrize(("n", "m", "d"), [(4, 4, 1), (5, 9, 30), (50, 5, 12)])
def test_few_rows_are_defined(n: int, m: int, d: int) -> None:
    draw = np.random.default_rng(0)
    for estimate in Frechet().estimates(draw.normal(size=(n, d)), draw.normal(size=(m, d)), seed=0).values():
        assert np.isfinite(estimate.interval()).all()
        assert estimate.variance > 0


def test_constants_are_defined() -> None:
    ones, varied = np.ones((6, 3)), np.random.default_rng(0).normal(size=(6, 3))
    both = Frechet().estimates(ones, ones + 1, seed=0)
    assert both["frechet"].value == pytest.approx(3)
    assert both["frechet"].variance == 0
    for pair in ((ones, varied), (varied, ones)):
        plain = Frechet().estimates(*pair, seed=0)["frechet_plain"]
        assert plain.value == pytest.approx(((varied.mean(axis=0) - 1) ** 2).sum() + np.trace(np.cov(varied, rowvar=False)))
        assert plain.variance > 0


def test_what_cannot_be_had_is_refused() -> None:
    rows = np.ones((5, 2))
    with pytest.raises(ShapeError, match="4 rows a side, got 3 and 5"):
        Frechet().estimates(rows[:3], rows, seed=0)
    with pytest.raises(ShapeError, match="same features, got 2 and 1"):
        frechet_distance(Moments.of(rows), Moments.of(rows[:, :1]))
    with pytest.raises(ShapeError, match="two rows or more"):
        frechet_distance(Moments.of(rows), Moments.of(rows[:1]))
    with pytest.raises(InputError, match="splits"):
        Frechet(splits=1)
