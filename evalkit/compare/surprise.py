"""A text with the words that surprised a model marked: by tint, by the underline's width and, beside it, by figures."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from evalkit.compare.charts import DARK, LIGHT, AnyChart, configured
from evalkit.compare.words import visible

LEVELS = (4.0, 8.0, 16.0, 32.0)
"""Bits from which a word is marked more strongly."""

_ACROSS = 46
_LETTER, _LINE = 7.8, 24
_FONT = "monospace"
_TINTS = {False: ("#FBEFE5", "#F7DFCC", "#F2CFB3", "#EEBF99"), True: ("#2E221B", "#452D1C", "#5D3920", "#744524")}


def surprise_text(words: Sequence[tuple[str, float]], *, dark: bool = False) -> AnyChart:
    """The text, word after word in lines of 46 letters, each word marked by how little the model expected it.

    It is drawn, not set as HTML: whatever a word holds is shown as its letters.

    Args:
        words: each with its surprisal in bits.
        dark: whether it will stand on a dark page.
    """
    palette = DARK if dark else LIGHT
    placed = _placed([(visible(text, 200), bits) for text, bits in words])
    height = _LINE * (int(placed["line"].max()) + 1)
    x = alt.X("from:Q", axis=None, scale=alt.Scale(domain=[0, _ACROSS], nice=False))
    y = alt.Y("top:Q", axis=None, scale=alt.Scale(domain=[0, height], reverse=True, nice=False))
    marked = alt.Chart(placed[placed["level"] > 0])
    colour = alt.Color("level:O", legend=None, scale=alt.Scale(domain=[1, 2, 3, 4], range=list(_TINTS[dark])))
    tips = ["word:N", alt.Tooltip("bits:Q", format=".1f")]
    tint = marked.mark_rect(opacity=1).encode(x=x, x2="to:Q", y=y, y2="bottom:Q", color=colour, tooltip=tips)
    width = alt.StrokeWidth("level:O", legend=None, scale=alt.Scale(domain=[1, 2, 3, 4], range=[1, 2, 3, 4]))
    under = marked.mark_rule(color=palette.flagged, opacity=1).encode(x=x, x2="to:Q", y="bottom:Q", strokeWidth=width)
    text = alt.Chart(placed).mark_text(align="left", baseline="middle", font=_FONT, fontSize=13, color=palette.ink)
    letters = text.encode(x=x, y="middle:Q", text="word:N", tooltip=tips)
    edge = {"left": 0, "right": 0, "top": 0, "bottom": 0}
    chart = alt.layer(tint, under, letters).properties(width=_ACROSS * _LETTER, height=height, padding=edge)
    return configured(chart, palette).properties(description=_most_surprising(words))


def most_surprising(words: Sequence[tuple[str, float]], at_most: int = 10) -> pd.DataFrame:
    """The words that surprised most: ``word``, ``bits``, and how often the model would expect such a word there."""
    first = sorted(words, key=lambda word: -word[1])[:at_most]
    chances = [f"once in {2 ** min(bits, 40):,.0f}" if bits >= 1 else "nearly always" for _, bits in first]
    return pd.DataFrame(
        {"word": [visible(text.strip(), 60) for text, _ in first], "bits": [bits for _, bits in first], "expected": chances}
    )


def _most_surprising(words: Sequence[tuple[str, float]]) -> str:
    first = most_surprising(words, 3)
    return "The words that surprised the model most: " + ", ".join(first["word"])


def _placed(words: Sequence[tuple[str, float]]) -> pd.DataFrame:
    """Where each word stands; one that is longer than a line goes on in the next."""
    rows, line, column = [], 0, 0
    for text, bits in words:
        if column and column + len(text.rstrip()) > _ACROSS:
            line, column = line + 1, 0
        for start in range(0, max(len(text), 1), _ACROSS):
            piece = text[start : start + _ACROSS]
            if start:
                line, column = line + 1, 0
            rows.append((piece.rstrip(), bits, line, column, column + len(piece.rstrip())))
            column += len(piece)
    placed = pd.DataFrame(rows, columns=["word", "bits", "line", "from", "to"])
    placed["level"] = sum((placed["bits"] >= least).astype(int) for least in LEVELS)
    tops = _LINE * placed["line"]
    return placed.assign(top=tops + 2, middle=tops + _LINE / 2, bottom=tops + _LINE - 3)
