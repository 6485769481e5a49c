"""A Sample: rows of one modality, with their schema and what was noticed while reading them."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from evalkit.core.schema import Schema


class Problem(BaseModel):
    """Something odd about the data that did not stop the work: shown to the user beside the result.

    Attributes:
        what: one sentence, without the data itself.
        column: the column it is about, if one.
        rows: how many rows it touches, if counted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    column: str | None = None
    rows: int | None = None


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of a table.

    Attributes:
        name: what the user calls it, usually the file's name.
        schema: the columns' kinds, in the frame's order.
        frame: the values, one column a schema column, index 0..n-1. Storage types follow the kind: float64 for ``number`` and
            ``count`` (NaN = missing), ``object`` of str or None for ``category``, ``text`` and ``identifier``, float64 0/1/NaN
            for ``boolean``, ``datetime64[ns]`` (NaT = missing) for ``datetime``.
        problems: what was noticed while reading.
        cells: the columns of ``frame`` as they stood in the source ("01", "yes", "3.50"), row for row, where the typed value
            does not hold all of it. With them a table can be read again under another schema without loss.
    """

    name: str
    schema: Schema
    frame: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    cells: pa.Table | None = None

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, rows: NDArray[np.intp]) -> Self:
        """The given rows, in the given order.

        >>> from evalkit.core.schema import Column
        >>> schema = Schema(modality="table", columns=(Column(name="a", kind="number"),))
        >>> table = Table("demo", schema, pd.DataFrame({"a": [1.0, 2.0, 3.0]}))
        >>> table.take(np.array([2, 0])).frame["a"].tolist()
        [3.0, 1.0]
        """
        chosen = np.arange(len(self))[rows]
        cells = None if self.cells is None else self.cells.take(chosen)
        return replace(self, frame=self.frame.iloc[chosen].reset_index(drop=True), cells=cells)


Sample = Table
"""Any modality's Sample. Tables are the first; images, texts and series join this union."""
