"""From series to windows and back, as fitted on a reference."""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sklearn.exceptions import NotFittedError

from evalkit.core.errors import InputError, ModelError, SchemaError
from evalkit.core.sample import Series
from evalkit.core.schema import Schema
from evalkit.core.state import ReadState, State
from evalkit.data.spool import room_for
from evalkit.data.timed import channels_of
from evalkit.data.windows import Windows

LONGEST_WINDOW = 65_536
_WINDOWS = 1000


class _Fitted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    series_schema: Schema
    length: int = Field(ge=1, le=LONGEST_WINDOW)
    stride: int = Field(ge=1, le=LONGEST_WINDOW)
    begin: float
    step: float


class SeriesEncoder:
    """From series to windows of equal length and back.

    Windows count steps, not time: one that runs across a gap shows nothing of it. Every step lies in at least one window: the last
    one of an entity is moved back to end where the entity does, and an entity shorter than a window has missing steps in front.

    Args:
        length: steps a window.
        stride: steps from one window to the next; None: a quarter of the length, or less where the reference would give fewer than
            about a thousand windows. Windows that overlap are not independent: a p-value or an interval over them says more than
            it knows.

    >>> series = Series.of([np.arange(5.0)[:, None]], channels=("level",))
    >>> encoder = SeriesEncoder(length=2, stride=2).fit(series)
    >>> windows = encoder.transform(series)
    >>> windows.values[:, :, 0].tolist(), windows.starts.tolist()
    ([[0.0, 1.0], [2.0, 3.0], [3.0, 4.0]], [0, 2, 3])
    >>> encoder.decode(windows).values[:, 0].tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """

    def __init__(self, length: int = 64, stride: int | None = None) -> None:
        self.length = length
        self.stride = stride
        self._fitted: _Fitted | None = None

    def fit(self, series: Series) -> Self:
        """Take over channels, the first time and the usual step.

        Raises:
            InputError: a setting is out of its range.
        """
        usual = max(1, min(self.length // 4, len(series.values) // _WINDOWS))
        stride = usual if self.stride is None else self.stride
        if not (1 <= self.length <= LONGEST_WINDOW and 1 <= stride <= self.length):
            raise InputError(
                f"windows need a length from 1 to {LONGEST_WINDOW:,} and a stride from 1 to that length, "
                f"got {self.length} and {stride}"
            )
        steps = np.diff(series.times).astype(np.float64)  # of the whole nanoseconds: as floats they are 256 apart
        steps = steps[steps > 0]
        step = float(np.median(steps)) if len(steps) else 1.0
        self._fitted = _Fitted(
            series_schema=series.schema,
            length=self.length,
            stride=stride,
            begin=float(series.times[:1].astype(np.float64)[0]),
            step=step,
        )
        return self

    @property
    def schema(self) -> Schema:
        """The reference's schema."""
        return self._state.series_schema

    def transform(self, series: Series) -> Windows:
        """Cut windows out of each entity, which depend on that entity only.

        Raises:
            SchemaError: the Sample is of another modality, or has other channels.
        """
        length, channels = self._state.length, channels_of(self.schema)
        if series.schema.modality != "series" or series.channels != channels:
            raise SchemaError("the series do not have the channels that this encoder was fitted to: load them under its schema")
        starts = [_starts(n, length, self._state.stride) for n in np.diff(series.starts).tolist()]
        entities = np.repeat(np.arange(len(starts)), [len(each) for each in starts]).astype(np.int64)
        windows = Windows(room_for((len(entities), length, len(channels)), np.float64), channels, entities, np.concatenate(starts))
        for i, (entity, start) in enumerate(zip(entities.tolist(), windows.starts.tolist(), strict=True)):
            steps = series.steps(entity)[max(start, 0) : start + length]
            windows.values[i, : length - len(steps)] = np.nan
            windows.values[i, length - len(steps) :] = steps
        return windows

    def decode(self, windows: Windows, *, name: str = "generated") -> Series:
        """Put windows back where they were cut from; where they overlap, their mean stands, missing values aside.

        Steps that no window covers are missing. Times go on from the reference's first by its usual step.

        Raises:
            SchemaError: the windows have other channels or another length.
        """
        if windows.channels != channels_of(self.schema) or windows.values.shape[1] != self._state.length:
            raise SchemaError(
                "the windows have another length or other channels than this encoder gives: decode them with their own"
            )
        parts = [_joined(windows.take(windows.entities == entity)) for entity in np.unique(windows.entities)]
        starts = np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64)
        values = np.concatenate([np.zeros((0, len(windows.channels))), *parts])
        steps = np.concatenate([np.zeros(0), *(np.arange(len(part)) for part in parts)])
        names = tuple(str(i) for i in range(1, len(parts) + 1))
        return Series(name, self.schema, values, self._times(steps), starts, names)

    def to_state(self) -> State:
        """What was learned, as plain JSON values."""
        return self._state.model_dump(mode="json")

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """What :meth:`to_state` gave.

        Raises:
            ModelError: the state is not an encoder's.
        """
        try:
            fitted = _Fitted.model_validate(dict(state))
        except ValidationError as error:
            raise ModelError(
                "the model's series encoder is damaged or was written by another version: fit the model again"
            ) from error
        encoder = cls(fitted.length, fitted.stride)
        encoder._fitted = fitted
        return encoder

    def times_after(self, last: np.float64 | np.datetime64, n: int) -> NDArray[np.float64] | NDArray[np.datetime64]:
        """The n times that follow the given one by the reference's usual step."""
        later = np.arange(1.0, n + 1) * self._state.step
        if isinstance(last, np.datetime64):
            return np.asarray(last + later.astype("timedelta64[ns]"))
        return np.asarray(float(last) + later, dtype=np.float64)

    def _times(self, steps: NDArray[np.float64]) -> NDArray[np.float64] | NDArray[np.datetime64]:
        if self.schema.columns[0].kind != "datetime":
            return self._state.begin + steps * self._state.step
        begin = np.int64(np.rint(self._state.begin / 1e3)) * 1000  # as a float, today's nanoseconds are off by up to 128
        return np.asarray((begin + np.rint(steps * self._state.step).astype(np.int64)).astype("datetime64[ns]"))

    @property
    def _state(self) -> _Fitted:
        if self._fitted is None:
            raise NotFittedError("this SeriesEncoder is not fitted yet: call fit with the reference first")
        return self._fitted


def _starts(n: int, length: int, stride: int) -> NDArray[np.int64]:
    """Where the windows of an entity of n steps begin."""
    last = n - length
    starts = np.arange(0, max(last, 0) + 1, stride, dtype=np.int64) if last >= 0 else np.array([last], dtype=np.int64)
    return starts if starts[-1] == last else np.append(starts, np.int64(last))


def _joined(windows: Windows) -> NDArray[np.float64]:
    """The steps of one entity from its first window to its last."""
    length = windows.values.shape[1]
    begin = max(int(windows.starts.min()), 0)
    mean = np.zeros((int(windows.starts.max()) + length - begin, len(windows.channels)))
    count = np.zeros(mean.shape)
    for start, values in zip(windows.starts.tolist(), windows.values, strict=True):
        inside = values[max(begin - start, 0) :]
        there = slice(max(start - begin, 0), max(start - begin, 0) + len(inside))
        present = ~np.isnan(inside)
        count[there] += present
        # A running mean: equal values stay what they are to the last bit.
        mean[there] += np.where(present, inside - mean[there], 0.0) / np.maximum(count[there], 1.0)
    return np.where(count > 0, mean, np.nan)
