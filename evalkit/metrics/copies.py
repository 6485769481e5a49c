"""Copies: which generated rows repeat the reference's rows, or lie closer to them than the reference's rows lie to each other."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import ShapeError
from evalkit.core.sample import Table
from evalkit.core.seeds import generator
from evalkit.kernels.neighbours import distances, faster, nearest
from evalkit.kernels.neighbours.records import nearest_record
from evalkit.metrics.pairs import checked_pair, checked_rows
from evalkit.metrics.table_columns import columns_of
from evalkit.statistics.influence import Estimate
from evalkit.statistics.parts import Parts, Rows, in_parts
from evalkit.statistics.splitting import calibrated, share_variance_floor

Array = NDArray[np.float64]

_LARGEST_SUBSAMPLE = 1000
_SMALLEST_SUBSAMPLE = 200
_LEAST_ROWS = 8
# Influences of fewer rows do not tell a variance.
_FEW_REACHED = 30


def exact_copies(reference: ArrayLike, generated: ArrayLike) -> NDArray[np.bool_]:
    """Which generated rows equal a reference row in every feature.

    Where rows have few possible values (a table of categories), equal rows are no sign of copying: compare with the share of
    held-out real rows that do so.

    Args:
        reference: (n, d) finite.
        generated: (m, d) finite.

    Returns:
        (m,) bool.

    Raises:
        ShapeError: a side has no rows, or other features.
        InputError: a feature is missing, infinite or huge.

    >>> exact_copies(np.array([[0.0], [1.0]]), np.array([[1.0], [1.1]])).tolist()
    [True, False]
    """
    reference, generated = checked_rows(reference, generated, what="a search for copies", fewest=1)
    return np.asarray(_nearest(reference, generated)[0] == 0, dtype=np.bool_)


def authentic(reference: ArrayLike, generated: ArrayLike) -> NDArray[np.bool_]:
    """Which generated rows lie further from their nearest reference row than that row's nearest other reference row does.

    Of new real rows, too, only about half are authentic: the nearest row's own neighbour is as often the further one. Compare with
    held-out real rows. Rows that share exact distances, such as duplicates, are not authentic.

    Args:
        reference: (n, d) finite, n >= 2.
        generated: (m, d) finite.

    Returns:
        (m,) bool.

    Raises:
        ShapeError: fewer than two reference rows, no generated ones, or other features.
        InputError: a feature is missing, infinite or huge.

    Source: Alaa et al., ICML 2022.

    >>> authentic(np.array([[0.0], [1.0]]), np.array([[0.1], [3.0]])).tolist()
    [False, True]
    """
    reference, generated = checked_rows(reference, generated, what="authenticity", fewest=1)
    if len(reference) < 2:
        raise ShapeError(f"authenticity needs two reference rows, got {len(reference)}: give more")
    distance, row = _nearest(reference, generated)
    found, places = np.unique(row, return_inverse=True)
    impl = faster(reference.shape[1])
    # The two nearest of a row among all: itself, or a duplicate of it, and the nearest other.
    others = nearest(reference, reference[found], 2, impl=impl).distances[:, 1]
    return np.asarray(distance > others[places], dtype=np.bool_)


def nearest_share(fitted: Array, held_out: Array, generated: Array) -> Estimate:
    """Share of generated rows that lie closer to the rows a generator was fitted to than to as many rows that it never saw.

    One half where nothing is copied, whatever the data: fitted and held-out rows are alike, if they were split at random. Above,
    the generator repeats what it was fitted to. Ties count one half. It does not see copies that are as rare as its interval is
    wide; passing it is no proof of privacy.

    Args:
        fitted: (n, d) features of rows that the generator was fitted to.
        held_out: (n, d) features of rows that it was not; as many.
        generated: (m, d).

    Returns:
        The share. Its reference influences are those of the fitted and then the held-out rows, each row with the generated rows
        it attracts: they hold the chance of the split and of the generated rows.

    Raises:
        ShapeError: fitted and held-out rows are not as many, or there are fewer than two of a kind.

    >>> draw = np.random.default_rng(0)
    >>> fitted, held_out = draw.normal(size=(2, 100, 3))
    >>> round(nearest_share(fitted, held_out, fitted + 0.01).value, 2)
    1.0
    """
    if len(fitted) != len(held_out) or min(len(fitted), len(generated)) < 2:
        raise ShapeError(
            "a share of nearest rows needs as many held-out as fitted rows, and two or more of every kind, got "
            f"{len(fitted)} fitted, {len(held_out)} held out and {len(generated)} generated: draw equally many"
        )
    (near, of_fitted), (far, of_held_out) = _nearest(fitted, generated), _nearest(held_out, generated)
    closer = np.where(near < far, 1.0, np.where(near > far, 0.0, 0.5))
    value = float(closer.mean())
    attracts = np.where(near <= far, of_fitted, len(fitted) + of_held_out)
    n = 2 * len(fitted)
    # Centred among the fitted and among the held-out rows: their numbers are fixed.
    attracted = np.bincount(attracts, weights=closer - value, minlength=n).reshape(2, -1)
    influences = (attracted - attracted.mean(axis=1, keepdims=True)).ravel() * n / len(generated)
    method = f"generated rows grouped by the nearest of {n} rows, half of them held out"
    floor = share_variance_floor(value, len(generated))
    together = np.bincount(attracts)
    if (together > 0).sum() < _FEW_REACHED:
        # Rows that share their nearest row are on one side together: the share is one of no more than so many independent rows,
        # and the centre of its floor lies far nearer to one half.
        independent = float(len(generated)) ** 2 / float(together @ together)
        floor = share_variance_floor(value, independent) + (2 * (1 - 2 * value) / (independent + 4)) ** 2
    further = max(0.0, floor - float(influences.var(ddof=1)) / n)
    return Estimate(value, "lower", method, influences, np.zeros(len(generated)), further, (0.0, 1.0))


def distance_to_closest_record(reference: Table, rows: Table) -> Array:
    """How far each row of a table is from the reference row nearest to it: the mean difference over the columns, 0 to 1.

    A difference of numbers, counts or moments is a share of the reference's range, at most 1; categories and booleans differ by 0
    or 1; a missing value differs by 1 from any other. Texts and identifiers are left aside. Small distances alone are no proof of
    copying, nor are large ones of privacy: compare with held-out real rows.

    Args:
        reference: (n rows), for example those that a generator was fitted to.
        rows: (m rows) of the same columns.

    Returns:
        (m,).

    Raises:
        InputError: no column can be compared.
        ShapeError: a table has no rows.

    Source: the convention of SDMetrics (DCR).

    >>> import pandas as pd
    >>> from evalkit.core.schema import Column, Schema
    >>> schema = Schema(modality="table", columns=(Column(name="a", kind="number"),))
    >>> first, second = (Table("demo", schema, pd.DataFrame({"a": values})) for values in ([0.0, 5, 8, 9, 10], [3.0, 5]))
    >>> distance_to_closest_record(first, second).tolist()
    [0.2, 0.0]
    """
    columns = columns_of(reference, rows, least_rows=1)
    numbers, labels = ([column for column in columns if column.ordered is ordered] for ordered in (True, False))
    sides = (len(reference), len(rows))
    codes = [column.codes(bins=1) for column in labels]
    return nearest_record(
        (_beside([column.reference for column in numbers], sides[0]), _beside([column.generated for column in numbers], sides[1])),
        (_beside([ours for ours, _ in codes], sides[0], np.intp), _beside([theirs for _, theirs in codes], sides[1], np.intp)),
        np.array([_range(column.reference) for column in numbers]),
    )


def _beside(columns: list[Any], n: int, dtype: type = np.float64) -> NDArray[Any]:
    return np.column_stack(columns) if columns else np.zeros((n, 0), dtype=dtype)


def _range(values: Array) -> float:
    present = values[~np.isnan(values)]
    return float(np.ptp(present)) if len(present) else 0.0


@dataclass(frozen=True)
class Copies:
    """Shares of exact copies and of authentic rows, with intervals; see :func:`exact_copies` and :func:`authentic`.

    Both say something about copying only if the reference holds the rows that the generator was fitted to, and only beside the
    same figures of held-out real rows. Authenticity has no better end: rows that are unlike the real ones are all authentic.
    The intervals are of the expectations at these sample sizes, from disjoint halves and quarters of the rows.
    """

    def estimates(self, reference: Array, generated: Array, *, seed: int) -> Mapping[str, Estimate]:
        """``exact_copies`` and ``authenticity``.

        Raises:
            ShapeError: fewer than 8 rows a side, or other features than the reference's.
            InputError: a feature is missing, infinite or huge.
        """
        reference, generated = checked_pair(reference, generated, what="a share of copies with an interval", fewest=_LEAST_ROWS)
        row = _nearest(reference, generated)[1]
        shares = exact_copies(reference, generated), authentic(reference, generated)
        parts = _parts(reference, generated, seed)
        method = (
            f"variance from disjoint halves and quarters of the rows; the interval is of the expectation with {len(reference)} "
            f"reference and {len(generated)} generated rows"
        )
        copied, new = (
            _estimate(share, row, len(reference), float(variance)) for share, variance in zip(shares, parts.variance, strict=True)
        )
        return {
            "exact_copies": Estimate(copied[0], "lower", method, *copied[1:], (0.0, 1.0), parts=parts.of(0)),
            "authenticity": Estimate(new[0], "neither", method, *new[1:], (0.0, 1.0), parts=parts.of(1)),
        }


def _estimate(share: NDArray[np.bool_], row: Rows, n: int, variance: float) -> tuple[float, Array, Array, float]:
    value = float(share.mean())
    own = np.asarray(share - value, dtype=np.float64)
    attracted = np.bincount(row, weights=own, minlength=n).astype(np.float64)
    variance = max(variance, share_variance_floor(value, len(share)))
    of_generated, of_reference, further = calibrated(own, np.asarray(attracted - attracted.mean()), variance)
    return value, of_reference, of_generated, further


def _parts(reference: Array, generated: Array, seed: int) -> Parts:
    share = min(1.0, _LARGEST_SUBSAMPLE / max(len(reference), len(generated)))
    sizes = [max(round(share * len(rows)), min(len(rows), _SMALLEST_SUBSAMPLE)) for rows in (reference, generated)]
    ours, theirs = (
        rows[generator(seed, "copies", side).choice(len(rows), size, replace=False)]
        for rows, size, side in zip((reference, generated), sizes, ("reference", "generated"), strict=True)
    )
    within, across = distances(ours, ours), distances(theirs, ours)
    np.fill_diagonal(within, np.inf)

    def of_some(first: Rows, second: Rows) -> Array:
        apart = across[np.ix_(second, first)]
        near = apart.min(axis=1)
        others = within[np.ix_(first, first)].min(axis=1)
        return np.array([(near == 0).mean(), (near > others[apart.argmin(axis=1)]).mean()])

    scale = (1 / len(reference) + 1 / len(generated)) / (1 / len(ours) + 1 / len(theirs))
    return in_parts(of_some, len(ours), len(theirs), seed=seed).times(math.sqrt(scale))


def _nearest(reference: NDArray[np.floating[Any]], queries: NDArray[np.floating[Any]]) -> tuple[Array, Rows]:
    found = nearest(reference, queries, 1, impl=faster(reference.shape[1]))
    return found.distances[:, 0], found.indices[:, 0]
