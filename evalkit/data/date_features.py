"""Date-times as features: where on the time axis, when in the day, week and month, and how long after another column."""

from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from evalkit.core.schema import Column
from evalkit.data.rows import Feature

_DAY = 86_400 * 10**9
_STEPS = (_DAY, 3_600 * 10**9, 60 * 10**9, 10**9, 10**6, 10**3)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_THURSDAY = 3  # the weekday of 1 January 1970
_LONGER_THAN_A_MONTH = 31


class DatetimeEncoder(BaseModel):
    """A moment as features.

    Attributes:
        earlier: the date-time column before this one, to which the gap is measured; None for the first.
        step: nanoseconds between two moments that the reference can tell apart (a day for dates), for decoding.
        varies_in_day: whether the reference has more than one time of day.
        varies_in_month: whether it spans more than a month.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["datetime"] = "datetime"
    column: str
    earlier: str | None
    step: int
    varies_in_day: bool
    varies_in_month: bool

    @classmethod
    def fit(cls, column: Column, frame: pd.DataFrame) -> Self:
        """Find out which parts of the moments vary."""
        before = frame.columns[: list(frame.columns).index(column.name)]
        earlier = [str(name) for name in before if frame[name].dtype.kind == "M"]
        ticks = _ticks(frame[column.name].dropna())
        times = ticks % _DAY
        return cls(
            column=column.name,
            earlier=earlier[-1] if earlier else None,
            step=next((step for step in _STEPS if not (ticks % step).any()), _STEPS[-1]),
            varies_in_day=bool(len(times) and times.min() != times.max()),
            varies_in_month=bool(len(ticks) and int(ticks.max()) - int(ticks.min()) > _LONGER_THAN_A_MONTH * _DAY),
        )

    @property
    def features(self) -> tuple[Feature, ...]:
        """Position (not scored), then the parts that vary."""
        found = [Feature(column=self.column, name=f"{self.column}: days since 1970", kind="number", scored=False)]
        if self.varies_in_day:
            found += [
                Feature(column=self.column, name=f"{self.column}: {part} of the time of day", kind="number")
                for part in ("sine", "cosine")
            ]
        found.append(Feature(column=self.column, name=f"{self.column}: weekday", kind="category", levels=_WEEKDAYS))
        if self.varies_in_month:
            found.append(Feature(column=self.column, name=f"{self.column}: day of the month", kind="number"))
        if self.earlier is not None:
            found.append(Feature(column=self.column, name=f"{self.column}: days after {self.earlier}", kind="number"))
        return tuple(found)

    def encode(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """All features, missing where the moment is."""
        moments = frame[self.column]
        ticks = _ticks(moments)
        parts = [ticks / _DAY]
        if self.varies_in_day:
            angle = 2 * np.pi * ((ticks % _DAY) / _DAY)
            parts += [np.sin(angle), np.cos(angle)]
        parts.append(((ticks // _DAY + _THURSDAY) % 7).astype(np.float64))
        if self.varies_in_month:
            parts.append(_day_of_month(ticks))
        if self.earlier is not None:
            parts.append(ticks / _DAY - _ticks(frame[self.earlier]) / _DAY)
            parts[-1][frame[self.earlier].isna().to_numpy()] = np.nan
        values = np.column_stack(parts)
        values[moments.isna().to_numpy()] = np.nan
        return values

    def decode(self, values: NDArray[np.float64]) -> pd.Series:
        """The moment at the position, rounded as the reference's."""
        steps = np.rint(values[:, 0] * (_DAY / self.step))
        limit = np.iinfo(np.int64).max // self.step - 1
        missing = ~(np.abs(steps) <= limit)
        ticks = np.where(missing, 0, steps).astype(np.int64) * self.step
        return pd.Series(np.where(missing, np.datetime64("NaT", "ns"), ticks.astype("datetime64[ns]")))


def _ticks(moments: pd.Series) -> NDArray[np.int64]:
    """Nanoseconds since 1970; missing moments are 0 here and masked by the caller."""
    return np.where(moments.isna(), 0, moments.to_numpy("datetime64[ns]").astype(np.int64))


def _day_of_month(ticks: NDArray[np.int64]) -> NDArray[np.float64]:
    days = (ticks // _DAY).astype("datetime64[D]")
    return np.asarray((days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.float64) + 1.0)
