"""Which generated rows fool a classifier, and which give themselves away."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError
from evalkit.core.seeds import derive_seed
from evalkit.discriminator import FAMILIES
from evalkit.discriminator.c2st import fitted
from evalkit.discriminator.halves import Half, balanced_samples, halves

Array = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Gallery:
    """How real each row seemed to a classifier that had not seen it.

    Attributes:
        generated: (m,) of generated rows, 0 … 1, higher = more real.
        reference: (n,) of real rows, to hold them against.
    """

    generated: Array
    reference: Array

    def least_convincing(self, count: int) -> Places:
        """Positions of the generated rows that give themselves away, the worst first; of equal ones the earlier."""
        return np.argsort(self.generated, kind="stable")[: max(count, 0)]

    def most_convincing(self, count: int) -> Places:
        """Positions of the generated rows that seem most real, the best first; of equal ones the earlier."""
        return np.argsort(-self.generated, kind="stable")[: max(count, 0)]


def gallery(reference: Array, generated: Array, *, seed: int, family: str = "boosted_trees") -> Gallery:
    """Every row's realness, by a classifier that learned from the half in which the row is not.

    Two classifiers, one a half, each from as many real as generated rows. Where the samples cannot be told apart, the order of
    rows is chance: look at the classifier test first. A convincing row is not a good one: it may be a copy of a real row.

    Args:
        reference: (n, d) finite features of real rows, n >= 10, or rows with the family's axes.
        generated: (m, d) finite features of generated rows, m >= 10, or likewise.
        seed: of the lots and classifiers.
        family: one of ``FAMILIES``.

    Raises:
        ShapeError: not two arrays of as many features, or fewer than 10 rows a side.
        InputError: a feature is NaN or infinite, there is no such family, or nearly all rows are copies.

    >>> random = np.random.default_rng(0)
    >>> generated = random.normal(size=(200, 2))
    >>> generated[7] = 9.0
    >>> generated[8:40] += 4.0
    >>> seen = gallery(random.normal(size=(200, 2)), generated, seed=0, family="logistic")
    >>> seen.least_convincing(1).tolist()
    [7]
    """
    if family not in FAMILIES:
        raise InputError(f"there is no family of classifiers of this name: choose one of {', '.join(FAMILIES)}")
    reference, generated = (np.asarray(rows, dtype=np.float64) for rows in (reference, generated))
    balanced_samples(reference, generated, seed=seed, axes=FAMILIES[family].axes)  # whatever it refuses cannot be learned from
    parts = halves(reference, generated, seed=seed)
    seen = Gallery(np.zeros(len(generated)), np.zeros(len(reference)))
    for number, (known, asked) in enumerate((parts, parts[::-1])):
        _answer(
            seen, reference, generated, known.balanced(seed, "gallery", number), asked, family, derive_seed(seed, "gallery", number)
        )
    return seen


def _answer(seen: Gallery, reference: Array, generated: Array, known: Half, asked: Half, family: str, seed: int) -> None:
    if len(known.reference) == 0:
        raise InputError("a gallery needs more different rows: nearly all rows are copies of a few others")
    classifier = fitted(family, reference[known.reference], generated[known.generated], seed=seed)
    for realness, rows, places in ((seen.reference, reference, asked.reference), (seen.generated, generated, asked.generated)):
        if len(places):
            realness[places] = classifier.realness(rows[places])
