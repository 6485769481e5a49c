"""A Sample: rows of one modality, with their schema and what was noticed while reading them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from evalkit.core.errors import ShapeError
from evalkit.core.schema import Column, Picture, Schema

RowNumbers = NDArray[np.intp] | NDArray[np.bool_] | slice
"""Which rows: their numbers, a mask, or a slice."""


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

    def take(self, rows: RowNumbers) -> Self:
        """The given rows, in the given order.

        >>> schema = Schema(modality="table", columns=(Column(name="a", kind="number"),))
        >>> table = Table("demo", schema, pd.DataFrame({"a": [1.0, 2.0, 3.0]}))
        >>> table.take(np.array([2, 0])).frame["a"].tolist()
        [3.0, 1.0]
        """
        chosen = np.arange(len(self))[rows]
        cells = None if self.cells is None else self.cells.take(chosen)
        return replace(self, frame=self.frame.iloc[chosen].reset_index(drop=True), cells=cells)


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts, each a row.

    Attributes:
        name: what the user calls them.
        schema: one column of kind ``text``.
        texts: (n,) Arrow column of large strings, none missing; they may lie in a memory-mapped file.
        problems: what was noticed while reading.

    >>> texts = Texts.of(["to be", "or not"])
    >>> len(texts), texts.take(np.array([1])).texts.to_pylist()
    (2, ['or not'])
    """

    name: str
    schema: Schema
    texts: pa.ChunkedArray
    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, texts: Iterable[str], name: str = "texts", column: str = "text") -> Self:
        """Texts from strings in memory."""
        schema = Schema(modality="texts", columns=(Column(name=column, kind="text"),))
        return cls(name, schema, pa.chunked_array([pa.array(texts, pa.large_string())]))

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: RowNumbers) -> Self:
        """The given texts, in the given order."""
        return replace(self, texts=self.texts.take(pa.array(np.arange(len(self))[rows])))


@dataclass(frozen=True, eq=False)
class Images:
    """Images of one size, each a row.

    Attributes:
        name: what the user calls them.
        schema: their ``picture`` (height, width, channels), and the column ``caption`` when they have captions.
        pixels: (n, height, width, channels) uint8, or uint16 over its whole range; they may lie in a memory-mapped file.
        captions: one text an image, or None.
        names: where each image came from: a path below the folder, or its number.
        problems: what was noticed while reading.

    >>> images = Images.of(np.zeros((2, 8, 8, 1), dtype=np.uint8), captions=("zero", "one"))
    >>> images.take(np.array([1])).captions
    ('one',)
    """

    name: str
    schema: Schema
    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    captions: tuple[str, ...] | None
    names: tuple[str, ...]
    problems: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        picture = self.schema.picture
        form = None if picture is None else (picture.height, picture.width, picture.channels)
        n = len(self.pixels)
        if self.pixels.shape[1:] != form or self.pixels.dtype not in (np.uint8, np.uint16) or len(self.names) != n:
            raise ShapeError(
                f"images need uint8 or uint16 pixels of shape (n, height, width, channels), the last three {form}, and n names, "
                f"got {self.pixels.dtype} of shape {self.pixels.shape} and {len(self.names)} names"
            )
        if self.captions is not None and len(self.captions) != n:
            raise ShapeError(f"every image needs a caption or none has one, got {n} images and {len(self.captions)} captions")

    @classmethod
    def of(
        cls, pixels: NDArray[np.uint8] | NDArray[np.uint16], name: str = "images", captions: tuple[str, ...] | None = None
    ) -> Self:
        """Images from an array in memory, numbered from 1."""
        if pixels.ndim != 4 or 0 in pixels.shape[1:] or pixels.shape[3] not in (1, 3):
            raise ShapeError(f"images need shape (n, height, width, 1 or 3), got {pixels.shape}: reshape the array")
        _, height, width, channels = pixels.shape
        columns = () if captions is None else (Column(name="caption", kind="text"),)
        picture = Picture(height=height, width=width, channels=1 if channels == 1 else 3)
        schema = Schema(modality="images", columns=columns, picture=picture)
        return cls(name, schema, pixels, captions, tuple(str(i) for i in range(1, len(pixels) + 1)))

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, rows: RowNumbers) -> Self:
        """The given images, in the given order."""
        chosen = np.arange(len(self))[rows]
        captions = None if self.captions is None else tuple(self.captions[i] for i in chosen)
        return replace(self, pixels=self.pixels[chosen], captions=captions, names=tuple(self.names[i] for i in chosen))


@dataclass(frozen=True, eq=False)
class Series:
    """Series, each row one entity's steps: a machine, a patient, a recording.

    Attributes:
        name: what the user calls them.
        schema: the time's column, perhaps the entity's, and the channels.
        values: (steps, channels) float64, entity after entity, in order of time; NaN = missing, never infinite; they may lie in a
            memory-mapped file.
        times: (steps,) datetime64[ns] or float64, rising within an entity.
        starts: (n + 1,) int64; entity i has the steps ``starts[i]`` to ``starts[i + 1]``.
        entities: their names.
        problems: what was noticed while reading.

    >>> series = Series.of([np.zeros((5, 2)), np.ones((3, 2))], channels=("level", "flow"))
    >>> len(series), series.channels, series.steps(1).shape
    (2, ('level', 'flow'), (3, 2))
    """

    name: str
    schema: Schema
    values: NDArray[np.float64]
    times: NDArray[np.float64] | NDArray[np.datetime64]
    starts: NDArray[np.int64]
    entities: tuple[str, ...]
    problems: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        n_steps, n = len(self.times), len(self.entities)
        if self.values.shape != (n_steps, len(self.channels)) or self.starts.shape != (n + 1,) or self.starts[-1] != n_steps:
            raise ShapeError(
                f"series need values of shape (steps, {len(self.channels)}), a time a step and {n + 1} starts, the last of "
                f"them the number of steps, got {self.values.shape}, {n_steps} times and {len(self.starts)} starts"
            )

    @classmethod
    def of(cls, steps: Sequence[NDArray[np.float64]], channels: tuple[str, ...], name: str = "series") -> Self:
        """Series from one array (steps, channels) an entity, with steps 0, 1, 2, … as their time."""
        times = np.concatenate([np.arange(len(one), dtype=np.float64) for one in steps])
        starts = np.cumsum([0, *(len(one) for one in steps)], dtype=np.int64)
        entities = tuple(str(i) for i in range(1, len(steps) + 1))
        return cls(name, cls.numbered_schema(channels), np.concatenate(steps), times, starts, entities)

    @staticmethod
    def numbered_schema(channels: Iterable[str]) -> Schema:
        """The schema of series that are no table: steps or seconds as ``time``, an ``entity``, and the channels."""
        time, entity = Column(name="time", kind="number"), Column(name="entity", kind="identifier")
        return Schema(modality="series", columns=(time, entity, *(Column(name=channel, kind="number") for channel in channels)))

    def __len__(self) -> int:
        return len(self.entities)

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels' names."""
        return tuple(column.name for column in self.schema.columns[1:] if column.kind == "number")

    def steps(self, i: int) -> NDArray[np.float64]:
        """The values of one entity, (steps, channels)."""
        return self.values[self.starts[i] : self.starts[i + 1]]

    def take(self, rows: RowNumbers) -> Self:
        """The given entities, in the given order."""
        chosen = np.arange(len(self))[rows]
        parts = [np.arange(self.starts[i], self.starts[i + 1]) for i in chosen]
        places = np.concatenate([np.zeros(0, dtype=np.intp), *parts]).astype(np.intp)
        starts = np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64)
        entities = tuple(self.entities[i] for i in chosen)
        return replace(self, values=self.values[places], times=self.times[places], starts=starts, entities=entities)


Sample = Table | Texts | Images | Series
"""Any modality's Sample: ``name``, ``schema`` (its ``modality`` tells which), ``problems``, ``len()``, ``take(rows)``."""
