"""From tables to encoded rows and back, as fitted on a reference."""

from collections.abc import Iterator
from typing import Annotated, Any, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sklearn.exceptions import NotFittedError

from evalkit.core.errors import InputError, ModelError, SchemaError
from evalkit.core.sample import Problem, Table
from evalkit.core.schema import Column, Kind, Schema
from evalkit.core.state import ReadState, State
from evalkit.data.cells import first_row, shown
from evalkit.data.column_encoders import BooleanEncoder, CategoryEncoder, NumberEncoder
from evalkit.data.conforming import conform
from evalkit.data.date_features import DatetimeEncoder
from evalkit.data.rows import Feature, Rows
from evalkit.data.text_features import FreeTextEncoder

_ColumnEncoder = NumberEncoder | BooleanEncoder | CategoryEncoder | DatetimeEncoder | FreeTextEncoder
_ENCODERS: dict[Kind, type[_ColumnEncoder]] = {
    "number": NumberEncoder,
    "count": NumberEncoder,
    "boolean": BooleanEncoder,
    "category": CategoryEncoder,
    "datetime": DatetimeEncoder,
    "text": FreeTextEncoder,
}
"""Identifiers say nothing about a row and have no encoder."""


class _Fitted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    tables_schema: Schema
    encoders: tuple[Annotated[_ColumnEncoder, Field(discriminator="kind")], ...]


class TableEncoder:
    """From tables to encoded rows and back.

    A row's encoding depends on that row and the reference only, bit for bit. Missing values stay missing (NaN).

    >>> from evalkit.data.load import load
    >>> table = load(pd.DataFrame({"size": [1.5, 2.5], "colour": ["red", "blue"]}))
    >>> encoder = TableEncoder().fit(table)
    >>> encoder.transform(table).values.tolist()
    [[1.5, 1.0], [2.5, 0.0]]
    >>> encoder.decode(encoder.transform(table)).frame["colour"].tolist()
    ['red', 'blue']
    """

    _fitted: _Fitted | None = None

    def fit(self, table: Table) -> Self:
        """Learn levels, resolutions and which parts of date-times vary.

        Raises:
            SchemaError: every column is an identifier.
        """
        columns = [column for column in table.schema.columns if column.kind in _ENCODERS]
        if not columns:
            raise SchemaError(
                f"{shown(table.name)} has no column besides identifiers: at least one that describes the rows is needed"
            )
        encoders = tuple(_ENCODERS[column.kind].fit(column, table.frame) for column in columns)
        self._fitted = _Fitted(tables_schema=table.schema, encoders=encoders)
        return self

    @property
    def schema(self) -> Schema:
        """The reference's schema, identifiers included."""
        return self._state.tables_schema

    @property
    def features(self) -> tuple[Feature, ...]:
        """What the columns of encoded rows are."""
        return tuple(_with_unique_names(feature for encoder in self._state.encoders for feature in encoder.features))

    def transform(self, table: Table) -> Rows:
        """Encode rows; the table is brought under the reference's schema first.

        Raises:
            SchemaError: a column is missing or of another kind.
            InputError: a value is infinite.
        """
        frame = conform(table, self.schema).frame
        values = np.hstack([encoder.encode(frame) for encoder in self._state.encoders])
        rows = Rows(values, self.features)
        infinite = np.isinf(values)
        if (row := first_row(infinite.any(axis=1))) is not None:
            column = shown(rows.features[int(infinite[row - 1].argmax())].column)
            raise InputError(f"column {column} holds an infinite number in row {row}: replace it or leave it empty")
        return rows

    def decode(self, rows: Rows, *, name: str = "generated") -> Table:
        """Turn encoded rows into a table: numbers rounded as the reference's, labels, moments.

        Free text and identifiers cannot be made from features and come out missing; ``problems`` says so.

        Raises:
            SchemaError: the rows were encoded by another encoder.
        """
        if rows.features != self.features:
            raise SchemaError("the rows have other features than this encoder gives: decode them with the encoder that made them")
        values: dict[str, pd.Series] = {}
        place = 0
        for encoder in self._state.encoders:
            width = len(encoder.features)
            values[encoder.column] = encoder.decode(rows.values[:, place : place + width])
            place += width
        nothing = pd.Series([None] * len(rows), dtype=object)
        frame = pd.DataFrame({column.name: values.get(column.name, nothing) for column in self.schema.columns})
        return Table(name, self.schema, frame, tuple(_not_decoded(self.schema.columns)))

    def to_state(self) -> State:
        """What was learned, as plain JSON values."""
        return self._state.model_dump(mode="json")

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """What :meth:`to_state` gave.

        Raises:
            ModelError: the state is not an encoder's.
        """
        encoder = cls()
        try:
            encoder._fitted = _Fitted.model_validate(dict(state))
        except ValidationError as error:
            raise ModelError(
                "the model's table encoder is damaged or was written by another version: fit the model again"
            ) from error
        return encoder

    @property
    def _state(self) -> _Fitted:
        if self._fitted is None:
            raise NotFittedError("this TableEncoder is not fitted yet: call fit with the reference first")
        return self._fitted


def _with_unique_names(features: Any) -> Iterator[Feature]:
    """A column may be called as another column's feature is."""
    taken: set[str] = set()
    for feature in features:
        name = feature.name
        while name in taken:
            name += "'"
        taken.add(name)
        yield feature if name == feature.name else feature.model_copy(update={"name": name})


def _not_decoded(columns: tuple[Column, ...]) -> Iterator[Problem]:
    reasons: dict[Kind, str] = {
        "text": "is free text, which cannot be generated: left empty",
        "identifier": "names the row and is not generated: left empty",
    }
    return (Problem(what=reasons[column.kind], column=column.name) for column in columns if column.kind in reasons)
