"""Words that give a generator away are covered before a text is shown; what is stored stays as it is."""

import re
from collections.abc import Iterable

COVER = "▇▇▇"


def masked(text: str, words: Iterable[str]) -> str:
    """A text with words covered, in any case, where they stand by themselves.

    Args:
        text: as a generator wrote it.
        words: taken letter by letter, not as patterns.

    >>> masked("As Claude, I think Claudette would agree.", ["claude"])
    'As ▇▇▇, I think Claudette would agree.'
    """
    known = sorted({word for word in words if word.strip()}, key=len, reverse=True)
    if not known:
        return text
    return re.sub(rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)", COVER, text, flags=re.IGNORECASE)
