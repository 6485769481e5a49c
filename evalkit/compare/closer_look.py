"""What is behind a generator's figures: what gives it away, its most and least convincing rows, and possible copies."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, FiniteFloat

from evalkit.compare.words import count, figure, percent
from evalkit.core.evidence import Evidence, Failure

CHANCE = 0.5
READ_THE_ORDER = "The classifier cannot tell these rows from real ones: their order may be chance."
CLASSIFIER, CLUES, GALLERY, COPIES = "classifier and control", "what gives it away", "least and most convincing rows", "copied rows"
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
        copied: generated rows that lie nearer to a real row than real rows do to each other, nearest first.
        n_copied: how many generated rows equal a real row in all that the features see.
        n_twins: how many real rows equal another real row: what chance does where rows have few possible values.
        failures: what could not be looked at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    generator: str
    told_apart: Evidence | None = None
    control: Evidence | None = None
    clues: tuple[Clue, ...] = ()
    least: tuple[Exhibit, ...] = ()
    most: tuple[Exhibit, ...] = ()
    copied: tuple[CopiedPair, ...] = ()
    n_copied: int = 0
    n_twins: int = 0
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


def _cases(found: Evidence, of: str = "") -> str:
    return f"{percent(found.value)}{of} ({percent(found.low)} to {percent(found.high)})"


def copies_sentence(look: CloserLook) -> str:
    """What the copied pairs show, and what they do not.

    >>> copies_sentence(CloserLook(generator="a"))
    'No generated row equals a real one.'
    """
    if look.n_copied:
        equal = f"{count(look.n_copied)} generated {'row equals' if look.n_copied == 1 else 'rows equal'} a real one"
        twins = f"{count(look.n_twins)} real {'row equals' if look.n_twins == 1 else 'rows equal'} another real one"
        return f"{equal} in all that the figures see; {twins if look.n_twins else 'no real row equals another'}."
    if look.copied:
        return "No generated row equals a real one. These lie nearest to one; about half of new real rows would lie as near."
    return "No generated row equals a real one."


def pair_sentence(pair: CopiedPair) -> str:
    """How near a pair lies, beside what is usual there."""
    return f"Distance {figure(pair.distance)}; the real row's nearest real row lies at {figure(pair.usual)}."
