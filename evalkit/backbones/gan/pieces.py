"""Where the generator of images starts: groups of images alike, each with its mean and its principal components."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

Array = NDArray[np.float64]

_MOST, _FEWEST_IMAGES = 48, 60


@dataclass(frozen=True)
class Pieces:
    """A mixture of normal distributions, each flat in all but a few directions.

    Attributes:
        edges: (k + 1,) ascending from -inf to inf; a standard normal draw falls between two of them as often as images are in
            the piece.
        means: (k, d).
        directions: (k, r, d) principal components as long as the images spread along them; zero beyond the rank of a piece.
    """

    edges: Array
    means: Array
    directions: Array


def pieces_of(rows: Array, rank: int, seed: int) -> Pieces:
    """At most 48 pieces of 60 rows or more on average, by k-means.

    One normal distribution draws blends of everything; a mixture draws each kind of image, and as often as it is.

    Args:
        rows: (n, d) images, flat.
        rank: directions a piece.
        seed: of the first centres.

    Source: Tipping and Bishop, "Mixtures of probabilistic principal component analysers", Neural Computation 11 (1999).

    >>> pieces = pieces_of(np.repeat([[0.0, 0.0], [1.0, 3.0]], 60, axis=0), rank=1, seed=0)
    >>> sorted(pieces.means.tolist())
    [[0.0, 0.0], [1.0, 3.0]]
    """
    n_pieces = max(1, min(_MOST, len(rows) // _FEWEST_IMAGES, len(np.unique(rows, axis=0))))
    with threadpool_limits(1):  # sums of several threads differ in their last digit from run to run
        labels = KMeans(n_pieces, n_init=1, max_iter=50, random_state=seed).fit_predict(rows)
    every = [_piece(rows[labels == piece], rank) for piece in range(n_pieces)]
    edges = ndtri(np.cumsum([0, *np.bincount(labels, minlength=n_pieces)]) / len(rows))
    return Pieces(edges, np.array([mean for mean, _ in every]), np.array([directions for _, directions in every]))


def _piece(rows: Array, rank: int) -> tuple[Array, Array]:
    mean, directions = rows.mean(axis=0), np.zeros((rank, rows.shape[1]))
    _, lengths, ways = np.linalg.svd((rows - mean) / len(rows) ** 0.5, full_matrices=False)
    found = min(rank, len(lengths))
    directions[:found] = lengths[:found, None] * ways[:found]
    return mean, directions
