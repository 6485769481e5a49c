"""MAUVE: the area under the curve of the two errors that a generator can make, over clusters of features."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from evalkit.core.seeds import derive_seed
from evalkit.features.principal import principal_components
from evalkit.metrics.pairs import checked_pair
from evalkit.metrics.second_order import Noise, tempering
from evalkit.statistics.influence import Estimate
from evalkit.statistics.shared_reference import SharedReference

Array = NDArray[np.float64]
Clusters = NDArray[np.int64]

_MIXTURES = np.linspace(1e-6, 1 - 1e-6, 25)[:, None]
_SCALE = 5.0
_ROWS_A_CLUSTER, _FEWEST = 10, 20
_VARIANCE_KEPT = 0.9
_CLUSTERINGS, _MOST_STEPS = 5, 500
_SEEDS = 2**31
# In divergence: the area's slopes by differences.
_STEP = 1e-6


class Area(NamedTuple):
    """An area with the influences behind it.

    Attributes:
        value: the area.
        reference: (n,) of each reference row, mean 0.
        generated: (m,) of each generated row.
        noise: of the influences.
    """

    value: float
    reference: Array
    generated: Array
    noise: Noise


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
    tenth as many clusters as the smaller sample has rows. A single clustering leaves the figure to chance; so the mean over five is
    taken, and their spread is part of the error. ``mauve_star`` adds one half to the rows of each cluster on either side, which
    takes away part of the bias.

    Equal laws do not give 1, since each cluster holds few rows; the figure depends on the numbers of rows, the features and the
    scale. Compare generators by it that were measured alike, beside held-out real rows. It sees what moves rows between clusters.
    The intervals are of the expectation with so many rows (jackknife, and the spread of clusterings). Close to equality each
    cluster's influence is mostly what chance made of its few rows, and the area errs half as much as such influences say: they lose
    half of that noise, as those of squared distances do (:func:`~evalkit.metrics.second_order.tempered`).

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
        n = len(ours)
        k = min(n, len(theirs)) // _ROWS_A_CLUSTER
        scores = _reduced(np.concatenate([ours, theirs]), self.unit_length)
        found = [clusters(scores, k, seed=derive_seed(seed, "mauve", i) % _SEEDS) for i in range(_CLUSTERINGS)]
        return {
            name: _estimate([area_of_clusters(of[:n], of[n:], k, added=added) for of in found], k, scores.shape[1])
            for name, added in (("mauve", 0.0), ("mauve_star", 0.5))
        }


def area_of_clusters(reference: Clusters, generated: Clusters, k: int, *, added: float) -> Area:
    """The area from each row's cluster, with the influence of each row by leaving it out.

    Args:
        reference: (n,) clusters 0 … k - 1.
        generated: (m,) likewise.
        k: clusters.
        added: to the rows of each cluster on either side, >= 0.

    >>> round(area_of_clusters(np.array([0, 1]), np.array([0, 0, 0, 1]), 2, added=0.0).value, 4)
    0.941
    """
    ours, theirs = (np.bincount(side, minlength=k).astype(np.float64) + added for side in (reference, generated))
    real, made = ours / ours.sum(), theirs / theirs.sum()
    without_real = _without_one(ours, added, lambda shares: _divergences(shares, made))
    without_made = _without_one(theirs, added, lambda shares: _divergences(real, shares))
    influences = []
    for areas in (without_real[reference], without_made[generated]):
        influences.append((len(areas) - 1) * (areas.mean() - areas))
    return Area(divergence_area(real, made), influences[0], influences[1], _noise(real, made, ours.sum(), theirs.sum()))


def _noise(real: Array, made: Array, n: float, m: float) -> Noise:
    """From the second derivatives of the area by each cluster's shares, whose variances are those of Poisson counts."""
    divergences = _divergences(real, made).sum(axis=-1)
    steps = _STEP * np.eye(divergences.size).reshape(*divergences.shape, -1)
    slopes = (_area(divergences[..., None] + steps, _SCALE) - _area(divergences[..., None] - steps, _SCALE)) / (2 * _STEP)
    odd, lost = slopes.reshape(*divergences.shape, 1)
    mixed = _MIXTURES * real + (1 - _MIXTURES) * made
    mixed = np.where(mixed > 0, mixed, 1.0)
    first, second, root = _MIXTURES * real / mixed, (1 - _MIXTURES) * made / mixed, np.sqrt(real * made) / mixed
    # By the same share twice, times the share; by one of either, times the root of both.
    twice_real = (lost * second**2 + odd * first * _MIXTURES * made / mixed).sum(axis=0)
    twice_made = (odd * first**2 + lost * second * (1 - _MIXTURES) * real / mixed).sum(axis=0)
    by_both = (root * (lost * (1 - _MIXTURES) * second + odd * _MIXTURES * first)).sum(axis=0) ** 2
    degrees = float(by_both.sum()) ** 2 / float((by_both**2).sum()) if by_both.any() else 1.0
    return Noise(float((twice_real**2).sum()) / n**2, float((twice_made**2).sum()) / m**2, float(by_both.sum()) / (n * m), degrees)


def _without_one(counts: Array, added: float, divergences: Callable[[Array], Array]) -> Array:
    """The areas without one row of each cluster, (k,); of a cluster without a row, it has no meaning."""
    total = counts.sum() - 1
    others, own = divergences(counts / total), divergences(np.maximum(counts - 1, added) / total)
    return _area(others.sum(axis=-1, keepdims=True) - others + own, _SCALE)


def clusters(scores: Array, k: int, *, seed: int) -> Clusters:
    """Each row's cluster by k-means, (n,); fewer than k where fewer rows differ."""
    if scores.shape[1] == 0:
        return np.zeros(len(scores), dtype=np.int64)
    # In the order of the values, so that the rows' order does not choose the first centres.
    order = np.lexsort(scores.T)
    found = np.empty(len(scores), dtype=np.int64)
    with threadpool_limits(1), warnings.catch_warnings():  # sums of several threads differ in their last digit from run to run
        warnings.simplefilter("ignore", ConvergenceWarning)  # of fewer different rows than clusters
        means = KMeans(k, n_init=1, max_iter=_MOST_STEPS, random_state=seed)
        found[order] = means.fit_predict(scores[order])
    return found


def _reduced(rows: Array, unit_length: bool) -> Array:
    if unit_length:
        lengths = np.sqrt((rows**2).sum(axis=1, keepdims=True))
        rows = rows / np.where(lengths > 0, lengths, 1.0)
    mean, directions = principal_components(rows, min(rows.shape))
    scores = (rows - mean) @ directions.T
    held = np.cumsum((scores**2).sum(axis=0))
    return scores[:, : int((held < _VARIANCE_KEPT * held[-1:]).sum()) + 1]


def _estimate(areas: list[Area], k: int, d: int) -> Estimate:
    values = np.array([area.value for area in areas])
    sides = np.array([area.reference for area in areas]), np.array([area.generated for area in areas])
    noise = Noise(*np.mean([area.noise for area in areas], axis=0).tolist())
    scales = _scale(sides[0], noise.reference + noise.shared), _scale(sides[1], noise.generated + noise.shared)
    reference, generated = (side.mean(axis=0) * scale for side, scale in zip(sides, scales, strict=True))
    method = (
        f"{k} clusters of {d} principal components, mean over {len(areas)} clusterings; jackknife less half its noise, and "
        f"the spread of clusterings; the interval is of the expectation with {len(reference)} reference and {len(generated)} "
        "generated rows"
    )
    spread, value = float(values.var(ddof=1)) / len(values), float(values.mean().clip(0, 1))
    pair = SharedReference(noise.shared, noise.degrees, spread, scales)
    return Estimate(value, "higher", method, reference, generated, spread, (0.0, 1.0), pair=pair)


def _scale(influences: Array, noise: float) -> float:
    """By the noise that one clustering has on average."""
    return tempering(float(influences.var(axis=1, ddof=1).mean()) / influences.shape[1], noise)
