"""Diffusion on windows of series."""

import numpy as np
from numpy.typing import NDArray

from evalkit.backbones.diffusion.vectors import VectorNetwork
from evalkit.data.encoded import Encoded, Layout, expect
from evalkit.data.layouts import WindowLayout
from evalkit.data.rows import Feature, Rows
from evalkit.data.windows import Windows


class SeriesNetwork(VectorNetwork):
    """A term for each step and channel, the steps after each other; a channel's normal scores are the same at all steps."""

    @staticmethod
    def flat(rows: Encoded) -> NDArray[np.float64]:
        """See :class:`VectorNetwork`."""
        values = expect(rows, Windows).values
        return values.reshape(len(values), values.shape[1] * values.shape[2])

    @staticmethod
    def features_of(rows: Encoded) -> Rows:
        """The channels."""
        windows = expect(rows, Windows)
        features = tuple(Feature(column=name, name=name, kind="number") for name in windows.channels)
        return Rows(windows.values.reshape(-1, len(features)), features)

    @staticmethod
    def n_features(layout: Layout) -> int:
        """The channels."""
        return len(_windows(layout).channels)

    @staticmethod
    def times_of(layout: Layout) -> int:
        """The steps."""
        return _windows(layout).length

    @staticmethod
    def rows_of(flat: NDArray[np.float64], layout: Layout) -> Windows:
        """Windows from nowhere: each is an entity of its own."""
        channels = _windows(layout).channels
        values = flat.reshape(len(flat), _windows(layout).length, len(channels))
        return Windows(values, channels, np.arange(len(flat)), np.zeros(len(flat), dtype=np.int64))


def _windows(layout: Layout) -> WindowLayout:
    if not isinstance(layout, WindowLayout):
        raise TypeError("a network for series needs the layout of windows")
    return layout
