"""What language models of series show: how a series may go on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.special import ndtr

from evalkit.backbones.base import Backbone
from evalkit.backbones.language.series_network import SeriesNetwork
from evalkit.backbones.threads import suitable_threads
from evalkit.core.errors import CapabilityError, InputError
from evalkit.core.sample import Series
from evalkit.core.seeds import normal_by_row
from evalkit.data.series_encoding import SeriesEncoder

MOST_STEPS = 10_000

Paths = NDArray[np.float64]
"""Ways in which a series may go on, (draws, steps, channels)."""


class Forecaster(Backbone):
    """The methods that make sense for series only; of a model of something else they raise CapabilityError."""

    network_: Any

    def forecast(self, data: Any, steps: int = 16, draws: int = 200, random_state: int = 0, level: float = 0.9) -> pd.DataFrame:
        """How each series goes on, with an interval for each step and channel.

        The intervals are the model's own: they hold as far as the series goes on as those that it was fitted to, step by step and
        channel by channel, not for a whole path at once. Nothing beyond the range of the training rows is foretold.

        Args:
            data: series; of each the last steps, at most a window less what is foretold at once, are read.
            steps: how far ahead, 1 to 10,000.
            draws: ways of going on that are drawn, >= 2; the figures are their quantiles.
            random_state: seed of the draws; the same for all series, so a forecast depends on its own series only.
            level: share of the draws within the interval, between 0 and 1.

        Returns:
            A line for each series, step and channel: ``entity``, the time's column by its own name, ``channel``, and ``median``,
            ``low`` and ``high`` in the channel's units, NaN where every draw leaves the channel missing.
        """
        if not 0 < level < 1:
            raise InputError(f"level must be between 0 and 1, got {level}: change the setting")
        series, encoder = self._series_of(data)
        columns = [series.schema.columns[0].name, "channel", "median", "low", "high"]
        parts = []
        for i, entity in enumerate(series.entities):
            paths = self.continued([series.steps(i)], steps, draws, random_state)[0]
            figures = _quantiles(paths, level).reshape(3, -1)
            times = encoder.times_after(series.times[series.starts[i + 1] - 1], steps)
            channels = np.tile(np.array(series.channels, dtype=object), steps)
            lines = [np.repeat(times, len(series.channels)), channels, *figures]
            frame = pd.DataFrame(dict(zip(columns, lines, strict=True)))
            frame.insert(0, "entity", entity)
            parts.append(frame)
        return pd.concat(parts, ignore_index=True)

    def continued(self, histories: Sequence[Paths], steps: int = 16, draws: int = 200, random_state: int = 0) -> list[Paths]:
        """Ways in which each history, (steps before, channels), may go on: (draws, steps, channels) each, NaN = missing."""
        network = self._series_network()
        if not 1 <= steps <= MOST_STEPS or draws < 2:
            raise InputError(f"a forecast needs 1 to {MOST_STEPS:,} steps and at least 2 draws, got {steps} and {draws}")
        with torch.no_grad(), suitable_threads("series"):
            return [_continued(network, history, steps, draws, random_state) for history in histories]

    def _series_of(self, data: Any) -> tuple[Series, SeriesEncoder]:
        self._series_network()
        encoder = self._encoder()
        if not isinstance(encoder, SeriesEncoder):
            raise CapabilityError("forecasts need a model that was fitted to series")
        return _as_series(self._load(data)), encoder

    def _series_network(self) -> SeriesNetwork:
        self._require("sample")
        network = self.network_
        if not isinstance(network, SeriesNetwork):
            raise CapabilityError(
                f"this {type(self).__name__} was fitted to {self.layout_.modality}: fit one to series for forecasts"
            )
        return network


def _continued(network: SeriesNetwork, history: Paths, steps: int, draws: int, seed: int) -> Paths:
    """Round after round of at most half a window, each drawn behind what fits into the window before it."""
    c = history.shape[1]
    at_once = min(steps, max(network.length // 2, 1))
    known = np.repeat(history[None, max(len(history) - network.length, 0) :], draws, axis=0)
    for number, begin in enumerate(range(0, steps, at_once)):
        n = min(at_once, steps - begin)
        uniform = ndtr(normal_by_row(seed, np.arange(draws), 2 * n * c, "language", "forecast", number))
        chosen, inside = np.split(uniform.reshape(draws, 2 * n, c), 2, axis=1)
        behind = known[:, max(known.shape[1] - (network.length - n), 0) :]
        known = np.concatenate([known, network.go_on(behind, chosen, inside)], axis=1)
    return known[:, -steps:]


def _quantiles(paths: Paths, level: float) -> Paths:
    """Median, low and high of each step and channel, (3, steps, channels); NaN where every draw is missing."""
    shares = np.array([0.5, (1 - level) / 2, (1 + level) / 2])
    present = ~np.isnan(paths).all(axis=0)
    figures = np.full((3, *paths.shape[1:]), np.nan)
    figures[:, present] = np.nanquantile(paths[:, present], shares, axis=0)
    return figures


def _as_series(sample: Any) -> Series:
    if not isinstance(sample, Series):
        raise TypeError("data loaded under a schema of series are series")
    return sample
