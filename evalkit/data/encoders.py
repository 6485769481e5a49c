"""One encoder a modality: from Samples to encoded rows and back, as fitted on a reference."""

from collections.abc import Mapping
from typing import Any, Protocol, Self

from evalkit.core.errors import InputError
from evalkit.core.sample import Sample
from evalkit.core.schema import Modality, Schema
from evalkit.core.state import ReadState, State
from evalkit.data.encoded import Encoded
from evalkit.data.encoding import TableEncoder
from evalkit.data.image_encoding import ImageEncoder
from evalkit.data.series_encoding import SeriesEncoder
from evalkit.data.text_encoding import TextEncoder


class Encoder(Protocol):
    """What every encoder does, each with the Samples and the encoded rows of its modality."""

    @property
    def schema(self) -> Schema:
        """The reference's schema, under which new data are loaded."""

    def fit(self, sample: Any, /) -> Self:
        """Learn from the reference."""

    def transform(self, sample: Any, /) -> Encoded:
        """Encode rows; a row's encoding depends on that row and the reference only."""

    def decode(self, encoded: Any, /) -> Sample:
        """Turn encoded rows into a Sample."""

    def to_state(self) -> State:
        """What was learned."""

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """What :meth:`to_state` gave."""


ENCODERS: Mapping[Modality, type[Encoder]] = {
    "table": TableEncoder,
    "images": ImageEncoder,
    "texts": TextEncoder,
    "series": SeriesEncoder,
}


def encoder_for(sample: Sample, wanted: Encoder | None = None) -> Encoder:
    """The encoder of a Sample's modality, fitted on that Sample.

    Args:
        sample: the reference.
        wanted: an encoder with settings of one's own; None: the usual one.

    Raises:
        InputError: the wanted one is for another modality.

    >>> import pandas as pd
    >>> from evalkit.data.load import load
    >>> type(encoder_for(load(pd.DataFrame({"a": [1.5, 2.5]})))).__name__
    'TableEncoder'
    """
    family = ENCODERS[sample.schema.modality]
    if wanted is not None and type(wanted) is not family:
        raise InputError(
            f"{sample.schema.modality} need a {family.__name__}, got a {type(wanted).__name__}: give that, or leave the encoder out"
        )
    return (wanted or family()).fit(sample)


def encoder_from_state(modality: Modality, state: ReadState) -> Encoder:
    """What an encoder's ``to_state()`` gave.

    Raises:
        ModelError: the state is not an encoder's of this modality.
    """
    return ENCODERS[modality].from_state(state)
