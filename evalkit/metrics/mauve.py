"""MAUVE: the area under the curve of the two errors that a generator can make, over clusters of features."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from evalkit.core.seeds import derive_seed, generator
from evalkit.features.principal import principal_components
from evalkit.metrics.pairs import checked_pair
from evalkit.metrics.second_order import Noise, tempering
from evalkit.statistics.influence import Estimate
from evalkit.statistics.shared_reference import SharedReference

Array = NDArray[np.float64]
Clusters = NDArray[np.int64]
Indices = NDArray[np.intp]

_MIXTURES = np.linspace(1e-6, 1 - 1e-6, 25)[:, None]
_SCALE = 5.0
_ROWS_A_CLUSTER, _FEWEST = 10, 20
_VARIANCE_KEPT = 0.9
# So much of it is enough to look for the components of a half in.
_VARIANCE_SEEN = 0.99
_HALVINGS, _MOST_STEPS = 5, 500
# How much of the variance between clusterings their mean has, for the clusters that other rows would have made; none at equality.
_OF_OTHER_ROWS = 0.2
_SEEDS = 2**31


class Area(NamedTuple):
    """An area with the influences behind it.

    Attributes:
        value: the area.
        reference: (n,) influences of each reference row, mean 0.
        generated: (m,) of each generated row.
        bends: (3, k) how far the area is from straight when two rows of a cluster are left out: both of the reference, both
            generated, one of either.
    """

    value: float
    reference: Array
    generated: Array
    bends: Array


def divergence_area(reference: Array, generated: Array, *, scale: float = _SCALE) -> float:
    """Area under the divergence curve: 1 where two laws are equal, near 0 where they share no cell.

    For a mixture R of both, exp(-scale KL(generated | R)) falls with what is generated and is not real, exp(-scale KL(reference |
    R)) with what is real and is not generated. The curve runs through these two for 25 mixtures, and from (0, 1) to (1, 0).

    Args:
        reference: (k,) shares, >= 0, sum 1.
        generated: (k,) shares.
        scale: the larger, the less is left where the laws differ, > 0.

    Source: Pillutla et al., NeurIPS 2021; mixtures evenly from 1e-6 to 1 - 1e-6.

    >>> round(divergence_area(np.array([0.5, 0.5]), np.array([0.75, 0.25])), 4)
    0.941
    """
    return float(_area(_divergences(reference, generated).sum(axis=-1), scale))


def _divergences(reference: Array, generated: Array) -> Array:
    """Each cell's part of the divergence of the generated law and of the reference from 25 mixtures, (2, 25, k)."""
    mixtures = _MIXTURES * reference + (1 - _MIXTURES) * generated
    return np.stack([rel_entr(generated, mixtures), rel_entr(reference, mixtures)])


def _area(divergences: Array, scale: float) -> Array:
    """Of each curve, from (2, 25, …) to (…,)."""
    # From 0 to 1: the more of the generated law a mixture holds, the smaller its divergence.
    odd, lost = np.exp(-scale * divergences)[:, ::-1]
    zero, one = np.zeros_like(odd[:1]), np.ones_like(odd[:1])
    return np.asarray(np.trapezoid(np.concatenate([one, lost, zero]), np.concatenate([zero, odd, one]), axis=0))


@dataclass(frozen=True)
class Mauve:
    """MAUVE, 0 to 1, of rows in clusters; see :func:`divergence_area`.

    Both samples together are reduced to the principal components that hold 90 % of their variance, and clustered by k-means into a
    tenth as many clusters as the smaller sample has rows. A single clustering leaves the figure to chance, of k-means and of the
    rows that made the clusters. So ten are made, each by half of the rows, and all rows are told apart by each: the figure is the
    mean of ten areas. ``mauve_star`` adds one half to the rows of each cluster on either side, which takes away part of the bias.

    Equal laws do not give 1, since each cluster holds few rows; the figure depends on the numbers of rows, the features and the
    scale. Compare generators by it that were measured alike, beside held-out real rows. It sees what moves rows between clusters.
    The intervals are of the expectation with so many rows (jackknife, and the spread of clusterings), by the logarithm of what
    lacks to 1, which errs in proportion to itself. Close to equality each cluster's influence is mostly what chance made of its
    few rows, and the area errs half as much as such influences say: they lose half of that noise, as those of squared distances
    do (:func:`~evalkit.metrics.second_order.tempered`), and so does the spread. That other rows would have made other clusters is
    in them by a share of that spread, the larger the farther from equality, which was found by simulation.

    Attributes:
        unit_length: divide each row by its length first, as is usual for the features of language models, which have a meaning by
            their direction only. The mauve-text package always does so.

    Source: Pillutla et al., NeurIPS 2021; Pillutla et al., Journal of Machine Learning Research 24 (2023), for ``mauve_star``
    (there with Krichevsky-Trofimov smoothing).

    >>> draw = np.random.default_rng(0)
    >>> real, near, far = draw.normal(size=(200, 2)), draw.normal(size=(200, 2)), draw.normal(2, 1, size=(200, 2))
    >>> [bool(Mauve().estimates(real, rows, seed=0)["mauve"].value > 0.8) for rows in (near, far)]
    [True, False]
    """

    unit_length: bool = False

    def estimates(self, reference: Array, generated: Array, *, seed: int) -> Mapping[str, Estimate]:
        """``mauve`` and ``mauve_star``.

        Raises:
            ShapeError: fewer than 20 rows a side, or other features than the reference's.
            InputError: a feature is missing, infinite or huge.
        """
        ours, theirs = checked_pair(reference, generated, what="MAUVE", fewest=_FEWEST)
        k = min(len(ours), len(theirs)) // _ROWS_A_CLUSTER
        if self.unit_length:
            ours, theirs = map(_of_unit_length, (ours, theirs))
        found = list(_clusterings(ours, theirs, k, seed))
        return {name: _estimate(found, k, added) for name, added in (("mauve", 0.0), ("mauve_star", 0.5))}


def area_of_clusters(reference: Clusters, generated: Clusters, k: int, *, added: float) -> Area:
    """The area from each row's cluster, with the influence of each row by leaving it out.

    Args:
        reference: (n,) clusters 0 … k - 1, n > 2.
        generated: (m,) likewise, m > 2.
        k: clusters.
        added: to the rows of each cluster on either side, >= 0.

    >>> round(area_of_clusters(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), 2, added=0.0).value, 4)
    0.941
    """
    ours, theirs = (np.bincount(side, minlength=k).astype(np.float64) + added for side in (reference, generated))

    def without(real: int, made: int) -> Array:
        """The areas without so many rows of each cluster, (k,); of a cluster with fewer, it has no meaning."""
        n, m = ours.sum() - real, theirs.sum() - made
        others, own = (
            _divergences(*sides)
            for sides in ((ours / n, theirs / m), (np.maximum(ours - real, added) / n, np.maximum(theirs - made, added) / m))
        )
        return _area(others.sum(axis=-1, keepdims=True) - others + own, _SCALE)

    whole, without_real, without_made = without(0, 0), without(1, 0), without(0, 1)
    bends = np.stack(
        [
            whole - 2 * without_real + without(2, 0),
            whole - 2 * without_made + without(0, 2),
            whole - without_real - without_made + without(1, 1),
        ]
    )
    areas = without_real[reference], without_made[generated]
    influences = [(len(side) - 1) * (side.mean() - side) for side in areas]
    return Area(divergence_area(ours / ours.sum(), theirs / theirs.sum()), influences[0], influences[1], bends)


def noise_of_mean(areas: Sequence[Area], found: Sequence[tuple[Clusters, Clusters]]) -> Noise:
    """What the influences on the mean area of several clusterings owe to chance.

    A row's influence depends on the other rows of its cluster, by as much as the area bends: over all pairs of rows, the mean
    bend of the clusterings that have the pair in one cluster, squared. Of Poisson counts that is right on average.

    Args:
        areas: of each clustering.
        found: the clusters of the reference's and of the generated rows, in each clustering.
    """
    sums, k = np.zeros(3), areas[0].bends.shape[1]
    for first, (real, made) in zip(areas, found, strict=True):
        for second, (also_real, also_made) in zip(areas, found, strict=True):
            # So many rows are in one cluster here and in another there.
            (ours, n), (theirs, m) = (
                np.unique(one * k + other, return_counts=True) for one, other in ((real, also_real), (made, also_made))
            )
            both, i, j = np.intersect1d(ours, theirs, assume_unique=True, return_indices=True)
            pairs = (ours, n * (n - 1)), (theirs, m * (m - 1)), (both, n[i] * m[j])
            sums += [
                one @ np.bincount(cells // k, counts * other[cells % k], minlength=k)
                for one, (cells, counts), other in zip(first.bends, pairs, second.bends, strict=True)
            ]
    reference, generated, shared = (sums / len(areas) ** 2).tolist()
    return Noise(reference, generated, shared, float(np.mean([*map(_degrees, areas, found)])))


def _degrees(area: Area, found: tuple[Clusters, Clusters]) -> float:
    """In how many clusters the influences' noise is, about."""
    of_cluster = area.bends[2] ** 2 * np.multiply(*(np.bincount(side, minlength=area.bends.shape[1]) for side in found))
    return float(of_cluster.sum() ** 2 / (of_cluster**2).sum()) if of_cluster.any() else 1.0


def clusters(rows: Array, half: Indices, k: int, *, seed: int) -> Clusters:
    """Each row's cluster, (n,), by the k-means of some rows; fewer than k where fewer of them differ.

    Args:
        rows: (n, d).
        half: which rows the principal components and the centres are of.
        k: clusters.
        seed: of the first centres.
    """
    scores = _components(rows, rows[half], _VARIANCE_KEPT) if rows.shape[1] else rows
    if scores.shape[1] == 0:
        return np.zeros(len(rows), dtype=np.int64)
    with threadpool_limits(1), warnings.catch_warnings():  # sums of several threads differ in their last digit from run to run
        warnings.simplefilter("ignore", ConvergenceWarning)  # of fewer different rows than clusters
        means = KMeans(k, n_init=1, max_iter=_MOST_STEPS, random_state=seed).fit(scores[half])
        return np.asarray(means.predict(scores), dtype=np.int64)


def _clusterings(reference: Array, generated: Array, k: int, seed: int) -> Iterator[tuple[Clusters, Clusters]]:
    """Each row's cluster by the rows of one half and of the other, of several ways to halve both sides."""
    n, both = len(reference), np.concatenate([reference, generated])
    rows = _components(both, both, _VARIANCE_SEEN)
    # In the order of the values, so that the rows' order does not choose the halves.
    ours, theirs = np.lexsort(reference.T), n + np.lexsort(generated.T)
    for i in range(_HALVINGS):
        mixed = (generator(seed, "mauve", side, i).permutation(order) for side, order in enumerate((ours, theirs)))
        for j, half in enumerate(zip(*(np.array_split(side, 2) for side in mixed), strict=True)):
            found = clusters(rows, np.concatenate(half), k, seed=derive_seed(seed, "mauve", i, j) % _SEEDS)
            yield found[:n], found[n:]


def _components(rows: Array, of: Array, share: float) -> Array:
    """Rows along the principal components of some that hold such a share of their variance."""
    mean, directions = principal_components(of, min(of.shape))
    held = np.cumsum((((of - mean) @ directions.T) ** 2).sum(axis=0))
    return (rows - mean) @ directions[: int((held < share * held[-1:]).sum()) + 1].T


def _of_unit_length(rows: Array) -> Array:
    lengths = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    return rows / np.where(lengths > 0, lengths, 1.0)


def _estimate(found: list[tuple[Clusters, Clusters]], k: int, added: float) -> Estimate:
    areas = [area_of_clusters(*sides, k, added=added) for sides in found]
    noise, values = noise_of_mean(areas, found), np.array([area.value for area in areas])
    sides = np.mean([area.reference for area in areas], axis=0), np.mean([area.generated for area in areas], axis=0)
    raw = [float(rows.var(ddof=1)) / len(rows) for rows in sides]
    scales = tempering(raw[0], noise.reference + noise.shared), tempering(raw[1], noise.generated + noise.shared)
    kept = sum(size * scale**2 for size, scale in zip(raw, scales, strict=True)) / sum(raw) if any(raw) else 1.0
    method = (
        f"{k} clusters of principal components, mean over {len(areas)} clusterings by half of the rows; jackknife and spread of "
        f"clusterings, less half their noise; the interval is of the expectation with {len(sides[0])} reference and "
        f"{len(sides[1])} generated rows"
    )
    return Estimate(
        float(values.mean().clip(0, 1)),
        "higher",
        method,
        sides[0] * scales[0],
        sides[1] * scales[1],
        float(values.var(ddof=1)) * (kept / len(values) + (2 * kept - 1) * _OF_OTHER_ROWS),
        (0.0, 1.0),
        short_of=1.0,
        # Equal generators share the reference's halves, and of what else clusters differ in the influences have enough.
        pair=SharedReference(noise.shared, noise.degrees, 0.0, scales),
    )
