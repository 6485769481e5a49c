"""How texts look, apart from what they say: length and Markdown, as covariates of a ranking."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.core.errors import ShapeError

Array = NDArray[np.float64]
STYLES = ("length", "headers", "lists", "bold")
"""Characters, and how many headings, list entries and bold passages there are outside of code."""
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_MARKS = (
    re.compile(r"^ {0,3}#{1,6} ", re.MULTILINE),
    re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]", re.MULTILINE),
    re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__"),
)


def style_covariates(left: Sequence[str], right: Sequence[str]) -> pd.DataFrame:
    """How texts on the left differ in style from those on the right, for ``rank(votes, covariates=...)``.

    Raters like long and well-formatted answers. With these covariates the ranking is what it would be between answers of one style.
    Where better answers have to be longer, that takes away something real: read both rankings.

    Args:
        left: a text a vote.
        right: what stood on the other side.

    Returns:
        A line a vote, those of :data:`STYLES` that differ anywhere. Each is (left - right) / (left + right + 1), divided by its
        root mean square: an effect is in logits for a difference of usual size.

    Raises:
        ShapeError: the sides are not equally many.

    Source: LMSYS, "Does style matter? Disentangling style and substance in Chatbot Arena", 2024.

    >>> style_covariates(["A long answer.", "no"], ["short", "**yes**"]).round(2)
       length  bold
    0    0.95  0.00
    1   -1.05 -1.41
    """
    if len(left) != len(right):
        raise ShapeError(f"both sides need equally many texts, got {len(left)} and {len(right)}")
    return style_differences(style_counts(left), style_counts(right))


def style_counts(texts: Sequence[str]) -> Array:
    """(n, 4) the figures of :data:`STYLES` of each text."""
    counts = np.zeros((len(texts), len(STYLES)))
    for i, text in enumerate(texts):
        prose = _CODE.sub("", text)
        counts[i] = (len(text), *(len(mark.findall(prose)) for mark in _MARKS))
    return counts


def style_differences(left: Array, right: Array) -> pd.DataFrame:
    """:func:`style_covariates` of counts, (n, 4) each."""
    differences = (left - right) / (left + right + 1)
    usual = np.sqrt((differences**2).mean(axis=0)) if len(differences) else np.zeros(len(STYLES))
    varies = usual > 0
    names = [name for name, there in zip(STYLES, varies, strict=True) if there]
    return pd.DataFrame(differences[:, varies] / usual[varies], columns=names)
