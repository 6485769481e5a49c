"""Slices of the data: which part of the rows falls into each, of the real ones and of a generator's, and what is missing."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, FiniteFloat

from evalkit.compare.closer_look import Shown
from evalkit.compare.words import percent, visible
from evalkit.core.evidence import Finding

LEVEL = 0.05
READ_THE_SLICES = (
    "A dot is the generated share less the real one, the line its 95 % interval; a diamond differs by more than chance. p is "
    "corrected (Holm) over all slices and generators, the interval is not. The figure within a slice compares the rows in it, "
    "whatever their share."
)
What = Literal["dropped", "invented", "too few", "too many", ""]
_MOST_TELLING: dict[What, int] = {"dropped": 0, "invented": 1, "too few": 2, "too many": 3, "": 4}
_DROPPED = 0.25
"""Of the real share: what has less of it is called dropped rather than too few."""


class Slice(BaseModel):
    """One slice of one generator's rows beside the real rows.

    Attributes:
        generator: whose.
        slice: for example ``"colour = red"`` or ``"cluster 3"``.
        real_rows, generated_rows: how many rows fall into it.
        real_share, generated_share: of all that were compared, 0 … 1.
        low, high: 95 % interval of the generated share less the real one, not corrected for the number of slices.
        p_value: of equal shares, corrected (Holm) over all slices and generators.
        within: a figure of the rows within the slice, or why there is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    generator: str
    slice: str
    real_rows: int
    generated_rows: int
    real_share: FiniteFloat
    generated_share: FiniteFloat
    low: FiniteFloat
    high: FiniteFloat
    p_value: FiniteFloat
    within: Finding

    @property
    def difference(self) -> float:
        """The generated share less the real one."""
        return self.generated_share - self.real_share

    @property
    def what(self) -> What:
        """What may be said of it at 5 %; empty: nothing."""
        if self.p_value > LEVEL:
            return ""
        if self.difference < 0:
            return "dropped" if self.generated_share < _DROPPED * self.real_share else "too few"
        return "too many" if self.real_rows else "invented"


class Centre(BaseModel):
    """What a cluster is about: the real row nearest to its centre.

    Attributes:
        slice: the cluster.
        shown: the row.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    slice: str
    shown: Shown


class Slices(BaseModel):
    """How generated rows spread over slices of the data, beside real rows.

    Attributes:
        by: a column, ``"caption"`` or ``"clusters"``.
        found: every slice of every generator.
        centres: of clusters, what each is about.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: str
    found: tuple[Slice, ...]
    centres: tuple[Centre, ...] = ()

    def of(self, generator: str) -> list[Slice]:
        """One generator's slices, most telling first: see :func:`most_telling_first`."""
        return most_telling_first(each for each in self.found if each.generator == generator)


def most_telling_first(slices: Iterable[Slice]) -> list[Slice]:
    """Dropped and invented slices, then those that are too small or too large, then what may be chance."""
    return sorted(slices, key=lambda each: (_MOST_TELLING[each.what], -abs(each.difference)))


def slice_sentence(each: Slice) -> str:
    """One slice in plain words.

    >>> from evalkit.core.evidence import Failure
    >>> none = Failure(name="kid", reason="3 generated rows are too few", remedy="draw more")
    >>> slice_sentence(Slice(generator="a", slice="colour = red", real_rows=60, generated_rows=3, real_share=0.12,
    ...     generated_share=0.01, low=-0.14, high=-0.08, p_value=1e-6, within=none))
    'dropped: colour = red: 12 % of real rows, 1 % of generated'
    """
    shares = f"{visible(each.slice, 80)}: {percent(each.real_share)} of real rows, {percent(each.generated_share)} of generated"
    return f"{each.what}: {shares}" if each.what else shares


def slices_sentence(slices: Slices, generator: str) -> str:
    """How many slices of a generator differ, or that none does.

    >>> slices_sentence(Slices(by="colour", found=()), "a")
    'Slices by colour: none was compared.'
    """
    own = slices.of(generator)
    by, differ = f"Slices by {visible(slices.by, 60)}", sum(bool(each.what) for each in own)
    if not own:
        return f"{by}: none was compared."
    if not differ:
        return f"{by}: no share of the {len(own)} differs by more than chance."
    return f"{by}: {differ} of {len(own)} {'shares differ' if differ > 1 else 'shares differs'} by more than chance."
