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

    def forecast(
        self, data: Any, steps: int = 16, draws: int = 200, random_state: int = 0, level: float = 0.9, checks: int = 8
    ) -> pd.DataFrame:
        """How each series goes on, with an interval for each step and channel.

        A model is too sure of itself where a series has drifted away from those that it was fitted to. So its earlier forecasts of
        the same series are held against what came, over the last ``checks`` stretches of ``steps`` steps, and the intervals of each
        channel are widened until the asked share of that lies inside. They hold as far as the series goes on as it did in these
        stretches, step by step and channel by channel, not for a whole path at once; a series that is too short for one such
        stretch has the model's own intervals. The medians stay within the range of the training rows.

        Args:
            data: series; the forecast reads the last steps of each, at most a window less what is foretold at once.
            steps: how far ahead, 1 to 10,000.
            draws: ways of going on that are drawn, >= 2; the figures are their quantiles.
            random_state: seed of the draws; the same for all series, so a forecast depends on its own series only.
            level: share of what comes that the interval should hold, between 0 and 1.
            checks: earlier stretches, each as much work as the forecast; 0: the intervals are the model's own.

        Returns:
            A line for each series, step and channel: ``entity``, the time's column by its own name, ``channel``, and ``median``,
            ``low`` and ``high`` in the channel's units, NaN where every draw leaves the channel missing.
        """
        if not 0 < level < 1 or checks < 0:
            raise InputError(f"a forecast needs a level between 0 and 1 and checks >= 0, got {level} and {checks}: change them")
        series, encoder = self._series_of(data)
        columns = [series.schema.columns[0].name, "channel", "median", "low", "high"]
        parts = []
        for i, entity in enumerate(series.entities):
            figures = self.foretold(series.steps(i), steps, draws, random_state, level, checks).reshape(3, -1)
            times = encoder.times_after(series.times[series.starts[i + 1] - 1], steps)
            channels = np.tile(np.array(series.channels, dtype=object), steps)
            lines = [np.repeat(times, len(series.channels)), channels, *figures]
            frame = pd.DataFrame(dict(zip(columns, lines, strict=True)))
            frame.insert(0, "entity", entity)
            parts.append(frame)
        return pd.concat(parts, ignore_index=True)

    def foretold(self, history: Paths, steps: int, draws: int, random_state: int, level: float, checks: int) -> Paths:
        """Median, low and high of each step and channel behind one history, (3, steps, channels); see :meth:`forecast`."""
        origins = [origin for back in range(checks, 0, -1) if (origin := len(history) - back * steps) >= max(steps, 2)]
        begun = [history[:origin] for origin in (*origins, len(history))]
        *earlier, figures = (_quantiles(paths, level) for paths in self.continued(begun, steps, draws, random_state))
        came = [history[origin : origin + steps] for origin in origins]
        return _widened(figures, _widening(earlier, came, level)) if earlier else figures

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


def _widening(earlier: Sequence[Paths], came: Sequence[Paths], level: float) -> Paths:
    """By how much each channel's intervals must be stretched, (channels,) >= 1, for that share of what came to lie inside."""
    stretches = []
    for (median, low, high), truth in zip(earlier, came, strict=True):
        reach = np.where(truth < median, median - low, high - median)
        with np.errstate(divide="ignore", invalid="ignore"):
            stretches.append(np.where(truth == median, 0.0, np.abs(truth - median) / reach))
    needed = np.sort(np.where(np.isfinite(every := np.concatenate(stretches)), every, np.nan), axis=0)
    n = np.isfinite(needed).sum(axis=0)
    place = np.minimum(np.ceil((n + 1) * level).astype(int), n) - 1
    found = np.take_along_axis(needed, np.maximum(place, 0)[None], axis=0)[0]
    return np.where(n > 0, np.fmax(found, 1.0), 1.0)


def _widened(figures: Paths, by: Paths) -> Paths:
    median, low, high = figures
    return np.stack([median, median - by * (median - low), median + by * (high - median)])


def _as_series(sample: Any) -> Series:
    if not isinstance(sample, Series):
        raise TypeError("data loaded under a schema of series are series")
    return sample
