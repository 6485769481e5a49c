"""What the columns of a Sample mean."""

from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evalkit.core.errors import SchemaError

Modality = Literal["table", "images", "texts", "series"]
Kind = Literal["number", "count", "category", "boolean", "datetime", "text", "identifier"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Resize = Literal["pad", "crop", "stretch"]


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


class Picture(BaseModel):
    """The form that every image of a Sample has.

    Attributes:
        height: in pixels.
        width: in pixels.
        channels: 1 is grey, 3 is RGB.
        resize: how an image of another shape is brought to it: ``pad`` shrinks or grows it until it fits and fills the rest with
            black, ``crop`` until it covers and cuts off what sticks out, ``stretch`` changes its proportions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    height: int = Field(ge=1)
    width: int = Field(ge=1)
    channels: Literal[1, 3]
    resize: Resize = "pad"


class Schema(BaseModel):
    """The columns of a Sample in their order.

    Texts have one column of kind ``text``. Images have the column ``caption`` of kind ``text`` or none, and a ``picture``. Series
    have their time first (``datetime``, or ``number`` for steps and seconds), then perhaps an ``identifier`` that names the
    entity, then their channels, each a ``number``.

    Attributes:
        modality: what the Sample is made of.
        columns: see above; a table's are any.
        picture: the form of images; None for any other modality.

    >>> schema = Schema(modality="table", columns=(Column(name="amount", kind="number"),))
    >>> schema.names
    ('amount',)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    modality: Modality
    columns: tuple[Column, ...]
    picture: Picture | None = None

    @model_validator(mode="after")
    def _pictures_for_images_only(self) -> Self:
        if (self.modality == "images") != (self.picture is not None):
            raise ValueError("images have a picture, nothing else does")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in their order."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError(f"there is no column {name!r}: the columns are {', '.join(map(repr, self.names[:20]))}")
