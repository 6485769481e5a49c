"""The GAN's networks for windows of series."""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from evalkit.backbones.base import Array
from evalkit.backbones.gan.network import Recipe
from evalkit.backbones.gan.vectors import VectorNetwork
from evalkit.backbones.heads.facts import Facts
from evalkit.backbones.heads.knots import Knots
from evalkit.backbones.heads.table_space import TableSpace
from evalkit.data.encoded import Encoded, expect
from evalkit.data.layouts import WindowLayout
from evalkit.data.rows import Feature, Rows
from evalkit.data.windows import Windows


class SeriesNetwork(VectorNetwork):
    """A term for each step and channel, the steps after each other; a channel's normal scores are the same at all steps.

    Windows that overlap are not independent: the stop rule's intervals are narrower than they should be.
    """

    recipe: ClassVar[Recipe] = replace(VectorNetwork.recipe, draws=256)

    layout: WindowLayout

    @staticmethod
    def flat(rows: Encoded) -> Array:
        """(n, length * channels)."""
        values = expect(rows, Windows).values
        return values.reshape(len(values), values.shape[1] * values.shape[2])

    @classmethod
    def space_of(cls, rows: Windows) -> TableSpace:
        """Of each channel, from all windows' steps, as often as there are steps."""
        features = tuple(Feature(column=name, name=name, kind="number") for name in rows.channels)
        steps = Rows(rows.values.reshape(-1, len(features)), features)
        times = rows.layout.length
        return TableSpace(Facts.fit(steps).repeated(times), Knots.fit(steps.values).repeated(times))

    def encoded(self, flat: Array) -> Windows:
        """Windows from nowhere: each is an entity of its own."""
        values = flat.reshape(len(flat), self.layout.length, len(self.layout.channels))
        return Windows(values, self.layout.channels, np.arange(len(flat)), np.zeros(len(flat), dtype=np.int64))
