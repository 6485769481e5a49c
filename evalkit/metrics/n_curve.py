"""A metric's figures over the number of rows: whether they still move, and how narrow their intervals get."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from evalkit.core.errors import InputError
from evalkit.core.seeds import generator
from evalkit.metrics import Metric


class CurvePoint(NamedTuple):
    """A figure at one number of rows.

    Attributes:
        n_rows: of each side.
        value: the figure.
        low, high: the ends of its interval.
    """

    n_rows: int
    value: float
    low: float
    high: float


def n_curve(
    metric: Metric, reference: Any, generated: Any, sizes: Sequence[int], seed: int, *, level: float = 0.95
) -> Mapping[str, list[CurvePoint]]:
    """Each figure of a metric at several numbers of rows, the same of both sides.

    A figure that moves with the number of rows by more than its intervals is biased by few rows: compare it at equal numbers only.
    The widths say how many rows a narrower interval would need. Smaller samples are parts of the larger ones, drawn without
    replacement, so the points are not independent: their scatter is less than their intervals.

    Args:
        metric: any metric of the catalogue, for example ``Frechet()``.
        reference: what it reads: a feature array (n, d), or a Sample.
        generated: likewise, m rows.
        sizes: numbers of rows, in any order, at most the smaller side's.
        seed: of the draws and of the metric.
        level: confidence of the intervals.

    Returns:
        By figure, a point a size, the smallest first.

    Raises:
        InputError: there are no sizes, a size is below 1 or exceeds a side, or is too small for the metric.

    >>> from evalkit.metrics.frechet import Frechet
    >>> draw = np.random.default_rng(0)
    >>> curve = n_curve(Frechet(), draw.normal(size=(400, 8)), draw.normal(size=(400, 8)), (50, 400), seed=0)
    >>> [point.n_rows for point in curve["frechet_plain"]], curve["frechet_plain"][0].value > 3 * curve["frechet_plain"][1].value
    ([50, 400], True)
    """
    sizes, fewest = sorted(set(sizes)), min(len(reference), len(generated))
    if not sizes or sizes[0] < 1 or sizes[-1] > fewest:
        raise InputError(f"a curve needs numbers of rows from 1 to {fewest}, the smaller side's, got {sizes}: give others")
    orders = [generator(seed, "n curve", side).permutation(len(rows)) for side, rows in _sides(reference, generated)]
    curve: dict[str, list[CurvePoint]] = {}
    for size in sizes:
        ours, theirs = (
            _taken(rows, np.sort(order[:size])) for (_, rows), order in zip(_sides(reference, generated), orders, strict=True)
        )
        for figure, estimate in metric.estimates(ours, theirs, seed=seed).items():
            curve.setdefault(figure, []).append(CurvePoint(size, *estimate.interval(level=level)))
    return curve


def _sides(reference: Any, generated: Any) -> tuple[tuple[str, Any], tuple[str, Any]]:
    return ("reference", reference), ("generated", generated)


def _taken(rows: Any, places: np.ndarray[Any, np.dtype[np.intp]]) -> Any:
    return rows[places] if isinstance(rows, np.ndarray) else rows.take(places)
