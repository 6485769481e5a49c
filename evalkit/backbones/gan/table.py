"""The GAN's networks for tables."""

from evalkit.backbones.base import Array
from evalkit.backbones.gan.vectors import VectorNetwork
from evalkit.backbones.heads.table_space import TableSpace
from evalkit.data.encoded import Encoded, expect
from evalkit.data.rows import Rows, TableLayout


class TableNetwork(VectorNetwork):
    """A term for each feature."""

    layout: TableLayout

    @staticmethod
    def flat(rows: Encoded) -> Array:
        """The values."""
        return expect(rows, Rows).values

    @classmethod
    def space_of(cls, rows: Rows) -> TableSpace:
        """Of the features."""
        return TableSpace.fit(rows)

    def encoded(self, flat: Array) -> Rows:
        """Rows."""
        return Rows(flat, self.layout.features)
