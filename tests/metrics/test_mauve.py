"""MAUVE: the area by its integral and by double loops, leaving rows out one by one, and generators that invent or drop modes."""

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import beta

from evalkit.core.errors import InputError, ShapeError
from evalkit.metrics.mauve import Mauve, area_of_clusters, clusters, divergence_area, noise_of_mean
from evalkit.metrics.second_order import tempering
from evalkit.statistics.influence import difference
from tests.golden.make_peer_figures_v1 import FILE, mode_rows

GOLDEN = json.loads(FILE.read_text())["mauve"]
SHARES = st.lists(st.integers(0, 5), min_size=4, max_size=4).filter(any)


def law(counts):
    return np.array(counts) / sum(counts)


def divergence(first, second):
    return sum(p * math.log(p / q) for p, q in zip(first, second, strict=True) if p > 0)


def by_loops(p, q, scale):
    points = [(0.0, 1.0)]
    for i in range(25):
        weight = 1 - 1e-6 - i * (1 - 2e-6) / 24
        mixture = [weight * a + (1 - weight) * b for a, b in zip(p, q, strict=True)]
        points.append((math.exp(-scale * divergence(q, mixture)), math.exp(-scale * divergence(p, mixture))))
    points.append((1.0, 0.0))
    return sum((right[0] - left[0]) * (left[1] + right[1]) / 2 for left, right in pairwise(points))


def by_integral(p, q, scale):
    """Of laws that have the same cells, whose curve is smooth."""

    def odd(weight):
        return math.exp(-scale * divergence(q, weight * p + (1 - weight) * q))

    def lost(weight):
        return math.exp(-scale * divergence(p, weight * p + (1 - weight) * q))

    def slope(weight):
        return scale * odd(weight) * float((q * (p - q) / (weight * p + (1 - weight) * q)).sum())

    return odd(1.0) + quad(lambda weight: -lost(weight) * slope(weight), 0, 1)[0]


def modes(seed, n=200, shift=0.0, dropped=0):
    draw = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(0, 4, size=(8, 5))
    return centres[draw.integers(dropped, 8, n)] + draw.normal(shift, 1, size=(n, 5))


def measured(reference, generated, **settings):
    return Mauve(**settings).estimates(reference, generated, seed=0)


@given(p=SHARES, q=SHARES, scale=st.sampled_from([1.0, 5.0]))
def test_equals_the_definition_by_loops_either_way_round(p, q, scale):
    found = divergence_area(law(p), law(q), scale=scale)
    assert found == pytest.approx(by_loops(law(p).tolist(), law(q).tolist(), scale), abs=1e-9)
    assert found == pytest.approx(divergence_area(law(q), law(p), scale=scale), abs=1e-9)
    assert 0 <= found <= 1 + 1e-12


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"shift={case['shift']}")
def test_equals_mauve_text_from_its_own_clusters(case):
    shares = [np.array(case[side]) for side in ("reference", "generated")]
    assert divergence_area(*shares) == pytest.approx(case["mauve"], abs=1e-12)
    first, second = ((share * n + 0.5) / (share * n + 0.5).sum() for share, n in zip(shares, (300, 260), strict=True))
    assert divergence_area(first, second) == pytest.approx(case["mauve_star"], abs=1e-12)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"shift={case['shift']}")
def test_is_that_of_mauve_text_from_features_but_for_the_chance_of_clusterings(case):
    """One of its runs moves by up to a tenth of the figure with the seed of k-means. It gives rows unit length, unasked."""
    theirs, sides = np.array(case["20 seeds"]), mode_rows(case["shift"])
    assert case["buckets"] == min(map(len, sides)) // 10
    ours = np.mean([Mauve(unit_length=True).estimates(*sides, seed=seed)["mauve"].value for seed in range(4)])
    # Four times ten clusterings, by half of the rows each, against twenty.
    assert abs(ours - theirs.mean()) < 4 * theirs.std(ddof=1) * math.sqrt(2 / 20)
    assert theirs.std() > 0.02 * theirs.mean()


@pytest.mark.parametrize("counts", [([1, 1], [3, 1]), ([1, 2, 3, 4], [4, 3, 2, 1]), ([5, 1, 1], [1, 1, 5])])
@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_equals_the_integral(counts, scale):
    p, q = map(law, counts)
    assert divergence_area(p, q, scale=scale) == pytest.approx(by_integral(p, q, scale), abs=1e-3)


@pytest.mark.parametrize("scale", [1.0, 2.0, 5.0])
def test_laws_that_share_no_cell(scale):
    """The points are ((1 - w)^c, w^c), so the area is c B(c + 1, c): 0.5 for c = 1, 0.00397 for c = 5."""
    apart = divergence_area(np.array([1.0, 0.0]), np.array([0.0, 1.0]), scale=scale)
    assert apart == pytest.approx(scale * beta(scale + 1, scale), abs=1e-3)


def test_equal_laws_are_1():
    assert divergence_area(law([1, 2, 3]), law([1, 2, 3])) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("added", [0.0, 0.5])
def test_the_influences_are_those_of_leaving_a_row_out(added):
    draw = np.random.default_rng(0)
    reference, generated = draw.integers(0, 4, 15), draw.integers(1, 5, 12)
    found = area_of_clusters(reference, generated, 6, added=added)

    def area(ours, theirs):
        counts = [np.bincount(side, minlength=6) + added for side in (ours, theirs)]
        return by_loops(*((count / count.sum()).tolist() for count in counts), 5.0)

    without = np.array([area(np.delete(reference, i), generated) for i in range(15)])
    np.testing.assert_allclose(found.reference, 14 * (without.mean() - without), atol=1e-9)
    without = np.array([area(reference, np.delete(generated, i)) for i in range(12)])
    np.testing.assert_allclose(found.generated, 11 * (without.mean() - without), atol=1e-9)


@pytest.mark.parametrize("added", [0.0, 0.5])
def test_the_noise_is_that_of_leaving_pairs_of_rows_out(added):
    """The mean area of two clusterings, and all pairs of rows; a pair that shares no cluster bends it next to nothing."""
    draw = np.random.default_rng(0)
    found = [(draw.integers(0, 3, 20), draw.integers(0, 3, 16)) for _ in range(2)]
    noise = noise_of_mean([area_of_clusters(*sides, 3, added=added) for sides in found], found)

    def bend(one, other):
        """One and other: how many rows of which clusters are left out."""
        total = 0.0
        for (real, made), out, also_out in zip(found, one, other, strict=True):
            if out[1] != also_out[1]:
                continue
            counts = [np.bincount(side, minlength=3) + added for side in (real, made)]
            total += sum(
                sign * without(counts, rows) for sign, rows in ((1, []), (-1, [out]), (-1, [also_out]), (1, [out, also_out]))
            )
        return total / len(found)

    def without(counts, rows):
        counts = [side.copy() for side in counts]
        for side, cluster in rows:
            counts[side][cluster] -= 1
        return by_loops(*((np.maximum(side, 0) / side.sum()).tolist() for side in counts), 5.0)

    def pairs(first, second):
        return sum(
            bend([(first, of[first][i]) for of in found], [(second, of[second][j]) for of in found]) ** 2
            for i in range(len(found[0][first]))
            for j in range(len(found[0][second]))
            if (first, i) != (second, j)
        )

    assert noise.reference == pytest.approx(pairs(0, 0), rel=1e-9)
    assert noise.generated == pytest.approx(pairs(1, 1), rel=1e-9)
    assert noise.shared == pytest.approx(pairs(0, 1), rel=1e-9)


def test_dropped_modes_and_rows_beside_the_modes_are_told_from_real_ones():
    real = modes(0)
    like, dropped, beside = (measured(real, rows) for rows in (modes(1), modes(2, dropped=4), modes(3, shift=2.0)))
    for figure in ("mauve", "mauve_star"):
        assert like[figure].interval().low > max(dropped[figure].interval().high, beside[figure].interval().high)
        assert like[figure].value > 0.9
        assert like[figure].direction == "higher"


def test_the_order_of_the_rows_does_not_count():
    real, made = modes(0), modes(1)
    order = np.random.default_rng(0).permutation(len(made))
    plain, turned = measured(real, made)["mauve"], measured(real[order], made[order])["mauve"]
    assert turned.value == pytest.approx(plain.value, rel=1e-9)
    np.testing.assert_allclose(turned.generated, plain.generated[order], atol=1e-9)


def test_rows_of_unit_length_have_only_a_direction():
    real, made = modes(0), modes(1)
    plain = measured(real, made, unit_length=True)["mauve"].value
    assert measured(real, 3 * made, unit_length=True)["mauve"].value == pytest.approx(plain, rel=1e-6)
    assert measured(real, 3 * made)["mauve"].value < plain


def test_fewer_different_rows_than_clusters():
    two = np.repeat([[0.0], [1.0]], 50, axis=0)
    assert measured(two, two)["mauve"].value == pytest.approx(1)
    assert measured(np.ones((40, 2)), np.ones((40, 2)))["mauve"].value == pytest.approx(1)
    assert len(np.unique(clusters(two, np.arange(100), 10, seed=0))) == 2


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="20 rows"):
        measured(modes(0), modes(1, n=19))
    with pytest.raises(InputError):
        measured(modes(0), modes(1) * np.nan)


@pytest.mark.parametrize("uneven", [0.0, 0.3])
def test_the_error_close_to_equality_is_as_large_as_it_needs_to_be(uneven):
    """Of 30 clusters of ten rows; by the jackknife alone it came out 1.4 times too large where laws are equal."""
    draw, found = np.random.default_rng(0), []
    law = np.exp(uneven * draw.normal(size=30))
    for _ in range(300):
        sides = tuple(np.repeat(np.arange(30), draw.multinomial(300, shares / shares.sum())) for shares in (np.ones(30), law))
        area = area_of_clusters(*sides, 30, added=0.0)
        raw = [float(side.var(ddof=1)) / 300 for side in (area.reference, area.generated)]
        noise = noise_of_mean([area], [sides])
        noises = [own + noise.shared for own in noise[:2]]
        found.append((area.value, sum(one * tempering(one, noise) ** 2 for one, noise in zip(raw, noises, strict=True))))
    values, variances = np.array(found).T
    assert 0.85 < (variances.mean() / values.var()) ** 0.5 < 1.2


def test_equal_generators_are_called_different_in_some_pairs_of_a_hundred():
    """At 10 %: two were, when chance that both generators share counted as theirs."""
    draw, told = np.random.default_rng(0), 0
    for seed in range(100):
        reference, *made = draw.normal(size=(3, 200, 4))
        first, second = (Mauve().estimates(reference, rows, seed=seed)["mauve"] for rows in made)
        told += difference(first, second).p_value <= 0.1
    assert 4 <= told <= 20


def test_the_interval_knows_that_other_rows_make_other_clusters():
    """About separate centres, one of which moves; with clusters of all rows the variance came out less than half of what it is."""
    found = []
    for seed in range(60):
        draw, centres = np.random.default_rng(seed), 3 * np.random.default_rng(32).normal(size=(5, 32))
        real = centres[draw.integers(5, size=100)] + draw.normal(size=(100, 32))
        centres[1] += 0.5
        made = centres[draw.integers(5, size=100)] + draw.normal(size=(100, 32))
        found.append(Mauve().estimates(real, made, seed=seed)["mauve"])
    assert 0.7 < np.mean([one.variance for one in found]) / np.var([one.value for one in found], ddof=1) < 2
