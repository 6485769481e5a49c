"""What is behind a generator's figures: what gives it away, its most and least convincing rows, and possible copies."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, FiniteFloat

from evalkit.compare.words import count, figure, percent, visible
from evalkit.core.evidence import Evidence, Failure

CHANCE = 0.5
READ_THE_ORDER = "The classifier cannot tell these rows from real ones: their order may be chance."
CLASSIFIER, CLUES, GALLERY, COPIES = "classifier and control", "what gives it away", "least and most convincing rows", "copied rows"
_NEAREST = (
    " These are the nearest, for how far apart real rows lie there; of new real rows, too, about half lie nearer to one than its "
    "own neighbour does."
)
_NO_DIFFERENCE = "no difference may be concluded"
READ_THE_ODD = (
    "By a detector that learned from half of the real rows. p says how often a real row is as odd, the shares in which columns "
    "that was seen. An odd row is not wrong by that alone: real data have some."
)
"""What is looked at, as a Failure names it."""
Kind = Literal["cells", "text", "picture", "steps"]


class Shown(BaseModel):
    """One row, to look at.

    Attributes:
        row: its number in the data that were given, from 0; of series, which series.
        kind: which of the following holds it.
        cells: of a table, names and values as text.
        text: of texts, cut where it is long.
        picture: of images, a PNG file in base64.
        steps: of a series' window, (steps, channels); None: missing.
        channels: their names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: int
    kind: Kind
    cells: tuple[tuple[str, str], ...] = ()
    text: str = ""
    picture: str = ""
    steps: tuple[tuple[FiniteFloat | None, ...], ...] = ()
    channels: tuple[str, ...] = ()


class Exhibit(BaseModel):
    """A generated row, and how real it seemed to a classifier that had not seen it.

    Attributes:
        shown: the row.
        realness: 0 … 1, higher = more real.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shown: Shown
    realness: FiniteFloat


class Reason(BaseModel):
    """A column's part in how odd a row is.

    Attributes:
        column: its name.
        share: of the row's surprise, 0 … 1.
        value: what the row has there, as text.
        usual: what real rows that are alike in the other columns have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    share: FiniteFloat
    value: str
    usual: str


class OddRow(BaseModel):
    """A generated row that is odd to a detector fitted on real rows.

    Attributes:
        shown: the row.
        p_value: how often a real row is as odd.
        reasons: of a table, the columns with the largest part in it, the largest first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shown: Shown
    p_value: FiniteFloat
    reasons: tuple[Reason, ...] = ()


class CopiedPair(BaseModel):
    """A generated row and the real row nearest to it.

    Attributes:
        generated: the generated row.
        reference: the real one.
        distance: between their features; 0: equal in all that the features see.
        usual: from the real row to the real row nearest to it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    generated: Shown
    reference: Shown
    distance: FiniteFloat
    usual: FiniteFloat


class Clue(BaseModel):
    """One thing that gives a generator away; see :class:`~evalkit.discriminator.giveaways.giveaway.Giveaway`.

    Attributes:
        what: kind of the clue.
        where: the column, or what else it is about.
        figure, low, high: of the generated rows, with its 95 % interval.
        reference: the same of the real rows.
        p_value: of no difference, corrected for everything that was looked at.
        sentence: the same in plain words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    where: str
    figure: FiniteFloat
    low: FiniteFloat
    high: FiniteFloat
    reference: FiniteFloat
    p_value: FiniteFloat
    sentence: str


class CloserLook(BaseModel):
    """One generator, looked at closely.

    Attributes:
        generator: whose.
        told_apart: the AUC of a freshly trained classifier between held-out real and generated rows.
        control: the same between real and real rows: what such a classifier makes of no difference.
        clues: what gives it away, most telling first, those that are significant only.
        least, most: rows that give themselves away, the worst first, and those that seem most real.
        odd: the generated rows that are oddest to a detector fitted on one half of the real rows, the oddest first.
        oddest: the share of generated rows that are among its oddest 5 %.
        oddest_control: the same of real rows that the detector has not seen.
        oddness: how often a generated row is odder than such a real one.
        copied: generated rows that lie nearer to a real row than real rows do to each other, nearest first.
        n_copied: how many generated rows equal a real row in all that the features see; one of those that the generator was
            fitted to, where these are known.
        n_twins: how many real rows equal another real row: what chance does where rows have few possible values.
        n_unseen_copied: how many generated rows equal a real one that the generator never saw: chance; None: it is not known which
            rows it saw.
        failures: what could not be looked at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    generator: str
    told_apart: Evidence | None = None
    control: Evidence | None = None
    clues: tuple[Clue, ...] = ()
    least: tuple[Exhibit, ...] = ()
    most: tuple[Exhibit, ...] = ()
    odd: tuple[OddRow, ...] = ()
    oddest: Evidence | None = None
    oddest_control: Evidence | None = None
    oddness: Evidence | None = None
    copied: tuple[CopiedPair, ...] = ()
    n_copied: int = 0
    n_twins: int = 0
    n_unseen_copied: int | None = None
    failures: tuple[Failure, ...] = ()


def told_apart_sentence(look: CloserLook) -> str:
    """How well a classifier tells generated rows from real ones, beside what it makes of real rows against real ones.

    >>> found = Evidence(name="auc", value=0.81, low=0.78, high=0.84, n=500, method="held out")
    >>> told_apart_sentence(CloserLook(generator="a", told_apart=found))
    'A classifier picks the real row out of a pair in 81 % of cases (78 % to 84 %); chance is 50 %.'
    """
    if look.told_apart is None:
        return "No classifier could be trained to tell the generated rows from real ones."
    control = "" if look.control is None else f"; between real and real rows it is {_cases(look.control)}"
    return f"A classifier picks the real row out of a pair in {_cases(look.told_apart, ' of cases')}; chance is 50 %{control}."


def tells_nothing(look: CloserLook) -> bool:
    """Whether the order of least and most convincing rows may be chance: the classifier cannot tell them from real rows."""
    return look.told_apart is None or look.told_apart.low <= CHANCE


def odd_sentence(look: CloserLook) -> str:
    """How many generated rows are odd beside real ones, and what that says; empty where no detector looked.

    >>> def share(value): return Evidence(name="share", value=value, low=value - 0.02, high=value + 0.02, n=500, method="exact")
    >>> odd_sentence(CloserLook(generator="a", oddest=share(0.2), oddest_control=share(0.05), oddness=share(0.6)))
    '20 % of generated rows (18 % to 22 %) are among the oddest 5 %, of unseen real rows 5 % (3 % to 7 %): it draws odd rows.'
    """
    if look.oddest is None or look.oddest_control is None:
        return ""
    shares = (
        f"{_cases(look.oddest, ' of generated rows')} are among the oddest 5 %, of unseen real rows {_cases(look.oddest_control)}"
    )
    return f"{shares}: {_what_is_odd(look.oddest, look.oddest_control, look.oddness)}."


def is_odd(look: CloserLook) -> bool:
    """Whether the generated rows are odder than real ones, or lack what is odd among these."""
    return bool(look.oddest and look.oddest_control) and _NO_DIFFERENCE not in odd_sentence(look)


def _what_is_odd(found: Evidence, control: Evidence, rank: Evidence | None) -> str:
    if found.low > control.high:
        return "it draws odd rows"
    if found.high < control.low:
        return "it draws no tails"
    if rank is not None and rank.low > CHANCE:
        return "as many, but its rows are odder on the whole"
    if rank is not None and rank.high < CHANCE:
        return "as many, but its rows are too central on the whole"
    return _NO_DIFFERENCE


def reasons_sentence(row: OddRow) -> str:
    """Why a row is odd; empty where only the whole row is.

    >>> shown = Shown(row=3, kind="cells", cells=(("amount", "839.6"),))
    >>> main = Reason(column="amount", share=0.62, value="839.6", usual="23.7 – 67")
    >>> reasons_sentence(OddRow(shown=shown, p_value=0.0021, reasons=(main,)))
    'Row 3: amount 62 % (839.6, usual 23.7 – 67)'
    """
    if not row.reasons:
        return ""
    said = [f"{visible(each.column, 40)} {percent(each.share)} ({_held(each)})" for each in row.reasons]
    return f"Row {row.shown.row}: {'; '.join(said)}"


def _held(reason: Reason) -> str:
    # Each value may be usual by itself, and the row unusual by how they come together.
    if reason.value in reason.usual.split(" or "):
        return f"{visible(reason.value, 40)}, not usual beside the rest of the row"
    return f"{visible(reason.value, 40)}, usual {visible(reason.usual, 60)}"


def _cases(found: Evidence, of: str = "") -> str:
    return f"{percent(found.value)}{of} ({percent(found.low)} to {percent(found.high)})"


def copies_sentence(look: CloserLook) -> str:
    """What the copied pairs show, and what they do not.

    >>> copies_sentence(CloserLook(generator="a"))
    'No generated row equals a real one.'
    """
    if look.n_unseen_copied is not None:
        return _copies_of_fitted(look, look.n_unseen_copied)
    if look.n_copied:
        equal = _equal(look.n_copied, "a real one")
        twins = f"{count(look.n_twins)} real {'row equals' if look.n_twins == 1 else 'rows equal'} another real one"
        return f"{equal} in all that the figures see; {twins if look.n_twins else 'no real row equals another'}."
    return f"No generated row equals a real one.{_NEAREST if look.copied else ''}"


def _copies_of_fitted(look: CloserLook, unseen: int) -> str:
    control = f"{count(unseen)} {'equals' if unseen == 1 else 'equal'} one that it never saw"
    if look.n_copied:
        equal = _equal(look.n_copied, "one that the generator was fitted to")
        return f"{equal} in all that the figures see; {control if unseen else 'none equals one that it never saw'}."
    none = "No generated row equals one that the generator was fitted to"
    return f"{none}{f'; {control}' if unseen else ''}.{_NEAREST if look.copied else ''}"


def _equal(rows: int, what: str) -> str:
    return f"{count(rows)} generated {'row equals' if rows == 1 else 'rows equal'} {what}"


def pair_sentence(pair: CopiedPair) -> str:
    """How near a pair lies, beside what is usual there."""
    return f"Distance {figure(pair.distance)}; the real row's nearest real row lies at {figure(pair.usual)}."
