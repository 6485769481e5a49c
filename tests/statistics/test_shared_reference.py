import numpy as np
import pytest

from evalkit.statistics.shared_reference import SharedReference, variance_of_difference


@pytest.mark.parametrize(("shift", "rows"), [(0.0, (60, 60)), (0.1, (60, 60)), (0.0, (60, 30)), (1.0, (40, 80))])
@pytest.mark.parametrize("opposite", [False, True])
def test_equally_far_generators_are_called_different_as_rarely_as_they_should(
    shift: float, rows: tuple[int, int], opposite: bool
) -> None:
    """Squared distances of the means of 8 normals, of one law or on opposite sides; with bounds of Binomial(1500, 0.05)."""
    n, d, told = 60, 8, 0
    draw = np.random.default_rng(0)
    for _ in range(1500):
        reference, *generated = draw.normal(size=(n, d)), *(draw.normal(size=(size, d)) for size in rows)
        generated[0][:, 0] += shift
        generated[1][:, 0] += -shift if opposite else shift
        distances, influences = [], []
        for side in generated:
            away = reference.mean(axis=0) - side.mean(axis=0)
            distances.append(away @ away - d / n - d / len(side))
            influences.append((2 * (reference - reference.mean(axis=0)) @ away, -2 * (side - side.mean(axis=0)) @ away))
        errors = [SharedReference(4 * d / (n * size), d) for size in rows]
        told += abs(distances[0] - distances[1]) > 1.96 * variance_of_difference(*influences, *errors) ** 0.5
    most = 115 if opposite else 100
    assert (30 if rows == (60, 60) else 5) <= told <= most


def test_the_reference_counts_for_means_of_generated_rows_only_where_it_tells_them_apart() -> None:
    draw = np.random.default_rng(0)
    ours, first, second = draw.normal(size=(3, 50))
    of_generated = (first.var(ddof=1) + second.var(ddof=1)) / 50
    error = SharedReference(by_chance=0.01, degrees=4.0, squared=False)
    for scale, counted in ((1.0, 0.0), (1.1, 0.0), (9.0, (8 * ours).var(ddof=1) / 50 - 0.02)):
        found = variance_of_difference((ours, first), (scale * ours, second), error, error)
        assert found == pytest.approx(of_generated + counted)


def test_what_else_a_distance_rests_on_widens_a_difference_of_two() -> None:
    rows, draw = np.arange(10.0), np.random.default_rng(0)
    pair = (rows, draw.normal(size=20)), (rows, draw.normal(size=20))
    plain, more = (variance_of_difference(*pair, *[SharedReference(besides=besides)] * 2) for besides in (0.0, 0.25))
    assert more == pytest.approx(plain + 0.5)


def test_influences_count_as_they_were_before_they_were_scaled() -> None:
    draw = np.random.default_rng(0)
    pair = [(draw.normal(size=30), draw.normal(size=20)) for _ in range(2)]
    plain = SharedReference(by_chance=0.01)
    halves = SharedReference(by_chance=0.01, scales=(0.5, 0.25))
    scaled = [(ours * 0.5, theirs * 0.25) for ours, theirs in pair]
    assert variance_of_difference(*scaled, halves, halves) == pytest.approx(variance_of_difference(*pair, plain, plain))


def called_different(spread: np.ndarray, shift: float, opposite: bool) -> float:
    """Squared distances of the means of 100 normals whose variances are not alike, 4,000 times."""
    n, draw = 100, np.random.default_rng(1)
    degrees, told = float((spread**4).sum() ** 2 / (spread**8).sum()), 0
    for _ in range(4000):
        reference, *generated = (draw.normal(size=(n, len(spread))) * spread for _ in range(3))
        generated[0][:, 0] += shift
        generated[1][:, 0] += -shift if opposite else shift
        ways = [reference.mean(axis=0) - side.mean(axis=0) for side in generated]
        influences = [
            (2 * (reference - reference.mean(axis=0)) @ way, -2 * (side - side.mean(axis=0)) @ way)
            for side, way in zip(generated, ways, strict=True)
        ]
        errors = [SharedReference(4 * float((spread**4).sum()) / n**2, degrees)] * 2
        told += abs(ways[0] @ ways[0] - ways[1] @ ways[1]) > 1.96 * variance_of_difference(*influences, *errors) ** 0.5
    return told / 4000


def test_equal_generators_are_called_different_where_laws_vary_in_two_directions() -> None:
    """They were in 0.1 %, when all counted that they differ by; generators that do differ, equally far, still rarely are."""
    assert 0.02 <= called_different(np.ones(2), 0.0, False) <= 0.05
    assert 0.035 <= called_different(np.ones(2), 1.0, False) <= 0.065
    assert called_different(np.ones(2), 0.2, True) <= 0.1
    assert called_different(np.ones(2), 0.6, True) <= 0.065


def test_what_the_generators_differ_by_counts_when_chance_would_not_show_it() -> None:
    draw = np.random.default_rng(0)
    reference, rows = draw.normal(size=50), draw.normal(size=40)
    near, far = (reference, rows), (9 * draw.normal(size=50), rows)
    share = [np.var(one, ddof=1) / len(one) for one in (rows, rows, reference - far[0])]
    found = variance_of_difference(near, far, SharedReference(0.01, 2.0), SharedReference(0.01, 2.0))
    assert found == pytest.approx(sum(share) - (1 + 50 * (1 / 4 / 40 + 1 / 4 / 40)) * 0.02)


def test_a_reference_that_is_given_leaves_the_generated_rows() -> None:
    rows = np.random.default_rng(0).normal(size=40)
    found = variance_of_difference((np.zeros(9), rows), (np.zeros(9), rows), SharedReference(0.01), SharedReference(0.01))
    assert found == pytest.approx(2 * np.var(rows, ddof=1) / 40)
