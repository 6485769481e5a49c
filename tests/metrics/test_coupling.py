import numpy as np
import pytest
from scipy.linalg import sqrtm

from evalkit.metrics.coupling import Coupling, root


def rows(seed: int, n: int, d: int, scale: float = 1.0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return draw.gamma(3.0, 1.0, size=(n, d)) @ (np.eye(d) + scale * draw.normal(size=(d, d)) / d)


@pytest.mark.parametrize(("n", "m", "d"), [(40, 30, 4), (6, 7, 9), (5, 40, 8)])
def test_both_sides_have_one_diagonal_covariance(n: int, m: int, d: int) -> None:
    coupling = Coupling.of(rows(0, n, d), rows(1, m, d))
    for side in (coupling.reference, coupling.generated):
        np.testing.assert_allclose(np.cov(side.shared, rowvar=False), np.diag(coupling.scale), atol=1e-8)


def test_influences_are_what_a_little_more_weight_on_a_row_does() -> None:
    """By differences: scipy's square root of covariances in which one row weighs a little more."""

    def distance(of_reference: np.ndarray, of_generated: np.ndarray) -> float:
        means = of_reference @ reference, of_generated @ generated
        first, second = (
            (part - mean).T @ np.diag(weights) @ (part - mean) * len(part) / (len(part) - 1)
            for part, mean, weights in zip((reference, generated), means, (of_reference, of_generated), strict=True)
        )
        shared = sqrtm(sqrtm(first) @ second @ sqrtm(first))
        return float(((means[0] - means[1]) ** 2).sum() + np.trace(first + second) - 2 * np.trace(shared).real)

    n, m, d = 40, 30, 4
    reference, generated = rows(0, n, d), rows(1, m, d)
    coupling = Coupling.of(reference, generated)
    equal, step = (np.full(n, 1 / n), np.full(m, 1 / m)), 1e-4
    for row in (0, 3):
        for side, influences in enumerate((coupling.influences(coupling.reference), coupling.influences(coupling.generated))):
            moved = []
            for size in (step, -step):
                weights = [one.copy() for one in equal]
                weights[side] *= 1 - size
                weights[side][row] += size
                moved.append(distance(*weights))
            # The factor n / (n - 1) of the covariance is part of the figure, to first order in 1/n not of the influence.
            assert (moved[0] - moved[1]) / (2 * step) == pytest.approx(influences[row], rel=0.1, abs=0.3)


def test_bias_is_that_of_normal_theory() -> None:
    """Of equal normal laws with identity covariance: d / n + d (d + 1) / (4 n) for each side."""
    n, d = 4000, 6
    draw = np.random.default_rng(0)
    coupling = Coupling.of(draw.normal(size=(n, d)), draw.normal(size=(n, d)))
    assert coupling.bias == pytest.approx(2 * (d + d * (d + 1) / 4) / n, rel=0.05)


def test_products_are_of_centred_rows_and_of_their_weighted_squares() -> None:
    coupling = Coupling.of(rows(0, 40, 3), rows(1, 30, 3))
    here, there = np.array([0, 5]), np.array([2, 3, 4])
    found = coupling.products(coupling.reference, coupling.generated, here, there)
    for i, a in enumerate(here):
        for j, b in enumerate(there):
            expected = float(coupling.reference.rows[a] @ coupling.generated.rows[b])
            y, z = coupling.reference.shared[a], coupling.generated.shared[b]
            for k in range(3):
                for m in range(3):
                    own = coupling.scale[k] if k == m else 0.0
                    weight = 1 / (2 * (coupling.scale[k] + coupling.scale[m]))
                    expected += weight * (y[k] * y[m] - own) * (z[k] * z[m] - own)
            assert found[i, j] == pytest.approx(expected, rel=1e-4)


def test_a_root_has_the_rank_of_its_matrix() -> None:
    half = root(np.array([[4.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 9.0]]))
    assert half.shape == (3, 2)
    np.testing.assert_allclose(half @ half.T, [[4, 2, 0], [2, 1, 0], [0, 0, 9]], atol=1e-12)
    assert root(np.zeros((2, 2))).shape == (2, 0)
