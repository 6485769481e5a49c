"""What an extractor is: settings, which a reference turns into a fitted one, which turns Samples into feature arrays."""

import hashlib
from collections.abc import Iterable, Sized
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import InputError, SchemaError, ShapeError
from evalkit.core.sample import Sample
from evalkit.core.state import ReadState
from evalkit.data.cells import first_row

Array = NDArray[np.float64]
S = TypeVar("S", bound=Sized)


@dataclass(frozen=True, eq=False)
class Features:
    """Feature arrays of one Sample.

    Attributes:
        values: (n, d) finite float64.
        extractor: what made them, for example ``"pixel_pca"``.
        digest: a hash of the extractor's settings and of all that it learned. Figures from different digests say nothing about
            each other.
        rows: (n,) int64, the row of the Sample that each row of ``values`` describes; several describe one row where an extractor
            cuts series into windows, and those are not independent.
    """

    values: Array
    extractor: str
    digest: str
    rows: NDArray[np.int64]


@runtime_checkable
class FittedExtractor(Protocol):
    """An extractor that has learned.

    Attributes:
        name: as in ``EXTRACTORS``.
        digest: see :class:`Features`.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - see the class

    @property
    def digest(self) -> str: ...  # noqa: D102 - see the class

    def extract(self, sample: Any, /) -> Features:
        """The features of a Sample: a row's depend on that row and on what was learned only."""


class Extractor(Protocol):
    """One way from a Sample to features: a frozen dataclass of settings, whose repr is their text."""

    def fit(self, reference: Any, /, *, seed: int) -> FittedExtractor:
        """Learn from reference rows that no figure is computed on: the same rows and seed, the same bytes."""


def as_features(values: ArrayLike) -> Features:
    """Features that the user computed.

    All such arrays of one width have one digest: whoever computes them sees to it that the reference's and the generators' come
    from one model.

    Args:
        values: (n, d) finite numbers, d >= 1.

    Raises:
        ShapeError: it is no array of two axes.
        InputError: it holds something else than finite numbers.

    >>> as_features([[1, 2], [3, 4]]).values.dtype.name
    'float64'
    """
    array = numbers(values, "features")
    if array.ndim != 2 or not array.shape[1]:
        raise ShapeError(f"features need shape (rows, features) with a feature or more, got {array.shape}: reshape the array")
    return features_of(array, "values", digest_of("values", array.shape[1]))


def numbers(values: ArrayLike, whose: str) -> Array:
    """A copy as float64.

    Raises:
        InputError: it holds something else than real numbers, or rows of different lengths.
    """
    sentence = f"{whose} must be real numbers in rows of one length: found something else, convert it to an array of floats first"
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(sentence) from error
    if array.dtype.kind not in "biuf":
        raise InputError(sentence)
    return array.astype(np.float64)


def features_of(values: Array, extractor: str, digest: str, rows: NDArray[np.int64] | None = None) -> Features:
    """Features, once they are known to be finite.

    Raises:
        InputError: one is not.
    """
    if (row := first_row(~np.isfinite(values).all(axis=1))) is not None:
        raise InputError(f"the features of row {row} ({extractor}) are missing or infinite: mend that row or leave it out")
    return Features(values, extractor, digest, np.arange(len(values), dtype=np.int64) if rows is None else rows)


def sample_for(extractor: str, kind: type[S], sample: Any, *, least: int = 0) -> S:
    """The Sample, where it is of the extractor's modality and has rows enough.

    Raises:
        SchemaError: it is of another modality.
        ShapeError: it has fewer rows.
    """
    if not isinstance(sample, kind):
        found = sample.schema.modality if isinstance(sample, Sample) else type(sample).__name__
        raise SchemaError(f"{extractor} reads {kind.__name__}, got {found}: give those, or choose an extractor for what you have")
    n = len(sample)
    if n < least:
        raise ShapeError(f"{extractor} needs {least} reference row{'s' * (least > 1)} to learn from, got {n}: give more")
    return sample


def kept(state: ReadState, name: str, *shape: int | None) -> Array:
    """A saved array of float64, where it has this shape and holds finite numbers; None stands for any length.

    Raises:
        ValueError: it is something else: the state came from a file.
    """
    array = state[name]
    fits = isinstance(array, np.ndarray) and array.dtype == np.float64 and array.ndim == len(shape)
    if not fits or any(wanted not in (None, found) for wanted, found in zip(shape, array.shape, strict=True)):
        raise ValueError(f"{name} has another form")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds what is no number")
    return np.asarray(array)


def digest_of(*parts: object) -> str:
    """SHA-256 of settings and of what was learned: arrays by shape, type and bytes, all else by its repr.

    >>> digest_of("a", np.zeros(2)) == digest_of("a", np.zeros(2)), digest_of("a", 1) == digest_of("a", 2)
    (True, False)
    """
    result = hashlib.sha256()
    for block in _bytes_of(parts):
        result.update(len(block).to_bytes(8, "little"))
        result.update(block)
    return result.hexdigest()


def _bytes_of(parts: Iterable[object]) -> Iterable[bytes]:
    for part in parts:
        if isinstance(part, np.ndarray):
            yield f"{part.shape}{part.dtype.str}".encode()
            yield np.ascontiguousarray(part).tobytes()
        else:
            yield repr(part).encode()
