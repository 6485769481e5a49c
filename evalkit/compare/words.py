"""How figures and foreign text are put into words, the same in the report, the app and the command line."""

import unicodedata
from typing import TYPE_CHECKING

from evalkit.core.evidence import Finding

if TYPE_CHECKING:
    from evalkit.backbones.selection import Selection
    from evalkit.backbones.training import History
    from evalkit.backbones.tuning import Tuning

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def visible(text: object, at_most: int = 200) -> str:
    r"""Text from data as one line that shows what it holds.

    Control characters and characters that turn the reading direction are spelled out, because they can make a text read as
    another one; line breaks become a sign; what is longer than ``at_most`` ends in an ellipsis. Nothing is escaped here: that is
    the business of whoever knows the output's language.

    >>> visible("gpj\u202e.exe")
    'gpj⟨U+202E⟩.exe'
    >>> visible("x" * 300, at_most=5)
    'xxxx…'
    """
    shown = "".join(_sign(character) for character in str(text)[: at_most + 1])
    return shown if len(shown) <= at_most else shown[: at_most - 1] + "…"


def _sign(character: str) -> str:
    if character == "\n":
        return "⏎"
    if character == "\t":
        return " "
    if character in _BIDI or unicodedata.category(character) in {"Cc", "Cs"}:
        return f"⟨U+{ord(character):04X}⟩"
    return character


def count(n: int) -> str:
    """A number of things.

    >>> count(4000)
    '4,000'
    """
    return f"{n:,}"


def percent(share: float) -> str:
    """A share; below one percent with two digits, so that a small one is not shown as none.

    >>> percent(0.05), percent(0.614), percent(0.0042), percent(0.0), percent(0.999)
    ('5 %', '61 %', '0.42 %', '0 %', '99.9 %')
    """
    hundredths = 100 * share
    if 0 < hundredths < 1:
        return f"{hundredths:.2g} %"
    if 99 < hundredths < 100:
        return f"{hundredths:.3g} %"
    return f"{hundredths:.0f} %"


def figure(value: float) -> str:
    """A measured figure with three significant digits.

    >>> figure(8.91234), figure(0.00001234), figure(123456.0)
    ('8.91', '1.23e-05', '123,456')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def expectation(expected: float, n_alarms: int, fdr: float) -> str:
    """What to expect of the alarms, or that there are none, as a sentence.

    >>> expectation(2.3, 23, 0.1)
    'Expect about 2 false alarms among them.'
    >>> expectation(0.2, 2, 0.1)
    'Expect fewer than one false alarm among them.'
    >>> expectation(0.0, 0, 0.1)
    'No row stands out at 10 %: that is good news. The nearest rows are listed instead.'
    """
    if not n_alarms:
        return f"No row stands out at {percent(fdr)}: that is good news. The nearest rows are listed instead."
    if expected < 0.75:
        return "Expect fewer than one false alarm among them."
    n = round(expected)
    return f"Expect about {count(n)} false {'alarm' if n == 1 else 'alarms'} among them."


def held_out_words(finding: Finding) -> str:
    """A backbone's held-out figure as a sentence, or why there is none.

    >>> from evalkit.core.evidence import Evidence
    >>> held_out_words(Evidence(name="nats a held-out row", value=2.0, low=1.5, high=2.5, n=40, method="mean"))
    'On 40 rows that training never saw: 2 nats a held-out row (1.5 to 2.5).'
    """
    if finding.status == "failed":
        return f"No held-out figure: {finding.reason}; {finding.remedy}."
    ends = f"{figure(finding.low)} to {figure(finding.high)}"
    better = "" if finding.direction == "neither" else f"; {finding.direction} is better"
    unit = "tokens" if "token" in finding.name else "rows"
    return f"On {count(finding.n)} {unit} that training never saw: {figure(finding.value)} {finding.name} ({ends}){better}."


def finding_words(finding: Finding) -> str:
    """A figure with its range and how many it rests on, or why there is none.

    >>> from evalkit.core.evidence import Evidence
    >>> finding_words(Evidence(name="nats", value=2.0, low=1.5, high=2.5, n=40, method="mean"))
    '2 (1.5 to 2.5, n = 40)'
    """
    if finding.status == "failed":
        return f"none, {finding.reason}; {finding.remedy}"
    return f"{figure(finding.value)} ({figure(finding.low)} to {figure(finding.high)}, n = {count(finding.n)})"


def fit_lines(
    held_out: Finding,
    history: "History",
    selection: "Selection | None" = None,
    tuning: "Tuning | None" = None,
    baseline: Finding | None = None,
) -> list[str]:
    """What there is to say after a fit, a sentence a line; the baseline, what counting alone reaches, stands below the figure.

    >>> from evalkit.core.evidence import Evidence
    >>> from evalkit.backbones.training import History
    >>> held_out = Evidence(name="nats a held-out row", value=2.0, low=1.5, high=2.5, n=40, method="mean")
    >>> fit_lines(held_out, History(steps=[50], stopped="the discriminator guesses"))[1:]
    ['Training ended at step 50: the discriminator guesses.']
    """
    lines = [] if selection is None else [selection.conclusion]
    if tuning is not None:
        changed = ", ".join(f"{name} {value}" for name, value in tuning.settings.items()) or "the settings it began with"
        losses = f"held-out loss {figure(tuning.held_out)}, at first {figure(tuning.start)}"
        lines.append(f"Best of {count(tuning.trials)} trials: {changed}; {losses}.")
    lines += [held_out_words(finding) for finding in (held_out, baseline) if finding is not None]
    if history.stopped is not None:
        lines.append(f"Training ended at step {count(history.steps[-1])}: {history.stopped}.")
    return lines + [f"Alarm: {alarm}." for alarm in history.alarms]
