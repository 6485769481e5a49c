"""One thing that may give a generator away."""

from dataclasses import dataclass
from typing import Literal

What = Literal[
    "decimals",
    "missing values",
    "range",
    "new categories",
    "lost categories",
    "dependence",
    "column",
    "character n-gram",
    "word n-gram",
    "length",
    "repeated lines",
    "new characters",
    "lost characters",
    "brightness",
    "contrast",
    "black",
    "white",
    "levels",
    "border",
    "frequencies",
    "checkerboard",
    "level",
    "jumps",
    "repeated values",
    "time lag",
    "repeated rows",
]


@dataclass(frozen=True)
class Giveaway:
    """One figure of one column, beside the reference's.

    Attributes:
        what: ``"decimals"``: share of values with at most so many decimals. ``"missing values"``: their share. ``"range"``: share
            of values outside the reference's smallest and largest. ``"new categories"``: share of values that the reference never
            has. ``"lost categories"``: share of the reference's values that the generator never makes; the generated figure is 0.
            ``"dependence"``: rank correlation of two columns, or of labels; of one column with several, that which differs most.
            ``"repeated rows"``: share of rows, images or texts that equal another of their sample.
            ``"column"``: by how much the AUC of a classifier falls when the column's values are shuffled among held-out rows.
            Shares of held-out texts that have it: ``"character n-gram"`` and ``"word n-gram"``: a run of characters or words;
            ``"length"``: at most so many characters; ``"repeated lines"``: a line twice; ``"new characters"``: one that the other
            half of the reference never has; ``"lost characters"``: one that the other half of the generated texts never has.
            Of images and series, means over rows of what the sentence says, for series ``"decimals"``, ``"missing values"`` and
            ``"range"`` too.
        column: its name; ``"pixels"`` or ``"spectrum"`` of images, a channel or ``"time"`` of series; ``"rows"`` of repeated ones.
        figure: of the generated rows.
        low: lower end of its 95 % interval, taken alone.
        high: upper end.
        reference: the same figure of the reference; 0 for ``"column"``.
        p_value: of no difference, corrected (Holm) for everything that was tested in both samples.
        sentence: the same in plain words.
        separation: how well a figure in units of its own ranks generated rows against real ones, |2 AUC - 1|; of correlations half
            their difference; None for shares.
    """

    what: What
    column: str
    figure: float
    low: float
    high: float
    reference: float
    p_value: float
    sentence: str
    separation: float | None = None

    @property
    def size(self) -> float:
        """How far the figure lies from the reference's, 0 … 1: the separation, or the difference of shares."""
        return abs(self.figure - self.reference) if self.separation is None else self.separation


def share(value: float) -> str:
    """A share as people read it.

    >>> share(0.123), share(0.0004), share(1.0)
    ('12 %', '0.04 %', '100 %')
    """
    return f"{100 * value:.2g} %" if value < 0.1 else f"{100 * value:.0f} %"
