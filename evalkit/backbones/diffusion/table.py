"""Diffusion on tables."""

import numpy as np
from numpy.typing import NDArray

from evalkit.backbones.diffusion.vectors import VectorNetwork
from evalkit.data.encoded import Encoded, Layout, expect
from evalkit.data.rows import Rows, TableLayout


class TableNetwork(VectorNetwork):
    """A term for each feature."""

    @staticmethod
    def flat(rows: Encoded) -> NDArray[np.float64]:
        """See :class:`VectorNetwork`."""
        return expect(rows, Rows).values

    @staticmethod
    def features_of(rows: Encoded) -> Rows:
        """See :class:`VectorNetwork`."""
        return expect(rows, Rows)

    @staticmethod
    def n_features(layout: Layout) -> int:
        """See :class:`VectorNetwork`."""
        return len(_table(layout).features)

    @staticmethod
    def times_of(layout: Layout) -> int:
        """Once."""
        return 1

    @staticmethod
    def rows_of(flat: NDArray[np.float64], layout: Layout) -> Rows:
        """See :class:`VectorNetwork`."""
        return Rows(flat, _table(layout).features)


def _table(layout: Layout) -> TableLayout:
    if not isinstance(layout, TableLayout):
        raise TypeError("a network for tables needs the layout of a table")
    return layout
