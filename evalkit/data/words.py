"""Words and punctuation of a text: the tokens of figures about texts."""

import re

_WORD = re.compile(r"\w+|[^\w\s]")


def words(text: str) -> list[str]:
    """Each run of letters, digits and underscores of any script, and each other sign that is no white space by itself.

    Upper and lower case differ. Scripts that put no space between words give long runs; marks that are no letters, such as
    the vowel signs of Hindi, stand by themselves.

    >>> words("It's größer, no?")
    ['It', "'", 's', 'größer', ',', 'no', '?']
    """
    return _WORD.findall(text)
