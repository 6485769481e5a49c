"""Numbers, counts, yes/no and labels as features. Each encoder is fitted on one column of the reference and is plain data."""

from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from evalkit.core.schema import Column
from evalkit.data.rows import Feature

MOST_LEVELS = 64
_MOST_DECIMALS = 9
_ALL_WHOLE = 2.0**53


class NumberEncoder(BaseModel):
    """A measured or counted number, in its own units.

    Attributes:
        decimals: what the reference is rounded to, so that decoded numbers are too; None when it is not rounded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["number", "count"]
    column: str
    decimals: int | None

    @classmethod
    def fit(cls, column: Column, frame: pd.DataFrame) -> Self:
        """Find out what the column is rounded to."""
        kind: Literal["number", "count"] = "count" if column.kind == "count" else "number"
        return cls(kind=kind, column=column.name, decimals=_decimals(frame[column.name].to_numpy(np.float64)))

    @property
    def features(self) -> tuple[Feature, ...]:
        """One feature."""
        return (Feature(column=self.column, name=self.column, kind=self.kind),)

    def encode(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """The numbers as they are; what cannot be a count is missing from a count."""
        values = frame[self.column].to_numpy(np.float64)
        if self.kind == "count":
            values = np.where((values >= 0) & (values == np.floor(values)), values, np.nan)
        return values[:, None]

    def decode(self, values: NDArray[np.float64]) -> pd.Series:
        """Numbers rounded as the reference's; counts are whole and not negative."""
        numbers = values[:, 0]
        if self.kind == "count":
            return pd.Series(np.maximum(np.rint(numbers), 0.0))
        return pd.Series(numbers if self.decimals is None else _rounded(numbers, self.decimals))


class BooleanEncoder(BaseModel):
    """Yes or no as 1 or 0."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["boolean"] = "boolean"
    column: str

    @classmethod
    def fit(cls, column: Column, frame: pd.DataFrame) -> Self:
        """There is nothing to learn."""
        return cls(column=column.name)

    @property
    def features(self) -> tuple[Feature, ...]:
        """One feature."""
        return (Feature(column=self.column, name=self.column, kind="boolean"),)

    def encode(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """0, 1 or missing."""
        return frame[self.column].to_numpy(np.float64)[:, None]

    def decode(self, values: NDArray[np.float64]) -> pd.Series:
        """The nearer of 0 and 1."""
        return pd.Series(np.clip(np.rint(values[:, 0]), 0.0, 1.0))


class CategoryEncoder(BaseModel):
    """Labels as codes in the order of their frequency.

    Every label beyond the 64 most frequent, and every new one, has the code after the last.

    Attributes:
        levels: the reference's labels, most frequent first, ties in the order of the alphabet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["category"] = "category"
    column: str
    levels: tuple[str, ...]

    @classmethod
    def fit(cls, column: Column, frame: pd.DataFrame) -> Self:
        """Take the most frequent labels."""
        counts = frame[column.name].value_counts().to_dict()
        levels = sorted(counts, key=lambda level: (-counts[level], level))[:MOST_LEVELS]
        return cls(column=column.name, levels=tuple(levels))

    @property
    def features(self) -> tuple[Feature, ...]:
        """One feature."""
        return (Feature(column=self.column, name=self.column, kind="category", levels=self.levels),)

    def encode(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Codes 0 … K, where K is any label that is not among the levels."""
        labels = frame[self.column]
        codes = pd.Index(self.levels, dtype=object).get_indexer(pd.Index(labels, dtype=object)).astype(np.float64)
        codes[codes < 0] = len(self.levels)
        codes[labels.isna().to_numpy()] = np.nan
        return codes[:, None]

    def decode(self, values: NDArray[np.float64]) -> pd.Series:
        """The labels; missing for the code that stands for all others."""
        words = np.array([*self.levels, None], dtype=object)
        codes = np.nan_to_num(np.rint(values[:, 0]), nan=len(self.levels)).astype(np.intp)
        return pd.Series(words[np.clip(codes, 0, len(self.levels))], dtype=object)


def _decimals(values: NDArray[np.float64]) -> int | None:
    """The fewest decimals that write every value exactly."""
    present = values[~np.isnan(values)]
    for decimals in range(_MOST_DECIMALS + 1):
        if (_rounded(present, decimals) == present).all():
            return decimals
    return None


def _rounded(values: NDArray[np.float64], decimals: int) -> NDArray[np.float64]:
    """As np.round, which overflows for numbers so large that they are whole anyway."""
    whole = ~(np.abs(values) < _ALL_WHOLE)
    return np.where(whole, values, np.round(np.where(whole, 0.0, values), decimals))
