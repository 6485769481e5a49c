"""Series by windows of independent stretches: what networks for series learn from, without leaks between the parts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Series
from evalkit.core.seeds import generator
from evalkit.data.series_encoding import SeriesEncoder
from evalkit.features.scaling import scale_of
from evalkit.features.windows import filled

Array = NDArray[np.float64]

_STRETCHES = 20
_FEWEST = 8
_LONGEST = 24


@dataclass(frozen=True, eq=False)
class Stretches:
    """Windows of one Sample.

    Attributes:
        windows: (k, length, 2 * channels): values on the reference's robust scales, missing ones as the last before, then 1 where
            a value is missing, else 0.
        stretch: (k,) which independent stretch each is of.
        n: stretches.
        asked: (n,) which stretches are held out.
    """

    windows: Array
    stretch: NDArray[np.int64]
    n: int
    asked: NDArray[np.bool_]

    def part(self, *, held_out: bool) -> NDArray[np.bool_]:
        """Which windows are held out, or learned from."""
        return np.asarray(self.asked[self.stretch] == held_out)

    def by_stretch(self, influences: Array) -> Array:
        """Influences of held-out windows as those of all stretches, (n,); stretches that were not asked about have 0."""
        whole = self.stretch[self.part(held_out=True)]
        return np.asarray(np.bincount(whole, weights=influences, minlength=self.n) * (self.n / len(whole)), dtype=np.float64)


def cut(reference: Series, generated: Series, *, length: int | None, seed: int) -> tuple[Stretches, Stretches]:
    """Both Samples in stretches, half of which are held out by lot, and these in windows.

    A series is a stretch; where there are few, each is cut into long ones, twenty in all. No window reaches over the end of
    a stretch, and windows do not overlap but for the last of a stretch: none shares a step with one of the other half.

    Args:
        reference: real series.
        generated: with the same channels.
        length: steps a window; None: 24, or as many as half of the reference's stretches have, if that is fewer.
        seed: of the lots.

    Raises:
        InputError: no series, or other channels, or a length below 2.
        ShapeError: fewer than 8 stretches on a side.

    >>> waves = Series.of([np.sin(np.arange(400.0))[:, None]], channels=("level",))
    >>> first, _ = cut(waves, waves, length=10, seed=0)
    >>> first.windows.shape, first.n, int(first.asked.sum())
    ((40, 10, 2), 20, 10)
    """
    if not isinstance(reference, Series) or not isinstance(generated, Series):
        raise InputError("figures of series need two Samples of series: choose another metric for other samples")
    if reference.channels != generated.channels or (length is not None and length < 2):
        raise InputError("figures of series need the same channels on both sides, and a length of 2 steps or more")
    parts = [_ordered(stretches_of(series, length or 2)) for series in (reference, generated)]
    if min(map(len, parts)) < _FEWEST:
        raise ShapeError(
            f"figures of series need {_FEWEST} series or long stretches a side, got {len(parts[0])} and {len(parts[1])}: give more"
        )
    steps = length or int(np.clip(np.median([len(part) for part in parts[0]]), 2, _LONGEST))
    scales = [scale_of(reference.values[:, channel]) for channel in range(len(reference.channels))]
    made = []
    for name, stretches in zip(("reference", "generated"), parts, strict=True):
        whole = Series.of(stretches, reference.channels)
        windows = SeriesEncoder(steps, steps).fit(whole).transform(whole)
        missing = np.isnan(windows.values)
        values = filled(windows.values, missing)
        values = np.stack([scale.points(values[:, :, channel]) for channel, scale in enumerate(scales)], axis=2)
        asked = np.zeros(len(stretches), dtype=np.bool_)
        asked[generator(seed, "series halves", name).permutation(len(stretches))[: len(stretches) // 2]] = True
        both = np.concatenate([values, missing.astype(np.float64)], axis=2)
        made.append(Stretches(both, windows.entities, len(stretches), asked))
    return made[0], made[1]


def stretches_of(series: Series, least: int) -> list[Array]:
    """Each series; where there are few, long parts of each, twenty in all, or as many as have so many steps.

    >>> len(stretches_of(Series.of([np.zeros((100, 1)), np.zeros((30, 1))], channels=("level",)), 8))
    13
    """
    each = -(-_STRETCHES // max(len(series), 1))
    parts = [np.array_split(series.steps(i), max(1, min(each, len(series.steps(i)) // least))) for i in range(len(series))]
    return [part for pieces in parts for part in pieces if len(part)]


def _ordered(stretches: list[Array]) -> list[Array]:
    """By what they hold, so that the order of the series does not decide the lots."""
    return sorted(stretches, key=lambda steps: steps.tobytes())
