"""What came out of comparing generators: every figure with its interval, every pair of generators, and what may be concluded."""

from collections.abc import Collection, Iterator, Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, FiniteFloat

from evalkit.compare.closer_look import CloserLook
from evalkit.compare.slices import Slices
from evalkit.compare.words import count, figure, visible
from evalkit.core.evidence import Evidence, Finding

Verdict = Literal["first", "second", "not separable"]


_UNDECIDED = "no difference may be concluded"
_N_FIGURES, _N_COLUMNS = 2, 8
FEWEST_NEEDED, MOST_NEEDED = 30, 10**12
"""What a number of rows needed stands for where it is smaller or larger: no normal law holds for fewer."""
READ_THE_GROUPS = (
    "The same figures on the columns of a group only, as if the table had no others. p is corrected (Holm) over all groups, pairs "
    "and figures. Rows that are right in every group may still not fit together: that shows in all columns at once."
)
READ_THE_ROWS = (
    "Rows needed: so many of each generator, with real rows in proportion, would show the difference as it is measured now in four "
    "of five samples; in brackets for the largest and the smallest difference that the interval allows. Where that holds 0 the "
    "difference may be nothing, and only a lower bound can be said."
)


class Source(BaseModel):
    """One Sample that went in.

    Attributes:
        name: as the user calls it.
        sha256: hash of its content.
        rows: how many rows, images, texts or windows were compared.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str
    rows: int


class Measured(BaseModel):
    """One figure of one generator, or why there is none.

    Attributes:
        generator: whose.
        metric: the catalogue's name of the metric that gave it.
        finding: the figure.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    generator: str
    metric: str
    finding: Finding


class RowsNeeded(BaseModel):
    """How many rows of each generator would tell two apart, in four of five such samples, if they are as they were measured.

    Reference rows grow in the same proportion. From the variance as estimated here, so it is a guide, and where the figure itself
    moves with the number of rows (neighbourhoods, classifiers) no more than a hint. 30 stands for 30 or fewer, 10^12 for
    as many or more: less and more cannot be said.

    Attributes:
        at_least: for the largest difference that the 95 % interval allows.
        about: for the difference as it was measured; None where it may be nothing but noise, its interval holding 0.
        at_most: for the smallest difference that the interval allows; None likewise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_least: int
    about: int | None = None
    at_most: int | None = None


class Comparison(BaseModel):
    """Two generators by one figure, held against the same reference rows.

    Attributes:
        figure: which one.
        first, second: the generators.
        difference: first less second. By figures that move with the number of rows it is of equally many rows of both, as few as
            the smaller one gave, and then not the difference of the figures that are measured of all.
        low, high: its 95 % interval, not corrected for the number of comparisons.
        p_value: of no difference, corrected (Holm) over all pairs of generators and all figures: equal generators are called
            different, by whatever figure, in at most one run of twenty.
        detectable: a true difference of this size would have been found in four of five such samples even if it were the only
            one; a smaller one is noise here.
        better: which one is better at 5 %, if that may be concluded.
        rows_needed: how many rows would tell them apart as they are measured now; None: nothing varies, so it cannot be said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    figure: str
    first: str
    second: str
    difference: FiniteFloat
    low: FiniteFloat
    high: FiniteFloat
    p_value: FiniteFloat
    detectable: FiniteFloat
    better: Verdict
    rows_needed: RowsNeeded | None = None


class ColumnGroup(BaseModel):
    """Generators compared by some columns of a table only.

    Attributes:
        name: of the group, as the user calls it.
        columns: which.
        measured: every figure, of these columns only.
        comparisons: every pair of generators by every figure that has a better end; p-values are corrected (Holm) over all groups,
            pairs and figures together.
        conclusions: what may be said of every pair.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    columns: tuple[str, ...]
    measured: tuple[Measured, ...]
    comparisons: tuple[Comparison, ...] = ()
    conclusions: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Its name and its columns, in words."""
        columns = ", ".join(visible(column, 40) for column in self.columns[:_N_COLUMNS])
        more = f" and {count(len(self.columns) - _N_COLUMNS)} more" if len(self.columns) > _N_COLUMNS else ""
        return f"{visible(self.name, 60)} ({columns}{more})"


class SizePoint(BaseModel):
    """A figure at one number of rows.

    Attributes:
        rows: on each side.
        value, low, high: the figure with its 95 % interval.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    value: FiniteFloat
    low: FiniteFloat
    high: FiniteFloat


class SizeCurve(BaseModel):
    """One figure of one generator over the number of rows.

    Attributes:
        generator: whose.
        figure: which.
        points: the fewest rows first; smaller samples are parts of the larger ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    generator: str
    figure: str
    points: tuple[SizePoint, ...]


class Evaluation(BaseModel):
    """Generators held against one reference. Iterating gives the findings.

    Attributes:
        reference: the real rows that figures were computed on.
        generators: what was held against them, in the order given.
        measured: every figure.
        fitted: the rows that the generators were fitted to, where they were given.
        comparisons: every pair of generators by every figure that has a better end.
        conclusions: what may be said, a sentence each, and what may not.
        looks: what is behind each generator's figures.
        curves: figures over the number of rows, where they were asked for.
        column_groups: the same by groups of columns, where that was asked for; see :meth:`by_columns`.
        slices: how generated rows spread over slices of the data, where that was asked for.
        cautions: what limits it.
        settings: what would have to be the same for another run to be comparable.
        in_order: whether the generators are checkpoints of one, the earliest first; see :func:`evalkit.compare.drift.drift`.
        seed: of the run.
        versions: of the software.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: Source
    generators: tuple[Source, ...]
    measured: tuple[Measured, ...]
    fitted: Source | None = None
    comparisons: tuple[Comparison, ...] = ()
    conclusions: tuple[str, ...] = ()
    looks: tuple[CloserLook, ...] = ()
    curves: tuple[SizeCurve, ...] = ()
    slices: Slices | None = None
    column_groups: tuple[ColumnGroup, ...] = ()
    cautions: tuple[str, ...] = ()
    settings: dict[str, str] = {}
    in_order: bool = False
    seed: int = 0
    versions: dict[str, str] = {}

    # pydantic's own iteration gives fields, of which no reader of evidence has any use.
    def __iter__(self) -> Iterator[Finding]:  # type: ignore[override]
        return iter(self.findings)

    @property
    def findings(self) -> list[Finding]:
        """Evidence and Failures of all generators, in the order in which they were measured."""
        return [each.finding for each in self.measured]

    def of(self, generator: str) -> dict[str, Evidence]:
        """One generator's figures by name; what failed is left out."""
        mine = (each.finding for each in self.measured if each.generator == generator)
        return {finding.name: finding for finding in mine if isinstance(finding, Evidence)}

    def by_columns(self, group: ColumnGroup) -> Self:
        """The same generators as far as a group of columns goes: its figures, pairs and conclusions in place of those of all."""
        found = {name: getattr(group, name) for name in ("measured", "comparisons", "conclusions")}
        return self.model_copy(update={**found, "looks": (), "curves": (), "slices": None, "column_groups": ()})


def conclude(generators: Sequence[str], comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    """What the comparisons allow to say of every pair of generators, one sentence a pair.

    >>> pair = {"first": "a", "second": "b", "difference": -0.2, "low": -0.3, "high": -0.1, "p_value": 0.001, "detectable": 0.14}
    >>> conclude(["a", "b"], [Comparison(figure="frechet", better="first", **pair)])
    ('a is better than b: by frechet.',)
    >>> conclude(["a", "b"], [Comparison(figure="frechet", better="not separable", **pair)])
    ('a and b: no difference may be concluded; by frechet, one below 0.14 would be noise.',)
    >>> unclear = Comparison(figure="kid", better="not separable", rows_needed=RowsNeeded(at_least=900), **pair)
    >>> conclude(["a", "b"], [unclear])[0].partition("; ")[2]
    'by kid, one below 0.14 would be noise; to tell them apart as they are measured now takes more than 900 rows of each, by kid.'
    """
    pairs: dict[tuple[str, str], list[Comparison]] = {}
    for each in comparisons:
        pairs.setdefault((each.first, each.second), []).append(each)
    return tuple(_sentence(first, second, own) for (first, second), own in pairs.items())


def _sentence(first: str, second: str, own: Sequence[Comparison]) -> str:
    one, other = visible(first, 60), visible(second, 60)
    by_one = [each.figure for each in own if each.better == "first"]
    by_other = [each.figure for each in own if each.better == "second"]
    if by_one and by_other:
        by_each = f"{one} by {_listed(by_one)}; {other} by {_listed(by_other)}"
        return f"{one} and {other} differ, and neither is better throughout: {by_each}."
    if by_one or by_other:
        better, worse, by = (one, other, by_one) if by_one else (other, one, by_other)
        rest = len(own) - len(by)
        undecided = "1 figure does" if rest == 1 else f"{count(rest)} figures do"
        return f"{better} is better than {worse}: by {_listed(by)}" + (f"; {undecided} not separate them." if rest else ".")
    noise = "; ".join(f"by {each.figure}, one below {figure(each.detectable)} would be noise" for each in own[:3])
    return f"{one} and {other}: {_UNDECIDED}; {noise}{_cheapest(own)}."


def _cheapest(own: Sequence[Comparison]) -> str:
    """By which figure the fewest rows would do."""
    said = [(each.rows_needed, each.figure) for each in own if each.rows_needed is not None]
    if not said:
        return ""
    needed, by = min(said, key=lambda each: each[0].about or each[0].at_least)
    return f"; to tell them apart as they are measured now takes {rows_needed_words(needed)} rows of each, by {by}"


def rows_needed_words(needed: RowsNeeded | None) -> str:
    """How many rows, in two digits.

    >>> rows_needed_words(RowsNeeded(at_least=184, about=342, at_most=1411))
    'about 340 (180 to 1,400)'
    >>> rows_needed_words(RowsNeeded(at_least=2111)), rows_needed_words(RowsNeeded(at_least=30, about=30, at_most=30))
    ('more than 2,100', '30 or fewer')
    """
    if needed is None:
        return "cannot be said"
    if needed.about is None or needed.at_most is None:
        return f"more than {_two_digits(needed.at_least)}"
    if needed.at_most <= FEWEST_NEEDED:
        return f"{FEWEST_NEEDED} or fewer"
    return f"about {_two_digits(needed.about)} ({_two_digits(needed.at_least)} to {_two_digits(needed.at_most)})"


def _two_digits(rows: int) -> str:
    return count(int(float(f"{rows:.2g}")))


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def headline(evaluation: Evaluation, controls: Collection[str] = ()) -> str:
    """The sentence that a reader should take away.

    Args:
        evaluation: with any number of generators.
        controls: generators made of real rows, by which others are measured: a sentence about two others comes first.
    """
    if evaluation.conclusions:
        first = in_order(evaluation, controls)[0]
        # How small a difference would have been seen stands below: as a heading it is too long.
        before, undecided, _ = first.partition(f"{_UNDECIDED};")
        return f"{before}{_UNDECIDED}" if undecided else first
    if not evaluation.generators:
        return "Nothing was compared"
    source = evaluation.generators[0]
    found = [
        f"{name} {figure(each.value)} ({figure(each.low)} to {figure(each.high)})"
        for name, each in list(evaluation.of(source.name).items())[:_N_FIGURES]
    ]
    sentence = f"{visible(source.name, 60)} against {visible(evaluation.reference.name, 60)}"
    if found:
        return f"{sentence}: {', '.join(found)}"
    return f"{sentence}: no figure could be measured" if len(evaluation.generators) == 1 else "No figure could be measured"


def in_order(evaluation: Evaluation, controls: Collection[str] = ()) -> list[str]:
    """All conclusions: first of the user's own generators, and among those first what is decided."""
    pairs = list(dict.fromkeys((each.first, each.second) for each in evaluation.comparisons))
    if len(pairs) != len(evaluation.conclusions):
        return list(evaluation.conclusions)
    made = {sentence: sum(name in controls for name in pair) for pair, sentence in zip(pairs, evaluation.conclusions, strict=True)}
    return sorted(evaluation.conclusions, key=lambda sentence: (made[sentence], _UNDECIDED in sentence))
