import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from evalkit.core.errors import InputError, ShapeError
from evalkit.metrics.mmd import (
    GaussianKernelDistance,
    KernelDistance,
    kernel_inception_distance,
    kid_subsets,
    mmd,
    mmd_gaussian,
)
from evalkit.metrics.row_kernels import gaussian, polynomial_about
from evalkit.statistics.influence import difference
from tests.golden.make_moment_metrics import kernel_rows
from tests.golden.make_peer_figures_v1 import FILE

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "moment_metrics.json").read_text())["kid"]


def polynomial(x: np.ndarray, y: np.ndarray) -> float:
    return float((x @ y / len(x) + 1) ** 3)


def by_loops(first: np.ndarray, second: np.ndarray, kernel) -> float:
    n, m = len(first), len(second)
    ours = sum(kernel(first[i], first[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    theirs = sum(kernel(second[i], second[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return ours + theirs - 2 * sum(kernel(x, y) for x in first for y in second) / (n * m)


def two(seed: int = 0, n: int = 17, m: int = 23, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.normal(1, 1, size=(n, d)), draw.gamma(2.0, 0.7, size=(m, d))


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalkit.metrics.mmd._BLOCK_ROWS", 8)


@pytest.mark.parametrize("seed", range(3))
def test_they_are_the_definition(seed: int) -> None:
    first, second = two(seed)
    assert kernel_inception_distance(first, second) == pytest.approx(by_loops(first, second, polynomial), rel=1e-10)
    expected = by_loops(first, second, lambda x, y: np.exp(-((x - y) ** 2).sum() / (2 * 0.7**2)))
    assert mmd_gaussian(first, second, bandwidth=0.7) == pytest.approx(expected, rel=1e-10)


def test_subsets_are_torch_fidelitys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalkit.metrics.mmd._BLOCK_ROWS", 512)
    found = kid_subsets(*kernel_rows(), subsets=GOLDEN["subsets"], subset_size=GOLDEN["subset_size"])
    assert found == pytest.approx((GOLDEN["mean"], GOLDEN["std"]), rel=1e-9)


def test_the_std_over_subsets_is_no_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 16 times the rows torch-fidelity prints no smaller one; the error of equal laws falls as the number of rows."""
    monkeypatch.setattr("evalkit.metrics.mmd._BLOCK_ROWS", 512)
    few, _, many = json.loads(FILE.read_text())["kid_over_subsets"]
    errors = []
    for case in (few, many):
        draw = np.random.RandomState(7)
        sides = [draw.randn(case["n"], 8) for _ in range(2)]
        assert kid_subsets(*sides, subsets=100, subset_size=100)[1] == pytest.approx(case["std"], rel=1e-9)
        errors.append(math.sqrt(KernelDistance().estimates(*sides, seed=0)["kid"].variance))
    assert many["std"] > few["std"]
    assert errors[1] < errors[0] / 8


def test_influences_are_what_leaving_a_row_out_does() -> None:
    """An unbiased estimate without row i is larger by about influence / (n - 1) less."""
    first, second = two(n=60, m=50)
    kernel = polynomial_about(first.mean(axis=0))
    whole = mmd(first - first.mean(axis=0), second - first.mean(axis=0), kernel)
    left_out = np.array([kernel_inception_distance(np.delete(first, i, axis=0), second) for i in range(60)])
    np.testing.assert_allclose((whole.value - left_out) * 59, whole.reference, rtol=0.1, atol=0.05 * abs(whole.reference).max())
    left_out = np.array([kernel_inception_distance(first, np.delete(second, i, axis=0)) for i in range(50)])
    np.testing.assert_allclose((whole.value - left_out) * 49, whole.generated, rtol=0.1, atol=0.05 * abs(whole.generated).max())


def test_noise_is_the_mean_square_of_the_doubly_centred_kernel() -> None:
    """On the population of few points, all pairs drawn: unbiased over samples, so on average over many small ones."""
    points = np.array([[0.0], [1.0], [3.0]])
    kernel = gaussian(1.0)
    whole = kernel(points, points)
    centred = whole - whole.mean(axis=0) - whole.mean(axis=1)[:, None] + whole.mean()
    expected = float((centred**2).mean())
    draw = np.random.default_rng(0)
    n, m, noise = 12, 15, []
    for _ in range(300):
        first, second = points[draw.integers(3, size=n)], points[draw.integers(3, size=m)]
        noise.append(mmd(first, second, kernel).noise[:3])
    np.testing.assert_allclose(np.mean(noise, axis=0), 4 * expected / np.array([n * n, m * m, n * m]), rtol=0.05)


def test_noise_is_that_of_equal_laws() -> None:
    """Half the two sides' noise is the variance of second order, all that there is for equal laws."""
    draw = np.random.default_rng(1)
    found = [mmd(draw.normal(size=(30, 2)), draw.normal(size=(40, 2)), gaussian(1.5)) for _ in range(300)]
    values, said = (
        np.array([one.value for one in found]),
        np.mean([(one.noise[0] + one.noise[1]) / 2 + one.noise[2] for one in found]),
    )
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(300)
    assert said == pytest.approx(values.var(), rel=0.25)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(4, 20), st.integers(4, 20))
def test_laws(seed: int, n: int, m: int) -> None:
    """Symmetric; the Gaussian kernel's is unmoved by common shifts and at most 2; neither depends on the rows' order."""
    first, second = two(seed, n, m)
    for measure in (kernel_inception_distance, lambda x, y: mmd_gaussian(x, y, bandwidth=1.0)):
        assert measure(first, second) == pytest.approx(measure(second, first), rel=1e-9, abs=1e-12)
        assert measure(first[::-1], second) == pytest.approx(measure(first, second), rel=1e-9, abs=1e-12)
    assert mmd_gaussian(first + 7, second + 7, bandwidth=1.0) == pytest.approx(
        mmd_gaussian(first, second, bandwidth=1.0), abs=1e-12
    )
    assert mmd_gaussian(first, second, bandwidth=1.0) <= 2


def test_an_offset_costs_the_polynomial_kernel_no_digits() -> None:
    """In exact arithmetic: 1024 + steps of 1/64. Plain float64 kernel values near 1e18 would leave nothing of the figure."""
    draw = np.random.default_rng(0)
    first, second = (1024 + draw.integers(-9, 10, size=(rows, 2)) / 64 for rows in (6, 7))
    whole = [[[int(value * 64) for value in row] for row in rows] for rows in (first, second)]

    def exact(x: list[int], y: list[int]) -> int:
        return (x[0] * y[0] + x[1] * y[1] + 2 * 64**2) ** 3

    n, m = 6, 7
    ours = sum(exact(x, y) for i, x in enumerate(whole[0]) for j, y in enumerate(whole[0]) if i != j)
    theirs = sum(exact(x, y) for i, x in enumerate(whole[1]) for j, y in enumerate(whole[1]) if i != j)
    across = sum(exact(x, y) for x in whole[0] for y in whole[1])
    shared = n * (n - 1) * m * (m - 1)
    numerator = ours * m * (m - 1) + theirs * n * (n - 1) - 2 * across * (n - 1) * (m - 1)
    assert kernel_inception_distance(first, second) == pytest.approx(numerator / shared / (2 * 64**2) ** 3, rel=1e-9)


@pytest.mark.parametrize("offset", [0.0, 1e4])
@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e15])
def test_products_in_single_precision_give_the_figure_to_seven_digits(scale: float, offset: float) -> None:
    """With many features the estimate rests on float32 products, the plain figure of float64 features on float64 ones."""
    draw = np.random.default_rng(0)
    first, second = (scale * (draw.normal(size=(90, 48)) + offset + shift) for shift in (0.0, 0.3))
    found = KernelDistance().estimates(first, second, seed=0)["kid"]
    assert found.value == pytest.approx(kernel_inception_distance(first, second), rel=1e-6)


@pytest.mark.parametrize("width", [4, 48])
def test_the_plain_figure_of_single_precision_features_is_the_estimates(width: int) -> None:
    draw = np.random.default_rng(0)
    first, second = ((draw.normal(size=(90, width)) + shift).astype(np.float32) for shift in (0.0, 0.3))
    found, plain = KernelDistance().estimates(first, second, seed=0)["kid"].value, kernel_inception_distance(first, second)
    assert found == pytest.approx(plain, rel=1e-12)
    in_double = kernel_inception_distance(first.astype(np.float64), second.astype(np.float64))
    assert (plain == in_double) == (width < 32)
    assert plain == pytest.approx(in_double, rel=1e-6)


@pytest.mark.parametrize("metric", [KernelDistance(), KernelDistance("gaussian")])
def test_intervals_hold_at_equality_and_a_worse_generator_is_worse(metric: KernelDistance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated coverage is in the benchmarks."""
    monkeypatch.setattr("evalkit.metrics.mmd._BLOCK_ROWS", 512)
    held = []
    for seed in range(20):
        draw = np.random.default_rng(seed)
        (estimate,) = metric.estimates(draw.normal(size=(150, 8)), draw.normal(size=(120, 8)), seed=0).values()
        interval = estimate.interval()
        held.append(interval.low <= 0 <= interval.high)
    assert np.mean(held) >= 0.85
    reference, near, far = draw.normal(size=(300, 8)), draw.normal(size=(300, 8)) + 0.1, draw.normal(size=(300, 8)) + 0.6
    first, second = (next(iter(metric.estimates(reference, rows, seed=0).values())) for rows in (near, far))
    assert difference(first, second).p_value < 1e-3
    assert difference(first, second).high < 0


@pytest.mark.parametrize("metric", [KernelDistance(), KernelDistance("gaussian")])
def test_few_rows_are_defined(metric: KernelDistance) -> None:
    (estimate,) = metric.estimates(*two(n=4, m=5, d=30), seed=0).values()
    assert np.isfinite(estimate.interval()).all()


def test_constants_are_defined() -> None:
    found = KernelDistance().estimates(np.ones((5, 2)), np.ones((6, 2)), seed=0)["kid"]
    assert found.value == 0
    assert found.variance == 0
    # (1 + 1)³ + (4 + 1)³ - 2 (2 + 1)³
    assert kernel_inception_distance(np.ones((5, 2)), np.full((6, 2), 2.0)) == pytest.approx(79)


def test_what_cannot_be_had_is_refused() -> None:
    first, second = two()
    with pytest.raises(ShapeError, match="4 rows a side, got 3"):
        KernelDistance().estimates(first[:3], second, seed=0)
    with pytest.raises(ShapeError, match="need 1000 rows a side, got 17 and 23"):
        kid_subsets(first, second)
    for bandwidth in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(InputError, match="positive number"):
            mmd_gaussian(first, second, bandwidth=bandwidth)


def test_a_sample_against_itself_has_no_wild_interval() -> None:
    """Its plug-in figure is 0 but for rounding."""
    first, _ = two(n=40)
    found = GaussianKernelDistance().estimates(first, first, seed=0)["mmd"].interval()
    assert found.low < 0
    assert 0 <= found.high < 0.2


def test_the_bias_is_what_a_row_with_itself_adds() -> None:
    first, second = two(n=9, m=12)
    centre = first.mean(axis=0)
    found = mmd(first - centre, second - centre, gaussian(1.3))
    ours, theirs, across = (
        np.exp(-cdist(x, y, "sqeuclidean") / (2 * 1.3**2)) for x, y in ((first, first), (second, second), (first, second))
    )
    assert found.value + found.bias == pytest.approx(ours.mean() + theirs.mean() - 2 * across.mean(), rel=1e-10)
