"""From images to pixels and back, as fitted on a reference."""

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from sklearn.exceptions import NotFittedError

from evalkit.core.errors import ModelError, SchemaError
from evalkit.core.sample import Images
from evalkit.core.schema import Picture, Schema
from evalkit.core.state import ReadState, State
from evalkit.data.images import conformed
from evalkit.data.pixels import Pixels
from evalkit.data.spool import blocks, room_for


class _Fitted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    images_schema: Schema
    bits: int


class ImageEncoder:
    """From images to pixels from 0 to 1 and back. Images of another size or colour are brought to the reference's form first.

    >>> images = Images.of(np.arange(8, dtype=np.uint8).reshape(2, 2, 2, 1))
    >>> encoder = ImageEncoder().fit(images)
    >>> encoder.transform(images).layout.height, encoder.decode(encoder.transform(images)).pixels.ravel().tolist()
    (2, [0, 1, 2, 3, 4, 5, 6, 7])
    """

    _fitted: _Fitted | None = None

    def fit(self, images: Images) -> Self:
        """Take over height, width, channels and bits a channel."""
        self._fitted = _Fitted(images_schema=images.schema, bits=8 * images.pixels.dtype.itemsize)
        return self

    @property
    def schema(self) -> Schema:
        """The reference's schema."""
        return self._state.images_schema

    def transform(self, images: Images) -> Pixels:
        """Encode images, each by itself.

        Raises:
            SchemaError: the Sample is of another modality.
        """
        picture = self._picture
        if images.schema.modality != "images":
            raise SchemaError(f"this encoder was fitted to images and got {images.schema.modality}: give images")
        images = conformed(images, picture)
        values = room_for((len(images), picture.channels, picture.height, picture.width), np.float32)
        most = np.float32(np.iinfo(images.pixels.dtype).max)
        for block in blocks(len(images), values[:1].nbytes):
            values[block] = np.moveaxis(images.pixels[block].astype(np.float32) / most, 3, 1)
        return Pixels(values, images.captions)

    def decode(self, pixels: Pixels, *, name: str = "generated") -> Images:
        """Turn pixels into images with as many bits as the reference's; what lies outside 0 to 1 becomes black or full.

        Raises:
            SchemaError: the pixels have another shape than the reference's.
        """
        picture = self._picture
        layout = pixels.layout
        if (layout.height, layout.width, layout.channels) != (picture.height, picture.width, picture.channels):
            raise SchemaError("the pixels have another shape than this encoder gives: decode them with the encoder that made them")
        dtype = np.uint16 if self._state.bits == 16 else np.uint8
        whole = room_for((len(pixels), picture.height, picture.width, picture.channels), dtype)
        for block in blocks(len(pixels), pixels.values[:1].nbytes):
            some = np.clip(pixels.values[block], 0.0, 1.0)
            whole[block] = np.rint(np.moveaxis(some, 1, 3) * np.iinfo(dtype).max)
        images = Images.of(whole, name, pixels.captions)
        return conformed(images, picture)

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
            _ = encoder._picture
        except (ValidationError, SchemaError) as error:
            raise ModelError(
                "the model's image encoder is damaged or was written by another version: fit the model again"
            ) from error
        return encoder

    @property
    def _state(self) -> _Fitted:
        if self._fitted is None:
            raise NotFittedError("this ImageEncoder is not fitted yet: call fit with the reference first")
        return self._fitted

    @property
    def _picture(self) -> Picture:
        if (picture := self.schema.picture) is None:
            raise SchemaError("an encoder of images needs the schema of images: fit it to images")
        return picture
