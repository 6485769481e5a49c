"""The VAE's network for windows of series."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evalkit.backbones.heads import Facts
from evalkit.backbones.vae.features import FeatureNetwork
from evalkit.backbones.vae.network import Recipe
from evalkit.data.encoded import Encoded, expect
from evalkit.data.layouts import WindowLayout
from evalkit.data.rows import Feature, Rows
from evalkit.data.windows import Windows


class SeriesNetwork(FeatureNetwork):
    """One feature, and one term, for each step and channel, the steps after each other.

    Units and likelihood are the channel's, the same at all steps. A drawn window is an entity of its own.
    """

    layout: WindowLayout
    recipe = Recipe(latent_size=16)

    @classmethod
    def facts_of(cls, rows: Windows) -> Facts:
        """Of each channel, from all windows' steps, as often as there are steps."""
        steps = rows.values.reshape(-1, len(rows.channels))
        features = tuple(Feature(column=name, name=name, kind="number") for name in rows.channels)
        return Facts.fit(Rows(steps, features)).repeated(rows.layout.length)

    @staticmethod
    def flat(rows: Encoded) -> NDArray[np.float64]:
        """(n, length * channels)."""
        values = expect(rows, Windows).values
        return values.reshape(len(values), values.shape[1] * values.shape[2])

    def rows_of(self, flat: NDArray[np.float64]) -> Windows:
        """Windows from nowhere."""
        values = flat.reshape(-1, self.layout.length, len(self.layout.channels))
        return Windows(values, self.layout.channels, np.arange(len(flat)), np.zeros(len(flat), dtype=np.int64))

    def in_place_of(self, rows: Encoded, made: Encoded) -> Windows:
        """At the place from which the window was cut."""
        given = expect(rows, Windows)
        return replace(expect(made, Windows), entities=given.entities, starts=given.starts)

    @property
    def period(self) -> int:
        """The channels."""
        return len(self.layout.channels)

    @property
    def times(self) -> int:
        """The steps."""
        return self.layout.length
