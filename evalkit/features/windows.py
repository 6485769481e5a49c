"""Series by windows of equal length."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError
from evalkit.core.sample import Series
from evalkit.core.state import ReadState, State
from evalkit.data.series_encoding import LONGEST_WINDOW, SeriesEncoder
from evalkit.data.timed import channels_of
from evalkit.features.base import Features, digest_of, features_of, sample_for
from evalkit.features.scaling import Scale, scale_of, scales_from_array, scales_to_array

Array = NDArray[np.float64]

_NAME = "windows"
_LONGEST_USUAL = 64
_STRETCHES = 20
_STILL = 1e-18  # of the squared values: what is left of equal values after their mean is taken out


@dataclass(frozen=True)
class Windows:
    """Series cut into windows, each a row of features.

    Blocks of the same weight: the values, on each channel's robust scale; and of each channel in the window its mean, its standard
    deviation, the correlation of one step with the next, and its share of missing steps; and the correlation of each pair of
    channels. A missing value is the last one before it, or the first one after it where there is none. A channel that does not move
    within a window has correlation 0.

    Windows are short: a trend or a season that is longer than a window shows in their levels only. Windows of one entity are not
    independent of each other, less so the more they overlap: see ``Features.rows`` for whose they are.

    Attributes:
        length: steps a window; None: 64, or as many as half of the reference's entities have, if that is fewer.
        stride: steps from one window to the next; None: the length, so that windows do not overlap, but for the last of an entity.

    >>> series = Series.of([np.sin(np.arange(50.0))[:, None], np.zeros((20, 1))], channels=("level",))
    >>> features = Windows(length=10).fit(series, seed=0).extract(series)
    >>> features.values.shape, features.rows.tolist()
    ((7, 14), [0, 0, 0, 0, 0, 1, 1])
    """

    length: int | None = None
    stride: int | None = None

    def fit(self, reference: Series, *, seed: int) -> "FittedWindows":
        """Learn the length and the channels' scales; there is nothing to draw.

        Raises:
            SchemaError: they are no series.
            ShapeError: there is no entity.
            InputError: a setting is out of its range.
        """
        series = sample_for(_NAME, Series, reference, least=1)
        length = self.length
        if length is None:
            length = int(min(_LONGEST_USUAL, max(1, np.median(np.diff(series.starts)))))
        stride = length if self.stride is None else self.stride
        if not 1 <= stride <= length <= LONGEST_WINDOW:
            raise InputError(
                f"windows need a length from 1 to {LONGEST_WINDOW:,} and a stride from 1 to that length, got {length} and {stride}"
            )
        encoder = SeriesEncoder(length, stride).fit(series)
        scales = tuple(scale_of(series.values[:, channel]) for channel in range(len(series.channels)))
        return FittedWindows(encoder, scales, digest_of(_NAME, series.channels, length, stride, scales))


@dataclass(frozen=True, eq=False)
class FittedWindows:
    """See :class:`Windows`.

    Attributes:
        encoder: cuts windows.
        scales: of the channels.
        digest: of both.
    """

    encoder: SeriesEncoder
    scales: tuple[Scale, ...]
    digest: str
    name: str = _NAME

    def extract(self, sample: Series) -> Features:
        """Features of windows; ``rows`` says of which entity each is.

        Raises:
            SchemaError: they are no series, or have other channels.
        """
        windows = self.encoder.transform(sample_for(_NAME, Series, sample))
        missing = np.isnan(windows.values)
        whole = filled(windows.values, missing)
        values = np.stack([scale.points(whole[:, :, channel]) for channel, scale in enumerate(self.scales)], axis=2)
        centred = _centred(values)
        blocks = [
            values.reshape(len(values), -1),
            values.mean(axis=1),
            values.std(axis=1),
            _cosine(centred[:, :-1], centred[:, 1:]),
            missing.mean(axis=1),
            _pairs(centred),
        ]
        weighted = [block / np.sqrt(max(block.shape[1], 1)) for block in blocks]
        return features_of(np.hstack(weighted), _NAME, self.digest, windows.entities)

    def to_state(self) -> State:
        """What was learned."""
        return {"encoder": self.encoder.to_state(), "scales": scales_to_array(self.scales), "digest": self.digest}

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """What :meth:`to_state` gave.

        Raises:
            KeyError, TypeError, ValueError, ModelError: it is another state.
        """
        encoder = SeriesEncoder.from_state(state["encoder"])
        return cls(encoder, scales_from_array(state["scales"], len(channels_of(encoder.schema))), state["digest"])


def stretches(series: NDArray[np.int64]) -> NDArray[np.int64]:
    """What may be taken as independent: a series; where there are few, long stretches of each, twenty in all.

    Args:
        series: (n,) which series each window is of, the windows of one in a row.

    >>> stretches(np.zeros(40, dtype=np.int64)).max() + 1
    np.int64(20)
    >>> stretches(np.repeat(np.arange(30), 4)).max() + 1
    np.int64(30)
    """
    _, first, which, lengths = np.unique(series, return_index=True, return_inverse=True, return_counts=True)
    a_series = max(1, _STRETCHES // len(first))
    return which * a_series + (np.arange(len(series)) - first[which]) * a_series // lengths[which]


def filled(values: Array, missing: NDArray[np.bool_]) -> Array:
    """Missing values filled from before, then from behind; a channel without any stays missing."""
    steps = np.arange(values.shape[1])[None, :, None]
    before = np.maximum.accumulate(np.where(missing, -1, steps), axis=1)
    first = np.argmin(missing, axis=1)[:, None]
    return np.take_along_axis(values, np.where(before < 0, first, before), axis=1)


def _centred(values: Array) -> Array:
    """Less their mean over the steps; zero where nothing moves."""
    centred = values - values.mean(axis=1, keepdims=True)
    still = (centred**2).sum(axis=1) <= _STILL * (values**2).sum(axis=1)
    return np.where(still[:, None], 0.0, centred)


def _cosine(first: Array, second: Array) -> Array:
    """Of the angle between steps of each channel, (n, channels); 0 where one of both is 0."""
    size = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    return np.asarray((first * second).sum(axis=1) / np.where(size > 0, size, 1.0))


def _pairs(centred: Array) -> Array:
    """Correlations of each pair of channels, (n, channels * (channels - 1) / 2)."""
    first, second = np.triu_indices(centred.shape[2], k=1)
    return _cosine(centred[:, :, first], centred[:, :, second])
