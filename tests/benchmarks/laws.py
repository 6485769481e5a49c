"""Laws from which rows of every kind are drawn, so that what a figure should be is known."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from scipy.special import softmax

from evalkit.core.sample import Series, Table, Texts
from evalkit.core.schema import Column, Schema

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Draw = np.random.Generator
SYLLABLES = tuple(first + second for first in "bdfgklmnprst" for second in "aeiou")
TABLE = Schema(
    modality="table",
    columns=(
        Column(name="size", kind="number"),
        Column(name="price", kind="number"),
        Column(name="colour", kind="category"),
        Column(name="visits", kind="count"),
    ),
)


class Law(Protocol):
    """A law with one parameter: how far it is shifted from the reference's, which has 0."""

    def name(self) -> str:
        """In words."""

    def rows(self, count: int, shift: float, draw: Draw) -> Any:
        """So many independent rows: a feature array or a Sample."""


@dataclass(frozen=True)
class Scenario:
    """A reference and generators, of one law.

    Attributes:
        law: of the reference, whose shift is 0, and of the generators.
        n: reference rows.
        m: generated rows.
        shift: of a generator; a worse one is shifted by 1 more.
    """

    law: Law
    n: int
    m: int
    shift: float

    @property
    def equal(self) -> bool:
        """Whether generators have the reference's law."""
        return self.shift == 0

    def name(self) -> str:
        """In words."""
        return f"{self.law.name()}, n={self.n}, m={self.m}, shift {self.shift:g}"

    def reference(self, draw: Draw) -> Any:
        """Reference rows."""
        return self.law.rows(self.n, 0.0, draw)

    def fitted(self, draw: Draw) -> dict[str, Any]:
        """``fitted`` rows, where generators learned from some that matter."""
        return {}

    def generated(self, draw: Draw, *, worse: bool = False) -> Any:
        """Rows of a generator."""
        return self.law.rows(self.m, self.shift + worse, draw)


class CopyingScenario(Scenario):
    """Generators of the reference's law that repeat rows that they were fitted to: a fifth of theirs for each unit of shift."""

    def name(self) -> str:
        return f"{self.law.name()}, n={self.n}, m={self.m}, {self.shift / 5:.0%} copied"

    def fitted(self, draw: Draw) -> dict[str, Any]:
        """As many as in the reference."""
        return {"fitted": self.law.rows(self.n, 0.0, draw)}

    def generated(self, draw: Draw, *, worse: bool = False, fitted: Any = None) -> Any:
        """New rows, each replaced by a fitted one with such a chance."""
        rows, copied = self.law.rows(self.m, 0.0, draw), draw.random(self.m) < (self.shift + worse) / 5
        sources = draw.integers(len(fitted), size=self.m)
        if isinstance(rows, Table):
            both = pd.concat([rows.frame, fitted.frame], ignore_index=True)
            chosen = np.where(copied, self.m + sources, np.arange(self.m))
            return Table(rows.name, rows.schema, both.iloc[chosen].reset_index(drop=True))
        return np.where(copied[:, None], fitted[sources], rows)


@dataclass(frozen=True)
class Features:
    """Independent standardised coordinates, mixed by a fixed matrix. A shift moves the mean, and the mixing in all directions.

    Attributes:
        coordinates: normal; exponential (skewed); or normal and, where nothing is shifted, left as they are (alike).
        d: features, the n-th coordinate of variance 1 / n, alike ones of variance 1.
    """

    coordinates: Literal["normal", "skewed", "alike"]
    d: int

    def name(self) -> str:
        return f"{self.d} {self.coordinates} features"

    def moments(self, shift: float) -> tuple[Array, Array]:
        """The mean and a root of the covariance."""
        draw = np.random.default_rng(self.d)
        mixing = np.linalg.qr(draw.normal(size=(self.d, self.d)))[0] * (1 + np.arange(self.d)) ** -0.5
        if self.coordinates == "alike":
            mixing = np.eye(self.d)
        direction = np.eye(self.d) + 0.3 * shift * draw.normal(size=(self.d, self.d)) / np.sqrt(self.d)
        return 0.3 * shift * np.eye(self.d)[0], mixing @ direction

    def rows(self, count: int, shift: float, draw: Draw) -> Array:
        mean, mixing = self.moments(shift)
        skewed = self.coordinates == "skewed"
        parts = draw.exponential(size=(count, self.d)) - 1 if skewed else draw.normal(size=(count, self.d))
        return parts @ mixing.T + mean


@dataclass(frozen=True)
class Separated:
    """Rows about five centres far from each other. A shift makes one of them rarer and moves another.

    Attributes:
        d: features.
    """

    d: int

    def name(self) -> str:
        return f"{self.d} features about 5 centres"

    def rows(self, count: int, shift: float, draw: Draw) -> Array:
        centres, shares = 3 * np.random.default_rng(self.d).normal(size=(5, self.d)), np.ones(5)
        shares[0] -= 0.4 * min(shift, 2.0)
        centres[1] += 0.5 * shift
        return centres[draw.choice(5, size=count, p=shares / shares.sum())] + draw.normal(size=(count, self.d))


@dataclass(frozen=True)
class Probabilities:
    """Class probabilities: most rows are of one class nearly for sure. A shift makes the first class more frequent.

    Attributes:
        classes: how many.
    """

    classes: int

    def name(self) -> str:
        return f"probabilities of {self.classes} classes"

    def rows(self, count: int, shift: float, draw: Draw) -> Array:
        scores = 3 * draw.normal(size=(count, self.classes))
        scores[:, 0] += 3 * shift
        return np.asarray(softmax(scores, axis=1))


@dataclass(frozen=True)
class Counts:
    """Independent counts about 2, of which rows are often equal. A shift raises them."""

    d: int

    def name(self) -> str:
        return f"{self.d} columns of counts"

    def rows(self, count: int, shift: float, draw: Draw) -> Array:
        return draw.poisson(2 + 0.3 * shift, (count, self.d)).astype(np.float64)


@dataclass(frozen=True)
class MixedTable:
    """Four columns that hang on a size: a skewed price, a colour, and a number of visits, some of them missing.

    A shift raises the sizes and weakens what prices have to do with them.

    Attributes:
        colours: how many; each is about half as frequent as the one before it.
        missing: share of visits.
    """

    colours: int
    missing: float

    def name(self) -> str:
        return f"tables of {self.colours} colours, {self.missing:.0%} of visits missing"

    def rows(self, count: int, shift: float, draw: Draw) -> Table:
        size, noise = draw.normal(size=(2, count))
        bond = 0.8 / (1 + 0.3 * shift)
        price = np.exp(bond * size + np.sqrt(1 - bond**2) * noise)
        colour = np.minimum(draw.geometric(np.where(size > 0, 0.6, 0.4)), self.colours)
        visits = draw.poisson(np.exp(0.5 + 0.5 * size)).astype(np.float64)
        visits[draw.random(count) < self.missing] = np.nan
        named = np.array([f"colour {one}" for one in colour], dtype=object)
        frame = {"size": size + 0.3 * shift, "price": price, "colour": named, "visits": visits}
        return Table("table", TABLE, pd.DataFrame(frame))


@dataclass(frozen=True)
class Chains:
    """Texts of 5 to 15 words: Zipf's law, but every other word follows from the one before it. A shift favours frequent words.

    Attributes:
        words: how many there are, at most the square of 60.
    """

    words: int

    def name(self) -> str:
        return f"texts of {self.words:,} words"

    def rows(self, count: int, shift: float, draw: Draw) -> Texts:
        chances = np.arange(1.0, self.words + 1) ** -(1 + 0.1 * shift)
        found = draw.choice(self.words, (count, 15), p=chances / chances.sum())
        follows = draw.random((count, 15)) < 0.5
        for place in range(1, 15):
            found[:, place] = np.where(follows[:, place], (found[:, place - 1] * 7 + 3) % self.words, found[:, place])
        written = np.array([SYLLABLES[i // len(SYLLABLES)] + SYLLABLES[i % len(SYLLABLES)] for i in range(self.words)])[found]
        return Texts.of([" ".join(row[:length]) for row, length in zip(written, draw.integers(5, 16, count), strict=True)])


@dataclass(frozen=True)
class Autoregression:
    """Series of two channels, each step 0.8 of the one before and noise. A shift takes from the 0.8.

    Attributes:
        steps: of a series.
    """

    steps: int

    def name(self) -> str:
        return f"series of {self.steps} steps"

    def rows(self, count: int, shift: float, draw: Draw) -> Series:
        kept = 0.8 - 0.3 * shift
        noise = draw.normal(size=(self.steps, count, 2))
        # The first step has the variance of all.
        found = [noise[0] / np.sqrt(1 - kept**2)]
        for step in noise[1:]:
            found.append(kept * found[-1] + step)
        return Series.of(list(np.stack(found, axis=1)), channels=("level", "flow"))
