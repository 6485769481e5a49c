"""Figures over the number of rows: whether they still move."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evalkit.compare.evaluation import SizeCurve, SizePoint
from evalkit.core.errors import InputError
from evalkit.core.progress import Progress, Step
from evalkit.metrics import MetricSpec
from evalkit.metrics.n_curve import n_curve

Array = NDArray[np.float64]

PARTS = (8, 4, 2, 1)
"""What part of the smaller side the points are measured at."""


def size_curves(
    chosen: Sequence[MetricSpec], reference: Array, generated: Mapping[str, Array], *, seed: int, progress: Progress
) -> Iterator[SizeCurve]:
    """Every figure of every generator at an eighth, a quarter, a half and all of the rows of the smaller side.

    A metric that cannot do with so few rows begins at the next size; one that cannot do with all of them has no curve.

    Args:
        chosen: metrics of features.
        reference: (n, d).
        generated: (m, d) by generator.
        seed: of the parts and of the metrics.
        progress: see :mod:`evalkit.core.progress`.
    """
    for done, (spec, name) in enumerate(every := [(spec, name) for spec in chosen for name in generated]):
        progress(Step("measuring over the number of rows", done, len(every)))
        for figure, points in _by_size(spec, reference, generated[name], seed).items():
            yield SizeCurve(generator=name, figure=figure, points=tuple(points))


def _by_size(spec: MetricSpec, real: Array, drawn: Array, seed: int) -> dict[str, list[SizePoint]]:
    found: dict[str, list[SizePoint]] = {}
    for part in PARTS:
        try:
            curve = n_curve(spec, real, drawn, [min(len(real), len(drawn)) // part], seed)
        except InputError:
            # Too few rows for this metric. Where it fails on all of them, the failure is among the figures.
            continue
        for figure, (point,) in curve.items():
            kept = SizePoint(rows=point.n_rows, value=point.value, low=point.low, high=point.high)
            found.setdefault(figure, []).append(kept)
    return found
