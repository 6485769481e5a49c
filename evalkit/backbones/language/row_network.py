"""What a language model's network is where rows are no texts: a table's columns, a series' steps."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from evalkit.backbones.language.column_codes import TableCodes
from evalkit.backbones.language.drawing import Drawing
from evalkit.backbones.network import Network
from evalkit.data.encoded import Encoded, Layout
from evalkit.data.layouts import WindowLayout
from evalkit.data.rows import TableLayout


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


def check_layout(codes: TableCodes, plan: Mapping[str, Any], layout: Layout) -> None:
    """Raise ValueError unless a plan's network reads rows of this layout."""
    names: tuple[Any, ...] = ()
    if isinstance(layout, WindowLayout):
        names = layout.channels
        if plan["length"] != layout.length:
            raise ValueError("the plan is for windows of another length")
    elif isinstance(layout, TableLayout):
        names = layout.features
    if len(codes.columns) != len(names):
        raise ValueError("the plan is for other columns")
