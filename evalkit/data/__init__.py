"""From a path, a frame or a list to a Sample, and from a Sample to encoded rows."""

from evalkit.data.conforming import conform
from evalkit.data.duplicates import array_hashes, content_hash, row_hashes, rows_also_in
from evalkit.data.encoding import TableEncoder
from evalkit.data.image_encoding import ImageEncoder
from evalkit.data.load import Data, load
from evalkit.data.pixels import Pixels
from evalkit.data.rows import Feature, Rows
from evalkit.data.series_encoding import SeriesEncoder
from evalkit.data.text_encoding import TextEncoder
from evalkit.data.tokens import Tokens
from evalkit.data.windows import Windows

__all__ = [
    "Data",
    "Feature",
    "ImageEncoder",
    "Pixels",
    "Rows",
    "SeriesEncoder",
    "TableEncoder",
    "TextEncoder",
    "Tokens",
    "Windows",
    "array_hashes",
    "conform",
    "content_hash",
    "load",
    "row_hashes",
    "rows_also_in",
]
