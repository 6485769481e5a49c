"""What the columns of a Sample mean."""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from evalkit.core.errors import SchemaError

Modality = Literal["table", "images", "texts", "series"]
Kind = Literal["number", "count", "category", "boolean", "datetime", "text", "identifier"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Column(BaseModel):
    """One column: its name and what its values are.

    ``number`` is measured, ``count`` is a whole number >= 0 of something, ``category`` one of a few labels, ``boolean`` yes or
    no, ``datetime`` a moment, ``text`` free writing, ``identifier`` names the row and says nothing about it (it is left out).

    Attributes:
        name: as in the header.
        kind: see above.
        day_first: how a date such as 03/04/2026 is read: the 3rd of April, or the 4th of March. Part of the column's meaning,
            since one row alone cannot tell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Kind
    day_first: bool = False


class Schema(BaseModel):
    """The columns of a Sample in their order.

    >>> schema = Schema(modality="table", columns=(Column(name="amount", kind="number"),))
    >>> schema.names
    ('amount',)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    modality: Modality
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in their order."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError(f"there is no column {name!r}: the columns are {', '.join(map(repr, self.names[:20]))}")
