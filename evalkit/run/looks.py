"""What there is to look at in a fitted backbone: draws, the way between two rows, rows under noise, surprising words, forecasts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.backbones.base import Backbone
from evalkit.backbones.diffusion import Diffusion
from evalkit.backbones.language import LanguageModel
from evalkit.core.errors import CapabilityError
from evalkit.core.sample import Images, Sample, Series, Table, Texts
from evalkit.core.schema import Modality
from evalkit.data.encoded import expect
from evalkit.data.text_encoding import TextEncoder
from evalkit.data.tokens import Tokens
from evalkit.run.models import load_backbone

Look = Literal["interpolate", "noising", "surprise", "forecast"]
LONGEST_TEXT = 2000
"""Characters of a text whose words are shown one by one."""

_NATS_A_BIT = float(np.log(2))


@dataclass(frozen=True)
class Word:
    """A stretch of a text without a space in it, and how little the model expected it.

    Attributes:
        text: with the spaces behind it.
        bits: surprisal; 10 bits: the model gave it one chance in about a thousand.
    """

    text: str
    bits: float


@dataclass(frozen=True, eq=False)
class Foretold:
    """What was foretold of a series, beside what came.

    Attributes:
        channels: their names.
        steps: (steps, channels) all of the series.
        known: how many of its steps the model was given.
        median, low, high: (steps - known, channels) its forecast with a 90 % interval for each step and channel.
    """

    channels: tuple[str, ...]
    steps: NDArray[np.float64]
    known: int
    median: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class Opened:
    """A fitted model, opened to be looked at.

    Args:
        folder: where it was saved.
    """

    def __init__(self, folder: Path) -> None:
        self._model: Backbone = load_backbone(folder)

    @property
    def modality(self) -> Modality:
        """What it draws."""
        return self._model.schema_.modality

    def looks(self) -> list[Look]:
        """What its family can show."""
        capable = self._model.capabilities[self.modality]
        offered: dict[Look, bool] = {
            "interpolate": "interpolate" in capable,
            "noising": isinstance(self._model, Diffusion),
            "surprise": isinstance(self._model, LanguageModel) and self.modality == "texts",
            "forecast": isinstance(self._model, LanguageModel) and self.modality == "series",
        }
        return [look for look, can in offered.items() if can]

    def draw(self, n: int, seed: int) -> Sample:
        """New rows."""
        return self._model.sample(n, random_state=seed)

    def way(self, rows: Sample, first: int, last: int, steps: int) -> Sample:
        """The rows met between two of the given ones, both ends as the model sees them."""
        return self._model.interpolate(rows.take(np.array([first])), rows.take(np.array([last])), steps=steps)

    def noising(self, rows: Sample, row: int, steps: int) -> Sample:
        """One of the given rows under more and more noise, ``steps + 1`` rows from itself to noise."""
        return _film(_diffusion(self._model).noising(rows.take(np.array([row])), steps))

    def denoising(self, steps: int, seed: int) -> Sample:
        """What becomes of noise on its way to a new row, at most ``steps + 1`` rows, the last one what is drawn with this seed."""
        return _film(_diffusion(self._model).denoising(1, steps, seed))

    def foretold(self, rows: Sample, row: int, share: float, seed: int = 0) -> Foretold:
        """What the model foretells of one of the given series from the first share of its steps, at least one."""
        if not isinstance(rows, Series) or not isinstance(self._model, LanguageModel):
            raise TypeError("forecasts are made by a language model of series: ask for looks() first")
        steps = rows.steps(row)
        known = min(max(round(share * len(steps)), 1), len(steps) - 1)
        begun = Series.of([steps[:known]], rows.channels)
        lines = self._model.forecast(begun, steps=len(steps) - known, random_state=seed)
        figures = (lines[name].to_numpy().reshape(-1, len(rows.channels)) for name in ("median", "low", "high"))
        return Foretold(rows.channels, steps, known, *figures)

    def words(self, text: str) -> list[Word]:
        """The words of a text with what each surprised the model by, up to :data:`LONGEST_TEXT` characters."""
        encoder = _text_encoder(self._model)
        rows = expect(self._model.encode(Texts.of([text[:LONGEST_TEXT]])), Tokens)
        bits = self._model.terms_rows(rows)[0] / _NATS_A_BIT
        pieces = [encoder.piece(token) for token in rows.row(0).tolist()]
        return _words(pieces, bits.tolist())


def _film(frames: Sequence[Sample]) -> Sample:
    """Samples of one row each as one Sample."""
    first = frames[0]
    if isinstance(first, Table):
        return replace(
            first, frame=pd.concat([one.frame for one in frames if isinstance(one, Table)], ignore_index=True), cells=None
        )
    if isinstance(first, Images):
        return Images.of(np.concatenate([one.pixels for one in frames if isinstance(one, Images)]), first.name)
    if isinstance(first, Series):
        return Series.of([one.steps(0) for one in frames if isinstance(one, Series)], first.channels, first.name)
    raise CapabilityError("texts have no levels of noise: choose another look")


def _words(pieces: list[bytes], bits: list[float]) -> list[Word]:
    r"""Put the pieces of a text together into words; a space belongs to the word before it.

    >>> _words([b"to", b" b", b"e", b" ", b"or"], [1.0, 2.0, 3.0, 0.5, 4.0])
    [Word(text='to', bits=1.0), Word(text=' be ', bits=5.5), Word(text='or', bits=4.0)]
    """
    groups: list[tuple[list[bytes], list[float]]] = []
    behind_space = True
    for piece, one in zip(pieces, bits, strict=True):
        begins = piece[:1].isspace() and bool(piece.strip())
        if not groups or begins or (behind_space and piece.strip()):
            groups.append(([], []))
        groups[-1][0].append(piece)
        groups[-1][1].append(one)
        behind_space = piece[-1:].isspace() if piece else behind_space
    return [Word(b"".join(texts).decode(errors="replace"), float(sum(values))) for texts, values in groups]


def _diffusion(model: Backbone) -> Diffusion:
    if not isinstance(model, Diffusion):
        raise TypeError("rows under noise are shown by a diffusion model: ask for looks() first")
    return model


def _text_encoder(model: Backbone) -> TextEncoder:
    if not isinstance(model.encoder_, TextEncoder):
        raise TypeError("words that surprise are shown by a language model of texts: ask for looks() first")
    return model.encoder_
