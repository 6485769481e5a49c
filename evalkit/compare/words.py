"""How figures and foreign text are put into words, the same in the report, the app and the command line."""

import unicodedata

from evalkit.core.evidence import Finding

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
    'Score on 40 held-out rows: 2 nats a row (1.5 to 2.5); lower is better.'
    """
    if finding.status == "failed":
        return f"No held-out figure: {finding.reason}; {finding.remedy}."
    ends = f"{figure(finding.low)} to {figure(finding.high)}"
    return f"Score on {count(finding.n)} held-out rows: {figure(finding.value)} nats a row ({ends}); lower is better."
