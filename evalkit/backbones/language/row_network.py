"""What a language model's network is where rows are no texts: a table's columns, a series' steps."""

from abc import abstractmethod
from typing import Any

from torch import Tensor

from evalkit.backbones.language.drawing import Drawing
from evalkit.backbones.network import Network
from evalkit.data.encoded import Encoded


class RowNetwork(Network):
    """Predicts each value of a row from those before it."""

    @abstractmethod
    def independent(self, x: Tensor) -> Tensor:
        """:meth:`per_row` of a model for which no value says anything about another."""

    @abstractmethod
    def begin_with_lines(self, rows: Any) -> None:
        """Begin as straight lines through these training rows."""

    @abstractmethod
    def draw_rows(self, n: int, drawing: Drawing, seed: int, layout: Any) -> Encoded:
        """New rows; row i depends on seed and i only."""
