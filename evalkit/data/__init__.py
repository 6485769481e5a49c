"""From a path or a frame to a Sample, and from a Sample to encoded rows."""

from evalkit.data.conforming import conform
from evalkit.data.duplicates import content_hash, row_hashes, rows_also_in
from evalkit.data.encoding import TableEncoder
from evalkit.data.load import load
from evalkit.data.rows import Feature, Rows

__all__ = ["Feature", "Rows", "TableEncoder", "conform", "content_hash", "load", "row_hashes", "rows_also_in"]
