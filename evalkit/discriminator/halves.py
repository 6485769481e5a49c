"""Rows into a half to learn from and a half to be asked about, copies together."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.seeds import generator

Array = NDArray[np.float64]
Places = NDArray[np.intp]

FEWEST = 10
"""Rows a side without which nothing is tested."""

# A row that more rows than this are equal to is a common value, for example of a yes/no column, and no copy.
_COMMON = 20


class Half(NamedTuple):
    """Positions of rows.

    Attributes:
        reference: among the reference's, ascending.
        generated: among the generated ones, ascending.
    """

    reference: Places
    generated: Places

    def balanced(self, seed: int, *key: str | int) -> "Half":
        """As many of one sample as of the other, the surplus left out by lot.

        >>> Half(np.arange(3), np.arange(5)).balanced(0).generated.shape
        (3,)
        """
        size = min(len(self.reference), len(self.generated))
        kept = (
            np.sort(generator(seed, "surplus", *key, name).permutation(rows)[:size])
            for name, rows in (("reference", self.reference), ("generated", self.generated))
        )
        return Half(*kept)


def halves(reference: Array, generated: Array, *, seed: int) -> tuple[Half, Half]:
    """A training and a held-out half of two samples.

    Rows that are equal, in one sample or across both, go to one side together, so that no row is asked about that the classifier
    knows by heart; they are dealt without a look at which sample they are from. All other rows are drawn so that each half has
    its share of both samples. Values that more than 20 rows share are common, not copied, and are dealt like any other row.
    With one seed, the same reference rows are drawn whatever the generated ones, copies apart.

    Args:
        reference: (n, …), n >= 10; NaN = missing.
        generated: (m, …), m >= 10.
        seed: of the lots.

    Returns:
        The training half and the held-out half; every row is in one.

    >>> training, held_out = halves(np.arange(12.0)[:, None], np.arange(20.0)[:, None] + 0.5, seed=0)
    >>> [len(rows) for rows in (*training, *held_out)]
    [6, 10, 6, 10]
    """
    n, m = len(reference), len(generated)
    group, size = _groups(np.concatenate([reference, generated]))
    copied = (size > 1) & (size <= _COMMON)
    together = copied[group]
    held = together & _lots(size, copied, seed)[group]
    for name, rows in (("reference", np.arange(n)), ("generated", np.arange(n, n + m))):
        order = generator(seed, "halves", name).permutation(rows)
        wanted = max(0, len(rows) // 2 - int(held[rows].sum()))
        held[order[~together[order]][:wanted]] = True
    return _half(~held, n), _half(held, n)


def parts(reference: Array, generated: Array, count: int, *, seed: int) -> list[Half]:
    """So many disjoint parts of two samples, copies together as in :func:`halves`, each with its share of both samples.

    >>> [len(part.generated) for part in parts(np.arange(12.0)[:, None], np.arange(20.0)[:, None] + 0.5, 3, seed=0)]
    [7, 7, 6]
    """
    n, m = len(reference), len(generated)
    group, size = _groups(np.concatenate([reference, generated]))
    together = ((size > 1) & (size <= _COMMON))[group]
    place = generator(seed, "parts", "copies").integers(count, size=len(size))[group]
    for name, rows in (("reference", np.arange(n)), ("generated", np.arange(n, n + m))):
        order = generator(seed, "parts", name).permutation(rows)
        alone = order[~together[order]]
        place[alone] = np.arange(len(alone)) % count
    return [_half(place == i, n) for i in range(count)]


def balanced_samples(reference: Array, generated: Array, *, seed: int, axes: tuple[str, ...] = ("features",)) -> Half:
    """All rows of the smaller sample, and as many of the larger, by lot.

    Raises:
        ShapeError: not two arrays with rows of these axes and of one shape, or fewer than 10 rows a side.
        InputError: a feature is NaN or infinite.
    """
    for rows in (reference, generated):
        if rows.ndim != 1 + len(axes) or 0 in rows.shape[1:] or rows.shape[1:] != reference.shape[1:]:
            raise ShapeError(
                f"a classifier test needs two arrays of shape (rows, {', '.join(axes)}) with the same {axes[-1]}, "
                f"got {reference.shape} and {generated.shape}"
            )
        if len(rows) < FEWEST:
            raise ShapeError(
                f"a classifier test needs {FEWEST} rows a side, got {len(reference)} and {len(generated)}: give more rows"
            )
        if not np.isfinite(rows).all():
            raise InputError("a classifier test needs finite features, got NaN or infinity: replace or encode what is missing")
    return Half(np.arange(len(reference)), np.arange(len(generated))).balanced(seed, "samples")


def copies_of(rows: Array) -> Places:
    """(n,) numbers, the same for rows that are copies of each other; what more than 20 rows share is common, not copied.

    >>> copies_of(np.array([[1.0], [2.0], [1.0]])).tolist()
    [0, 3, 0]
    """
    group, size = _groups(rows)
    copied = (size > 1) & (size <= _COMMON)
    return np.where(copied[group], group, len(size) + np.arange(len(rows)))


def _groups(rows: Array) -> tuple[Places, Places]:
    """The group of equal rows that each belongs to, and the groups' sizes."""
    rows = rows.reshape(len(rows), -1)
    rows = np.where(np.isnan(rows), np.finfo(np.float64).max, rows + 0.0)  # missing is equal to missing, and -0.0 to 0.0
    _, group, size = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    return group.reshape(-1), size


def _half(chosen: NDArray[np.bool_], n: int) -> Half:
    return Half(np.flatnonzero(chosen[:n]), np.flatnonzero(chosen[n:]))


def _lots(size: Places, copied: NDArray[np.bool_], seed: int) -> NDArray[np.bool_]:
    """Which groups of copies are held out: dealt in a random order, each to the side that has fewer rows so far."""
    chosen = np.zeros(len(size), dtype=np.bool_)
    lead = 0
    draws = generator(seed, "copies")
    order = draws.permutation(np.flatnonzero(copied))
    for one, coin in zip(order, draws.random(len(order)) < 0.5, strict=True):
        chosen[one] = coin if lead == 0 else lead < 0
        lead += size[one] if chosen[one] else -size[one]
    return chosen
