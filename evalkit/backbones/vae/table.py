"""The VAE's network for tables."""

import numpy as np
from numpy.typing import NDArray

from evalkit.backbones.heads import Facts
from evalkit.backbones.vae.features import FeatureNetwork
from evalkit.data.encoded import Encoded, expect
from evalkit.data.rows import Rows, TableLayout


class TableNetwork(FeatureNetwork):
    """One term a feature."""

    layout: TableLayout

    @classmethod
    def facts_of(cls, rows: Rows) -> Facts:
        """See :meth:`Facts.fit`."""
        return Facts.fit(rows)

    @staticmethod
    def flat(rows: Encoded) -> NDArray[np.float64]:
        """As they are."""
        return expect(rows, Rows).values

    def rows_of(self, flat: NDArray[np.float64]) -> Rows:
        """As they are."""
        return Rows(flat, self.layout.features)

    @property
    def period(self) -> int:
        """All features."""
        return len(self.layout.features)

    @property
    def times(self) -> int:
        """Each is there once."""
        return 1
